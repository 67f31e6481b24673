"""docs/security.md names a test for every rule, and each of them is there."""

import re
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def _rows() -> dict[str, str]:
    page = (_ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| (S\d+) \|.*\| ([^|]+) \|$", page, re.MULTILINE))


def _tests() -> str:
    files = [*(_ROOT / "tests").rglob("test_*.py"), *(_ROOT / "templates").rglob("*.test.ts")]
    return "\n".join(
        line
        for path in files
        if "node_modules" not in path.parts
        for line in path.read_text(encoding="utf-8").splitlines()
        if "def test_" in line or "test(" in line
    )


def test_every_row_is_on_the_page() -> None:
    assert list(_rows()) == [f"S{number}" for number in range(1, 25)]


def test_every_test_that_the_page_names_is_there() -> None:
    tests = _tests()
    missing = [
        name
        for row, held in _rows().items()
        for name in re.findall(r"`([^`]+)`", held) or [row]
        if f"def {name}(" not in tests and f'test("{name}"' not in tests
    ]

    assert missing == []
