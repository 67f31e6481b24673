"""What a Procfile's parser drops in silence is named."""

from rtstart.core.procfile import unread_lines


def test_unread_lines_is_empty_when_all_lines_are_read() -> None:
    assert unread_lines("# note\n\nweb: vite\ntoken: node x\n", {"web", "token"}) == []


def test_unread_lines_names_each_line_that_was_dropped() -> None:
    faults = unread_lines("web: vite\nnonsense\ntoken:\nweb: again\n", {"web"})

    assert [(fault.where, fault.what) for fault in faults] == [
        ("Procfile:2", "Line 2 of Procfile is no `name: command`"),
        ("Procfile:3", "Line 3 of Procfile is no `name: command`"),
        ("Procfile:4", 'Line 4 of Procfile names "web" a second time'),
    ]


def test_unread_lines_says_when_there_is_no_process() -> None:
    assert [fault.what for fault in unread_lines("# all\n", ())] == ["Procfile names no process"]
