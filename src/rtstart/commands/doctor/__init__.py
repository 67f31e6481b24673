"""`rtstart doctor`: every check, each failure with its cause and fix."""

from rtstart.commands.doctor.deployed import examine_address
from rtstart.commands.doctor.local import examine_project

__all__ = ["examine_address", "examine_project"]
