"""rtstart: from an empty folder to a working voice app on a realtime model."""

__version__ = "0.1.0"
