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


def test_what_a_client_says_of_itself_steers_no_terminal_and_holds_no_secret() -> None:
    line = AuditLine("mint", "Ada", "", "A\x9b31m\u202e ek_0123456789abcdef", "allowed", 200)

    assert json.loads(line.text("now"))["agent"] == "A?31m? ek_***ef"
