"""The error boundary: what escapes a command becomes words on standard error and an exit code."""

import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

import typer

from rtstart.core.errors import EXIT_BUG, Interrupted, RtstartError, ToolFailed
from rtstart.core.secrets import Masker


def run(app: typer.Typer, arguments: Sequence[str]) -> int:
    """Run the application on these arguments and give its exit code; never raises."""
    try:
        result = app(args=list(arguments), standalone_mode=True)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    except KeyboardInterrupt:
        return Interrupted.exit_code
    except RtstartError as error:
        _say(error)
        return error.exit_code
    except Exception as surprise:  # noqa: BLE001 - the one boundary where a bug becomes a report
        return _report_bug(surprise)
    return result if isinstance(result, int) else 0


def _say(error: RtstartError) -> None:
    from rtstart.cli.render.failure import failure_lines
    from rtstart.cli.render.style import style_of

    write = sys.stderr.write
    if isinstance(error, ToolFailed) and error.last_lines:
        for line in error.last_lines:
            write(f"  | {Masker()(line)}\n")
        write("\n")
    for line in failure_lines(error, style=style_of(sys.stderr)):
        write(f"{line}\n")


def _report_bug(surprise: BaseException) -> int:
    text = Masker()("".join(traceback.format_exception(surprise)))
    descriptor, name = tempfile.mkstemp(prefix="rtstart-report-", suffix=".txt", text=True)
    os.close(descriptor)
    Path(name).write_text(text, encoding="utf-8")
    sys.stderr.write(
        f"\n  rtstart met an error of its own: {type(surprise).__name__}\n\n"
        f"  A report without secrets was written:\n  {name}\n\n"
        "  Send it with an issue:\n  https://github.com/rtstart/rtstart/issues\n"
    )
    if os.environ.get("RTSTART_VERBOSE"):
        sys.stderr.write(f"\n{text}")
    return EXIT_BUG
