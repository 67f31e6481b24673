"""What an error carries for the person who meets it."""

from rtstart.core.errors import ToolFailed
from rtstart.core.findings.machine import INSTALL_FAILED


def test_tool_failed_by_a_finding_says_what_the_finding_says() -> None:
    finding = INSTALL_FAILED.found("npm gave up")

    error = ToolFailed.by(
        finding,
        command=["npm", "install"],
        exit_status=1,
        last_lines=[f"line {number}" for number in range(25)],
    )

    assert (error.what, error.code, error.hint) == ("npm gave up", "RT204", "npm install")
    assert (error.command, error.exit_status, error.exit_code) == (("npm", "install"), 1, 6)
    assert (error.last_lines[0], len(error.last_lines)) == ("line 5", 20)


def test_tool_failed_prefers_the_hint_of_who_knows_more() -> None:
    error = ToolFailed.by(
        INSTALL_FAILED.found(), command=["pnpm"], exit_status=1, hint="pnpm install"
    )

    assert error.hint == "pnpm install"
