"""What the user has agreed to for one project, kept on this machine and out of the repository."""

import json
from pathlib import Path

_FILE = "agreed.json"


def has_agreed(state_dir: Path, what: str) -> bool | None:
    """The answer that was given before, or None when nobody was asked yet."""
    answer = _read(state_dir).get(what)
    return answer if isinstance(answer, bool) else None


def remember(state_dir: Path, what: str, *, is_agreed: bool) -> None:
    """Keep an answer for the next run."""
    state_dir.mkdir(parents=True, exist_ok=True)
    path = state_dir / _FILE
    new = path.with_suffix(".new")
    new.write_text(json.dumps({**_read(state_dir), what: is_agreed}), encoding="utf-8")
    new.replace(path)


def _read(state_dir: Path) -> dict[str, object]:
    try:
        kept = json.loads((state_dir / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}
