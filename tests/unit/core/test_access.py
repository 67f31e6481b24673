import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtstart.core.access import (
    CODE_BYTES,
    AccessBook,
    AccessRules,
    Admitted,
    Refused,
    coarse_address,
    code_from,
    device_words,
    read_code,
)

R1, R2, R3 = (bytes([number]) * 24 for number in (1, 2, 3))


def _book(*, rules: AccessRules | None = None, token: str = "") -> AccessBook:
    return AccessBook(key=b"k" * 32, rules=rules, standing_token=token)


def _admit(book: AccessBook, name: str = "", *, now: float = 0.0, random: bytes = R1) -> Admitted:
    invitation = book.invite(now=now, random=random[:CODE_BYTES], name=name)
    admitted = book.spend(invitation.code, now=now, random=random)
    assert isinstance(admitted, Admitted)
    return admitted


@given(st.binary(min_size=CODE_BYTES, max_size=CODE_BYTES))
def test_code_can_be_read_aloud_and_typed_in_any_way(random: bytes) -> None:
    code = code_from(random)

    assert set(code) <= set("23456789ABCDEFGHJKMNPQRSTVWXYZ-")
    assert [len(part) for part in code.split("-")] == [4, 4]
    for typed in (code, code.lower(), code.replace("-", ""), f" {code} ", code.replace("-", " ")):
        assert read_code(typed) == code


@pytest.mark.parametrize("typed", ["", "7FK2", "7FK2-QX9O", "7FK2-QX9D5", "../7FK2-QX9D", "app"])
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert read_code(typed) is None


def test_invitation_opens_once() -> None:
    book = _book()
    invitation = book.invite(now=0.0, random=R1[:16], name="Ada")

    looked = [book.look_at(invitation.code.lower(), now=1.0) for _ in range(3)]
    first = book.spend(invitation.code.lower(), now=1.0, random=R1, client="10.0.0.7")
    second = book.spend(invitation.code, now=1.0, random=R2)

    assert looked == [None, None, None]
    assert isinstance(first, Admitted)
    assert (first.visitor.name, first.visitor.client) == ("Ada", "10.0.0.7")
    assert second == Refused("spent")
    assert book.look_at(invitation.code, now=1.0) == Refused("spent")
    assert invitation.url_at("https://a.test") == f"https://a.test/i/{invitation.code}"


def test_invitation_expires_and_is_forgotten() -> None:
    book = _book()
    invitation = book.invite(now=0.0, random=R1[:16])

    assert book.spend(invitation.code, now=1800.0, random=R1) == Refused("expired")
    book.invite(now=99_999.0, random=R2[:16])
    assert book.spend(invitation.code, now=99_999.0, random=R1) == Refused("unknown")


def test_withdrawn_invitation_opens_nothing() -> None:
    book = _book()
    invitation = book.invite(now=0.0, random=R1[:16])
    book.withdraw_invitations()

    assert book.spend(invitation.code, now=0.0, random=R1) == Refused("spent")


def test_cookie_is_known_until_it_expires() -> None:
    book = _book()
    admitted = _admit(book)
    cookie = admitted.cookie.encode()

    seen = book.visitor_of([cookie], now=10.0)
    assert seen is not None
    assert (seen.id, seen.last_seen) == (admitted.visitor.id, 10.0)
    assert book.visitor_of([cookie], now=12 * 3600.0) is None
    assert book.visitors() == ()


@pytest.mark.parametrize(
    "cookies",
    [
        [],
        [b""],
        [b"v1"],
        [b"v1."],
        [b"v2.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"],
        [b"v1.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEb"],
        [b"v1.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB", b"v9.x"],
        [b"\xff.\xff"],
    ],
)
def test_any_other_cookie_is_nobodys(cookies: list[bytes]) -> None:
    book = _book()
    assert _admit(book).cookie == "v1.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"

    assert book.visitor_of(cookies, now=0.0) is None


def test_nothing_that_is_kept_lets_anybody_in() -> None:
    book = _book(token="a-token-for-the-build")
    invitation = book.invite(now=0.0, random=R2[:16])
    admitted = _admit(book)

    kept = repr([getattr(book, name) for name in vars(book)])
    for secret in (
        invitation.code,
        admitted.cookie.partition(".")[2],
        "a-token-for-the-build",
    ):
        assert secret not in kept


def test_guessing_is_bounded_for_one_and_for_all() -> None:
    book = _book(rules=AccessRules(wrong_codes_per_client=2, wrong_codes_in_all=3))
    good = book.invite(now=0.0, random=R1[:16]).code

    assert book.look_at("2222-2222", now=0.0, client="a") == Refused("unknown")
    assert book.spend("2222-2222", now=10.0, random=R1, client="a") == Refused("unknown")
    assert book.spend(good, now=20.0, random=R1, client="a") == Refused("too many tries", 40.0)
    assert book.look_at(good, now=20.0, client="b") is None
    assert book.look_at("2222-2222", now=20.0, client="b") == Refused("unknown")
    assert book.look_at(good, now=21.0, client="c") == Refused("too many tries", 39.0)
    assert book.look_at(good, now=60.0, client="c") is None


def test_visitors_have_names_of_their_own_and_can_be_put_out() -> None:
    book = _book()
    first = _admit(book, "phone", random=R1)
    second = _admit(book, "phone", random=R2)
    third = book.admit("", now=0.0, random=R3)

    assert [visitor.name for visitor in book.visitors()] == ["phone", "phone 2", "visitor"]
    assert book.drop(second.visitor.id) == second.visitor
    assert book.drop(second.visitor.id) is None
    assert book.visitor_of([second.cookie.encode()], now=0.0) is None
    assert book.drop_all() == (first.visitor, third.visitor)
    assert book.visitor_of([first.cookie.encode()], now=0.0) is None


def test_house_can_be_full() -> None:
    book = _book(rules=AccessRules(visitors=1))
    _admit(book)
    code = book.invite(now=0.0, random=R2[:16]).code

    assert book.spend(code, now=0.0, random=R2) == Refused("full")
    assert book.look_at(code, now=0.0) is None


def test_old_visitors_are_forgotten_when_somebody_new_comes() -> None:
    book = _book()
    _admit(book, "old")
    book.admit("new", now=50_000.0, random=R2)

    assert [visitor.name for visitor in book.visitors()] == ["new"]


def test_standing_token_opens_any_number_of_times() -> None:
    book = _book(token="a-token-for-the-build")

    admitted = [
        book.spend("a-token-for-the-build", now=0.0, random=random, device="Linux Chrome")
        for random in (R1, R2)
    ]

    assert [one.visitor.name for one in admitted if isinstance(one, Admitted)] == [
        "Linux Chrome",
        "Linux Chrome 2",
    ]
    assert book.bears_token(b"a-token-for-the-build", now=0.0)
    assert not book.bears_token(b"a-token-for-the-buil", now=0.0)
    assert not _book().bears_token(b"", now=0.0)


def test_token_that_is_easy_to_guess_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16 characters"):
        _book(token="letmein")


def test_safety_identifier_is_stable_and_names_nobody() -> None:
    book = _book()

    assert book.safety_identifier("v1") == book.safety_identifier("v1")
    assert book.safety_identifier("v1") != book.safety_identifier("v2")
    assert len(book.safety_identifier("v1")) == 32


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) Version/19 Safari/604",
            "iPhone Safari",
        ),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/156 Mobile Safari/537.36", "Android Chrome"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/156 Safari/537.36 Edg/156", "Windows Edge"),
        ("Mozilla/5.0 (Macintosh) Gecko Firefox/150", "Mac Firefox"),
        ("curl/8", ""),
    ],
)
def test_device_is_named_in_two_words(agent: str, words: str) -> None:
    assert device_words(agent) == words


def test_address_is_kept_coarse() -> None:
    addresses = ("203.0.113.9", "2001:db8:1:2::3", "", "odd")

    assert [coarse_address(one) for one in addresses] == [
        "203.0.113.0",
        "2001:db8:1::",
        "",
        "odd",
    ]


def test_bearer_of_the_token_is_one_visitor() -> None:
    book = _book(token="a-token-for-the-build")

    assert (book.bearer(now=5.0).id, book.bearer(now=5.0).last_seen) == ("token", 5.0)
    assert book.visitors() == ()
