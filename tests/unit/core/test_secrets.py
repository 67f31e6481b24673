"""Secrets are masked in any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtstart.core.secrets import Masker, looks_like_key, mask

_KEY = "sk-" + "proj-" + "abcdefghijklmnop" + "QRSTuv"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"key={_KEY}", "key=sk-proj-***uv"),
        ("ek_68af296e8e408191a1120ab6383263c2", "ek_***c2"),
        ("Authorization: Bearer abcdefghijklmnop", "Authorization: Bearer ***op"),
        (
            "realtime, openai-insecure-api-key.abcdefghijklm",
            "realtime, openai-insecure-api-key.***lm",
        ),
        ("__Host-rtstart=abcdefghijklmnop; Secure", "__Host-rtstart=***op; Secure"),
        ("a task-like-word stays", "a task-like-word stays"),
    ],
)
def test_masker_masks_when_a_secret_has_a_known_form(text: str, masked: str) -> None:
    assert Masker()(text) == masked


def test_masker_masks_literals_wherever_they_stand() -> None:
    assert Masker(["hunter2hunter2"])("pw hunter2hunter2.") == "pw ***r2."


def test_masker_leaves_short_literals_alone() -> None:
    assert Masker(["dev"])("npm run dev") == "npm run dev"


def test_mask_hides_a_short_secret_whole() -> None:
    assert mask("sk-short") == "sk-***"


def test_masker_masks_each_line_when_a_literal_has_several() -> None:
    masker = Masker(["-----BEGIN KEY-----\nabcdefghijkl\n-----END KEY-----"])

    assert masker("abcdefghijkl") == "***kl"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Password: ", "Password: "),
        ("with two\nlines", "with two\nlines"),
        ("token sk", "token "),
        ("token sk-abcd", "token "),
        ("whsec", ""),
        ("x Bear", "x "),
        ("x Bearer ", "x "),
        ("x Bearer abc", "x "),
        ("openai-insecure", ""),
        ("openai-insecure-api-key.ab", ""),
        ("a __Host-rtstart=ab", "a "),
        ("http://x/i/7F", "http://x/i/"),
        ("http://x/i/7FK2-Q", "http://x/i/"),
        ("http://x/i/home", "http://x/i/home"),
        ("the hunter2hun", "the "),
        ("the hunter2hunter2", "the "),
        ("tasks", "tasks"),
    ],
)
def test_settled_stops_when_a_secret_may_have_begun(text: str, shown: str) -> None:
    assert text[: Masker(["hunter2hunter2"]).settled(text)] == shown


@given(
    st.text(alphabet="ab -\n", max_size=12),
    st.sampled_from([_KEY, "Bearer abcdefghijklmnop", "hunter2hunter2"]),
    st.integers(min_value=1, max_value=20),
)
def test_settled_never_shows_a_part_of_a_secret_that_goes_on(
    before: str, secret: str, length: int
) -> None:
    text = f"{before} {secret[:length]}"

    shown = text[: Masker(["hunter2hunter2"]).settled(text)]

    assert shown == f"{before} "[: len(shown)]


@pytest.mark.parametrize(("value", "expected"), [(_KEY, True), ("sk-test", False), ("", False)])
def test_looks_like_key(value: str, expected: bool) -> None:
    assert looks_like_key(value) is expected


def test_invitations_are_masked_and_other_paths_are_not() -> None:
    text = "GET https://a.test/i/7FK2-QX9D 200, /i/home, /x/7FK2-QX9D"

    assert Masker()(text) == "GET https://a.test/i/***9D 200, /i/home, /x/7FK2-QX9D"
