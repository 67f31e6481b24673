"""Events as JSON lines, for scripts and coding agents."""

import json
from typing import get_args

from rtstart.cli.render.jsonl import JsonLines, event_name
from rtstart.core.events import Event, Finished, Found, StepDone
from rtstart.core.findings.project import TARGET_NOT_EMPTY
from tests.unit.cli.render.test_steps import Pipe


def test_each_event_is_a_line_with_schema_name_and_time() -> None:
    out = Pipe()
    lines = JsonLines(out, now=lambda: "2026-11-01T00:00:00.000Z")

    lines(StepDone("git", "ünïcode", 0.5))
    lines(Finished(0))
    lines.close()

    assert out.text == (
        '{"schema": 1, "event": "step_done", "at": "2026-11-01T00:00:00.000Z", '
        '"step": "git", "words": "ünïcode", "seconds": 0.5}\n'
        '{"schema": 1, "event": "finished", "at": "2026-11-01T00:00:00.000Z", '
        '"code": 0, "words": ""}\n'
    )


def test_a_finding_is_told_whole() -> None:
    out = Pipe()

    JsonLines(out, now=lambda: "")(Found(TARGET_NOT_EMPTY.found("full", where="/w")))

    finding = json.loads(out.text)["finding"]
    assert (finding["code"], finding["what"], finding["where"]) == ("RT110", "full", "/w")
    assert finding["fix"]["command"] == "rtstart new myapp2"


def test_every_event_has_a_name_of_its_own() -> None:
    kinds = get_args(Event)
    names = {event_name(kind) for kind in kinds}

    assert len(names) == len(kinds)
    assert {"step_done", "proof_step", "announced"} <= names
