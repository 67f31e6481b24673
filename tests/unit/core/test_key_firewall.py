import pytest

from rtstart.core.key_firewall import (
    FRAMEWORK_FILES,
    PUBLIC_PREFIXES,
    is_leaked_to_page,
    leaked_names,
)

_KEY = "sk-proj-" + "a1B2" * 10


@pytest.mark.parametrize("prefix", PUBLIC_PREFIXES)
def test_key_is_leaked_when_the_name_is_public(prefix: str) -> None:
    assert is_leaked_to_page(f"{prefix}KEY", _KEY)
    assert is_leaked_to_page(f"{prefix}HEADER", f"Bearer {_KEY}")


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        ("OPENAI_API_KEY", _KEY, _KEY),
        ("VITE_TITLE", "hello", _KEY),
        ("VITE_TITLE", "hello", ""),
        ("VITE_TITLE", "hello", "hello"),
        ("MY_VITE_KEY", _KEY, ""),
    ],
)
def test_nothing_is_leaked_when_name_or_value_is_harmless(name: str, value: str, key: str) -> None:
    assert not is_leaked_to_page(name, value, key=key)


def test_key_of_no_known_form_is_known_by_itself() -> None:
    assert is_leaked_to_page("VITE_KEY", "company-key-0123456789", key="company-key-0123456789")


def test_leaked_names_say_where_and_never_what() -> None:
    values = {"VITE_KEY": _KEY, "OTHER": _KEY}

    found = [
        *leaked_names(values, file=".env.local", lines={"VITE_KEY": 3, "OTHER": 4}),
        *leaked_names(values, file="the environment"),
    ]

    assert [(one.code, one.where) for one in found] == [
        ("RT701", ".env.local:3"),
        ("RT701", "VITE_KEY in the environment"),
    ]
    assert _KEY not in repr(found)


def test_files_that_front_ends_read_are_known() -> None:
    assert {".env.local", ".env.development", ".env.production.local"} <= set(FRAMEWORK_FILES)
    assert ".env" not in FRAMEWORK_FILES
