import json

from rtstart.core.audit import AuditLine


def test_line_tells_who_and_what_but_not_quite_where() -> None:
    line = AuditLine("mint", "Ada", "203.0.113.9", "x" * 300, "allowed", 200)

    assert json.loads(line.text("2026-11-22T10:00:00+00:00")) == {
        "at": "2026-11-22T10:00:00+00:00",
        "deed": "mint",
        "visitor": "Ada",
        "from": "203.0.113.0",
        "agent": "x" * 160,
        "decision": "allowed",
        "status": 200,
    }
