"""An announcement as `dev` makes it on a LAN without a key."""

from rtstart.core.events import Announced

ANNOUNCED = Announced(
    project="myapp",
    template="vite",
    mode="EMULATED (no OPENAI_API_KEY)",
    local_url="http://localhost:4173",
    public_url="https://192.168.1.20:4443",
    invite_url="https://192.168.1.20:4443/i/7FK2-QX9D",
    tunnel="lan",
    tunnel_reason="",
    passed=7,
    asked=7,
    seconds=4.12,
)
