"""Secrets are masked in any text."""

import pytest

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


@pytest.mark.parametrize(("value", "expected"), [(_KEY, True), ("sk-test", False), ("", False)])
def test_looks_like_key(value: str, expected: bool) -> None:
    assert looks_like_key(value) is expected
