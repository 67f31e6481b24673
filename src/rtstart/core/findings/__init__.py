"""The catalogue of known failures: `RT1xx` project, `RT2xx` machine, `RT3xx` services,
`RT4xx` tunnel, `RT5xx` token and API, `RT6xx` call and audio, `RT7xx` security.

One file a family. The same entry serves `doctor`, `dev`, the relay, the emulator, the app's own
failure messages and `explain`.
"""

from rtstart.core.findings.catalogue import CATALOGUE, entry
from rtstart.core.findings.types import Entry, Finding, Fix, Level

__all__ = ["CATALOGUE", "Entry", "Finding", "Fix", "Level", "entry"]
