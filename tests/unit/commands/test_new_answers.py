"""A folder for an app of any name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtstart.commands.new_answers import folder_name


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("My App", "my-app"),
        ("Mein Café 2", "mein-café-2"),
        ("a/b\\c:d", "a-b-c-d"),
        ("../../etc", "etc"),
        ("...", "voice-app"),
        ("日本語", "日本語"),
        ("", "voice-app"),
        ("-x-", "x"),
        ("v1.2", "v1.2"),
    ],
)
def test_folder_name_keeps_letters_and_joins_words(name: str, folder: str) -> None:
    assert folder_name(name) == folder


@given(st.text(max_size=80))
def test_folder_name_is_one_safe_part_of_a_path(name: str) -> None:
    folder = folder_name(name)

    assert folder
    assert not set(folder) & set('/\\:*?"<>|\0 \n\t')
    assert folder[0] not in ".-"
    assert folder_name(folder) == folder
