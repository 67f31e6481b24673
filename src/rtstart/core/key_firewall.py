"""Keys must not stand where a front end copies them into the page: variables with a public name."""

from collections.abc import Mapping

from rtstart.core.findings import Finding
from rtstart.core.findings.security import KEY_IN_PUBLIC_NAME
from rtstart.core.secrets import looks_like_key

PUBLIC_PREFIXES = (
    "VITE_",
    "NEXT_PUBLIC_",
    "PUBLIC_",
    "NUXT_PUBLIC_",
    "EXPO_PUBLIC_",
    "REACT_APP_",
    "VUE_APP_",
    "GATSBY_",
)
"""How variables begin that the common front ends copy into what browsers get (2026-11)."""

FRAMEWORK_FILES = tuple(
    f".env{mode}{place}"
    for mode in ("", ".development", ".production", ".test")
    for place in ("", ".local")
    if mode or place
)
"""Files beside `.env` that Vite and Next read by themselves (2026-11)."""

_SHORTEST_KEY = 12


def is_leaked_to_page(name: str, value: str, *, key: str = "") -> bool:
    """Whether a front end would copy this variable, with a key in it, into the page.

    `key` is the project's own, for keys whose form says nothing.
    """
    if not name.startswith(PUBLIC_PREFIXES):
        return False
    return looks_like_key(value) or (len(key) >= _SHORTEST_KEY and key in value)


def leaked_names(
    values: Mapping[str, str], *, file: str, lines: Mapping[str, int] | None = None, key: str = ""
) -> list[Finding]:
    """A fault for each public name with a key behind it; without `lines`, `file` is no file."""
    return [
        KEY_IN_PUBLIC_NAME.found(
            f"{name} holds a secret key and would be copied into the page",
            where=f"{file}:{lines[name]}" if lines else f"{name} in {file}",
        )
        for name, value in values.items()
        if is_leaked_to_page(name, value, key=key)
    ]
