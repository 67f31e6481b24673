"""The checks of this project. `uv run nox` runs what needs no browser; sessions run in uv's
environment, because uv has already made it as the lock says.
"""

import shutil
from pathlib import Path

import nox

# Most of these tests wait for others, so two at a time leave both cores something to do. A file
# stays with one worker, because its fixtures install whole apps.
TWO_AT_ONCE = ("-n", "2", "--dist", "loadfile")

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "unit", "integration"]


@nox.session
def lint(session: nox.Session) -> None:
    """Format, rules and the direction of imports."""
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("lint-imports", "--no-cache")


@nox.session
def types(session: nox.Session) -> None:
    """Mypy, strict, over source, tests and tools."""
    session.run("mypy")


@nox.session
def unit(session: nox.Session) -> None:
    """Pure tests: no file, socket or process."""
    session.run("pytest", "tests/unit", *session.posargs)


@nox.session
def integration(session: nox.Session) -> None:
    """Real processes, sockets, git and Copier on this machine."""
    session.run("pytest", "tests/integration", *TWO_AT_ONCE, *session.posargs)


@nox.session
def templates(session: nox.Session) -> None:
    """Each template rendered, installed, linted, type-checked, tested and built."""
    session.run("pytest", "tests/templates", "-m", "templates", *TWO_AT_ONCE, *session.posargs)


@nox.session
def clients(session: nox.Session) -> None:
    """The official Node and browser clients, unmodified, against the emulator."""
    session.run("pytest", "tests/clients", "-m", "clients", *TWO_AT_ONCE, *session.posargs)


@nox.session
def e2e(session: nox.Session) -> None:
    """The whole in a real browser. Needs Chromium, and certutil to trust the local CA."""
    missing = [name for name in ("chromium", "certutil") if shutil.which(name) is None]
    if missing:
        session.error(
            f"{' and '.join(missing)} not found. On Debian:\n"
            "  sudo apt-get install -y chromium libnss3-tools"
        )
    Path("artifacts").mkdir(exist_ok=True)
    session.run("pytest", "tests/e2e", "-m", "e2e", *TWO_AT_ONCE, *session.posargs)
