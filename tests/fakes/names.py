"""Names that lead to this machine, for tests that need more than `localhost`."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, run
from typing import Any
from unittest.mock import patch

SUFFIX = ".tunnel.test"
BROWSER_RULE = f"--host-resolver-rules=MAP *{SUFFIX} 127.0.0.1"
"""What makes Chromium find these names."""


@contextlib.contextmanager
def names_of_this_machine() -> Iterator[None]:
    """Let this process resolve every name below `tunnel.test` to 127.0.0.1, as the browser does.

    The suffix matters: Vite lets `*.localhost` and addresses in whatever is set.
    """
    real = socket.getaddrinfo

    def resolve(host: Any, *rest: Any, **options: Any) -> Any:  # the library's own loose types
        is_ours = isinstance(host, str) and host.endswith(SUFFIX)
        return real("127.0.0.1" if is_ours else host, *rest, **options)

    with patch.object(socket, "getaddrinfo", resolve):
        yield


def trust_in_browser(home: Path, certificate: Path) -> None:
    """Put an authority into the store that Chromium of this home folder reads."""
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    for words in (
        ["-N", "--empty-password"],
        ["-A", "-t", "C,,", "-n", "rtstart tests", "-i", str(certificate)],
    ):
        command = ["certutil", "-d", f"sql:{store}", *words]
        run(command, check=True, stdin=DEVNULL, stdout=DEVNULL)
