"""What the app is told by its environment. Nothing else in it reads a key."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from app.assistant import MODEL, VOICE

API_URL = "https://api.openai.com/v1"


class BadSetting(ValueError):
    """A variable holds what cannot be used; the text names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, checked. `hosts` are names, besides this machine's own, that a request may be
    addressed to; in production an empty tuple lets every name through. `realtime_url` is where
    the page calls, and may be relative to its own address.
    """

    key: str = field(repr=False)
    api_url: str = API_URL
    realtime_url: str = f"{API_URL}/realtime"
    model: str = MODEL
    voice: str = VOICE
    emulated: bool = False
    production: bool = False
    hosts: tuple[str, ...] = ()
    redis_url: str = field(default="", repr=False)
    calls_per_minute: int = 30
    calls_per_visitor: int = 6
    server_calls: int = 50


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the environment. Raises BadSetting."""

    def value(name: str, otherwise: str = "") -> str:
        return environment.get(name, "").strip() or otherwise

    def number(name: str, otherwise: int) -> int:
        text = value(name, str(otherwise))
        if not text.isascii() or not text.isdecimal():
            raise BadSetting(f'{name} is "{text}", which is not a whole number.')
        return int(text)

    return Settings(
        key=value("OPENAI_API_KEY"),
        api_url=_address("OPENAI_BASE_URL", value("OPENAI_BASE_URL", API_URL)),
        realtime_url=value("REALTIME_URL", f"{API_URL}/realtime").rstrip("/"),
        model=value("REALTIME_MODEL", MODEL),
        voice=value("REALTIME_VOICE", VOICE),
        emulated=value("RTSTART_EMULATED") == "1",
        production=value("APP_ENV") == "production",
        hosts=tuple(
            host.strip().lower()
            for host in [*value("RTSTART_PUBLIC_HOSTS").split(","), _host(value("PUBLIC_ORIGIN"))]
            if host.strip()
        ),
        redis_url=value("REDIS_URL"),
        calls_per_minute=number("CALLS_PER_MINUTE", 30),
        calls_per_visitor=number("CALLS_PER_VISITOR", 6),
        server_calls=number("SERVER_CALLS", 50),
    )


def key_trouble(key: str) -> Literal["key_missing", "key_shape"] | None:
    """What is wrong with the look of a key. It is looked at before anybody is called."""
    if not key:
        return "key_missing"
    # Keys are sk-…, today with at least 20 characters of letters, digits, - and _ behind it.
    # "sk-test-emulated" is what an emulator is given, so the length is not held against it.
    is_placeholder = re.search("your|replace|placeholder|xxxx", key, re.IGNORECASE)
    is_key = re.fullmatch(r"sk-[A-Za-z0-9_-]{8,}", key)
    return None if is_key and not is_placeholder else "key_shape"


def _host(origin: str) -> str:
    """The name in an origin such as https://voice.example.com."""
    return (urlsplit(_address("PUBLIC_ORIGIN", origin)).hostname or "") if origin else ""


def _address(name: str, text: str) -> str:
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not is_address:
        raise BadSetting(f'{name} is "{text}", which is not an address. It begins with https://.')
    return text.rstrip("/")
