"""docs/emulator-facts.md names a test for every fact, and each of them is there."""

import re
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def _rows() -> dict[str, list[str]]:
    page = (_ROOT / "docs" / "emulator-facts.md").read_text(encoding="utf-8")
    table = page.partition("## Facts and the tests")[2].partition("## Unconfirmed")[0]
    rows = re.findall(r"^\| (?!Fact|---|\*\*)(.+) \| ([^|]*) \|$", table, re.MULTILINE)
    return {fact: re.findall(r"`(\w+)`", held) for fact, held in rows}


def test_every_fact_has_a_test_and_every_test_is_there() -> None:
    written = "\n".join(
        path.read_text(encoding="utf-8") for path in (_ROOT / "tests").rglob("test_*.py")
    )
    defined = set(re.findall(r"def (test_\w+)\(", written))
    rows = _rows()

    assert len(rows) > 60
    assert [fact for fact, names in rows.items() if not names] == []
    assert [name for names in rows.values() for name in names if name not in defined] == []
