"""Which Node.js and which uv are enough."""

import pytest

from rtstart.core.programs import NODE, UV, Found, Program, Version


@pytest.mark.parametrize(
    ("program", "text", "version"),
    [
        (NODE, "v24.19.0\n", (24, 19, 0)),
        (NODE, "v20.1.12", (20, 1, 12)),
        (NODE, "command not found", None),
        (UV, "uv 0.13.9 (x86_64-unknown-linux-gnu)\n", (0, 13, 9)),
        (UV, "uv 1.0.0", (1, 0, 0)),
        (UV, "command not found", None),
    ],
)
def test_version_in_reads_what_the_program_says(
    program: Program, text: str, version: Version | None
) -> None:
    assert program.version_in(text) == version


@pytest.mark.parametrize(
    ("program", "version", "enough"),
    [
        (NODE, (22, 18, 0), True),  # the first that runs TypeScript
        (NODE, (22, 17, 9), False),
        (NODE, (24, 0, 0), True),
        (NODE, (20, 99, 0), False),
        (UV, (0, 9, 0), True),  # the first with the build backend
        (UV, (0, 8, 99), False),
        (UV, (1, 0, 0), True),
    ],
)
def test_is_enough_from_the_first_that_can_run_an_app(
    program: Program, version: Version, enough: bool
) -> None:
    assert program.is_enough(version) is enough


def test_fault_tells_a_missing_program_from_an_old_one() -> None:
    missing = NODE.fault(None)
    old = UV.fault((0, 8, 4), where="/bin/uv")

    assert (missing.code, missing.what, missing.where) == (
        "RT202",
        "Node.js is missing; this app needs 22.18 or newer",
        "",
    )
    assert (old.code, old.what, old.where) == (
        "RT210",
        "uv 0.8.4 is too old; this app needs 0.9 or newer",
        "/bin/uv",
    )


def test_words_name_the_version() -> None:
    assert Found(NODE, (24, 19, 0)).words == "Node 24.19"
    assert (UV.release, UV.requirement) == ("uv 0.13.9", "uv==0.13.9")
