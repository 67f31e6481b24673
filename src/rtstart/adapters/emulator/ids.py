"""Ids and secrets of the emulator. All carry `emu`, so that none is taken for a real one."""

import random
import secrets
import string

_LETTERS = string.ascii_letters + string.digits
_MARK = "emu"
_ID_LENGTH = 21
_SECRET_LENGTH = 32


class MarkedIds:
    """New ids such as `event_emu…`, 21 characters after the prefix.

    With a seed the same ids come in the same order. Ids are names, not secrets.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)  # noqa: S311 - ids need not be hard to guess

    def __call__(self, prefix: str) -> str:
        """A new id with this prefix."""
        tail = "".join(self._random.choices(_LETTERS, k=_ID_LENGTH - len(_MARK)))
        return f"{prefix}_{_MARK}{tail}"


def new_secret() -> str:
    """A new ephemeral secret; it cannot be guessed, seed or not."""
    return f"ek_{_MARK}{secrets.token_hex(_SECRET_LENGTH)[: _SECRET_LENGTH - len(_MARK)]}"
