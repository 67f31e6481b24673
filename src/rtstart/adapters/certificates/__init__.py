"""HTTPS on the local network: an authority of this machine's own, and what it signs.

The authority may speak only for this machine's names and for private addresses, so that even a
stolen key cannot pass for any site of the internet.
"""

from rtstart.adapters.certificates.store import (
    LocalCertificate,
    client_context,
    local_certificate,
    server_context,
)

__all__ = ["LocalCertificate", "client_context", "local_certificate", "server_context"]
