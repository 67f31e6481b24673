"""Child processes: started, watched, stopped, and nothing left of them. honcho is used here."""

from rtstart.adapters.processes.command import Completed, run_to_end

__all__ = ["Completed", "run_to_end"]
