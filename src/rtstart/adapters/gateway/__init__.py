"""One origin in front of everything that `dev` runs, and the only thing a tunnel points to."""

from rtstart.adapters.gateway.gateway import Gateway, Stopped
from rtstart.adapters.gateway.settings import Bounds, GatewaySettings
from rtstart.core.access import Invitation, Visitor
from rtstart.core.routes import Route, Upstream
from rtstart.core.webhooks import Webhook

__all__ = [
    "Bounds",
    "Gateway",
    "GatewaySettings",
    "Invitation",
    "Route",
    "Stopped",
    "Upstream",
    "Visitor",
    "Webhook",
]
