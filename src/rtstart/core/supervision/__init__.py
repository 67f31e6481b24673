"""Which process runs when: a pure machine. Facts in, actions out; it knows no clock and no pid
that it was not told. `adapters/processes/runner.py` drives it.
"""

from rtstart.core.supervision.facts import (
    Abandon,
    Action,
    Added,
    Answered,
    Begin,
    Emptied,
    Ended,
    Fact,
    Life,
    Probe,
    Rang,
    Removed,
    RestartAsked,
    Ring,
    Signal,
    Spawn,
    Spawned,
    SpawnFailed,
    StopAsked,
    Tell,
    Timer,
)
from rtstart.core.supervision.machine import Supervision

__all__ = [
    "Abandon",
    "Action",
    "Added",
    "Answered",
    "Begin",
    "Emptied",
    "Ended",
    "Fact",
    "Life",
    "Probe",
    "Rang",
    "Removed",
    "RestartAsked",
    "Ring",
    "Signal",
    "Spawn",
    "SpawnFailed",
    "Spawned",
    "StopAsked",
    "Supervision",
    "Tell",
    "Timer",
]
