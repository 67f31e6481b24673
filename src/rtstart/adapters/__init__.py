"""Everything that touches the world: one outside thing a file."""

import sys
from typing import Any, cast

# httpx loads a command line of its own where click and rich are installed, which takes two thirds
# of its import (0.29 s against 0.10 s); it does without where that module cannot be imported.
cast("dict[str, Any]", sys.modules).setdefault("httpx._main", None)
