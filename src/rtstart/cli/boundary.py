"""The error boundary: what escapes a command becomes words on standard error and an exit code."""

import logging
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rtstart.core.errors import RtstartError

_EXIT_INTERRUPTED = 130


def run(app: typer.Typer, arguments: Sequence[str]) -> int:
    """Run the application on these arguments and give its exit code; never raises."""
    # For maintainers: `dev --verbose` shows it. Unhandled it would be written amid other words.
    logging.getLogger().addHandler(logging.NullHandler())
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A pipe on Windows, or an old locale, cannot carry every letter that a service writes.
            stream.reconfigure(errors="replace")
    try:
        result = app(args=list(arguments), standalone_mode=True)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    except KeyboardInterrupt:
        return _EXIT_INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the one boundary where a bug becomes a report
        return _told(error, verbose="--verbose" in arguments)
    return result if isinstance(result, int) else 0


def _told(error: Exception, *, verbose: bool) -> int:
    # Most runs end well: what words need is imported only when there is something to say.
    from rtstart.core.errors import RtstartError

    if not isinstance(error, RtstartError):
        return _report_bug(error, verbose=verbose or bool(os.environ.get("RTSTART_VERBOSE")))
    _say(error)
    return error.exit_code


def _say(error: "RtstartError") -> None:
    from rtstart.cli.render.failure import failure_lines
    from rtstart.cli.render.style import style_of
    from rtstart.core.errors import ToolFailed
    from rtstart.core.secrets import Masker

    write = sys.stderr.write
    if isinstance(error, ToolFailed) and error.last_lines:
        for line in error.last_lines:
            write(f"  | {Masker()(line)}\n")
        write("\n")
    for line in failure_lines(error, style=style_of(sys.stderr)):
        write(f"{line}\n")


def _report_bug(surprise: BaseException, *, verbose: bool) -> int:
    import platform
    import tempfile
    import traceback
    from pathlib import Path

    from rtstart import __version__
    from rtstart.core.access import TOKEN_NAME
    from rtstart.core.api_key import is_secret
    from rtstart.core.errors import EXIT_BUG
    from rtstart.core.secrets import Masker

    own = frozenset({TOKEN_NAME})
    known = [value for name, value in os.environ.items() if is_secret(name, value, own)]
    where = f"rtstart {__version__}, Python {platform.python_version()}, {platform.platform()}\n\n"
    text = where + Masker(known)("".join(traceback.format_exception(surprise)))
    descriptor, name = tempfile.mkstemp(prefix="rtstart-report-", suffix=".txt", text=True)
    os.close(descriptor)
    Path(name).write_text(text, encoding="utf-8")
    sys.stderr.write(
        f"\n  rtstart met an error of its own: {type(surprise).__name__}\n\n"
        f"  A report without secrets was written:\n  {name}\n\n"
        "  Send it with an issue:\n  https://github.com/rtstart/rtstart/issues\n"
    )
    if verbose:
        sys.stderr.write(f"\n{text}")
    return EXIT_BUG
