import pytest

from rtstart.core.leaks import Leak, LeakFinder

KEY = "sk-proj-" + "Ab1_" * 12
HOOK = "whsec_" + "Ab1+" * 8


@pytest.mark.parametrize(
    ("text", "leaks"),
    [
        (f'const key="{KEY}";', [Leak(1, "sk-proj-***1_")]),
        (f"a\nb {KEY} c {HOOK}", [Leak(2, "sk-proj-***1_"), Leak(2, "whsec_***1+")]),
        ("sk-" + "Ab1" * 16, [Leak(1, "sk-***b1")]),
        (".sk-fading-circle-container-wrapper-2{}", []),
        ("task-Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1", []),
        ("sk-test-Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1", []),
        ("sk-Ab1", []),
        ("ek_Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1", []),
    ],
)
def test_keys_are_known_by_their_form(text: str, leaks: list[Leak]) -> None:
    assert list(LeakFinder().find(text)) == leaks


def test_known_secrets_are_found_whatever_their_form() -> None:
    finder = LeakFinder(["a plain password", "short", KEY])

    assert list(finder.find(f"x\n'a plain password' short {KEY}")) == [
        Leak(2, "sk-proj-***1_"),
        Leak(2, "***rd"),
    ]
