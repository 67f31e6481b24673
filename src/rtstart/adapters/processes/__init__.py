"""Child processes: started, watched, stopped, and nothing left of them. honcho is used here."""

from rtstart.adapters.processes.command import Completed, run_to_end
from rtstart.adapters.processes.runner import Runner
from rtstart.adapters.processes.signals import on_stop_signals

__all__ = ["Completed", "Runner", "on_stop_signals", "run_to_end"]
