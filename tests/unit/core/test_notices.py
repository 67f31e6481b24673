"""What open pages are told."""

import json

import pytest

from rtstart.core.notices import Closed, Ending, Moved, Notice, Staying, notice_text


@pytest.mark.parametrize(
    ("notice", "told"),
    [
        (
            Moved("https://a.test/i/7FK2-QX9D"),
            {"kind": "moved", "url": "https://a.test/i/7FK2-QX9D"},
        ),
        (Ending(299.6), {"kind": "ending", "seconds": 300}),
        (Staying(), {"kind": "staying"}),
        (Closed(), {"kind": "closed"}),
    ],
)
def test_notice_is_written_as_the_page_reads_it(notice: Notice, told: dict[str, object]) -> None:
    assert json.loads(notice_text(notice)) == told
