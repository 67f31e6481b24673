"""`rtstart dev`: everything that an app needs, started together behind one proved address."""

from rtstart.commands.dev.request import DevRequest
from rtstart.commands.dev.session import DevSession

__all__ = ["DevRequest", "DevSession"]
