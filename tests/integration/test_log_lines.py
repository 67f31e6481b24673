"""What maintainers are told: as lines when it is asked for, else not at all."""

import asyncio
import logging
import subprocess
import sys

import pytest

from rtstart.adapters.log_lines import log_lines
from rtstart.core.events import Event, Output
from tests.fakes.projects import KEY

pytestmark = pytest.mark.integration

_ASKS_AND_WARNS = """
import logging, sys
import typer
from rtstart.cli.boundary import run

app = typer.Typer()

@app.command()
def work() -> None:
    logging.getLogger("aioice.ice").warning("a library complains")

sys.exit(run(app, []))
"""


async def test_records_come_as_masked_lines_from_any_thread() -> None:
    told: list[Event] = []

    with log_lines(told.append):
        logging.getLogger("rtstart.adapters.x").debug("first\nsecond with %s", KEY)
        await asyncio.to_thread(logging.getLogger("aioice").warning, "from a thread")
        logging.getLogger("aioice").info("what nobody needs")
    logging.getLogger("rtstart.adapters.x").debug("too late")
    await asyncio.sleep(0)

    lines = [event.line for event in told if isinstance(event, Output)]
    assert lines[0] == "DEBUG rtstart.adapters.x: first"
    assert lines[1].startswith("second with sk-")
    assert KEY not in lines[1]
    assert lines[2:] == ["WARNING aioice: from a thread"]


def test_a_command_writes_no_records_of_libraries() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ASKS_AND_WARNS], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
