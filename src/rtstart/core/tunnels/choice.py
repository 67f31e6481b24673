"""Which ways to try, in which order, and why: a pure decision over what was found out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rtstart.core.findings import Finding, Fix, tunnel
from rtstart.core.reading import nearest
from rtstart.core.tunnels.own import parse_own_address
from rtstart.core.tunnels.types import Standing, Traits

PLACES = ("codespaces", "gitpod", "coder")
"""Development machines in the cloud: where one of them is found, nothing else is needed."""

_OWN_URL = "url"
_LAN = "lan"
_HAS_ADDRESS = "this place has an address already"
_LISTED = ("auto", "none")
_LIST = Fix("See what each of them needs.", "rtstart tunnels")


@dataclass(frozen=True, slots=True)
class Known:
    """One provider, and whether it can be used here. `accepts` are the options of its table, None
    where it does not say.
    """

    name: str
    traits: Traits
    standing: Standing
    accepts: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A way that will be tried. `must_fetch` says that its program has to be fetched first."""

    name: str
    traits: Traits
    reason: str
    must_fetch: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """Candidates in order, and why others are not among them.

    `is_named` says that the user asked for them by name, so that nothing else is tried.
    """

    candidates: tuple[Candidate, ...]
    left_out: Mapping[str, str]
    findings: tuple[Finding, ...] = ()
    is_named: bool = False


Wish: TypeAlias = tuple[str, ...]


def parse_wish(text: str) -> Wish:
    """What `--tunnel` asks for: one name, an address, or several with commas between."""
    return tuple(part for part in (one.strip() for one in text.split(",")) if part) or ("auto",)


def choose(wish: Wish, known: Sequence[Known], *, may_open_public: bool) -> Choice | Finding:
    """Decide. A Finding says that the wish cannot be understood.

    `may_open_public` is False when nobody agreed to open the app to everyone: such ways are left
    out of `auto` then.
    """
    if wish == ("none",):
        return Choice((), {}, is_named=True)
    if wish == ("auto",):
        return _automatic(known, may_open_public=may_open_public)
    for name in wish:
        if name in _LISTED:
            return _stands_alone(name)
    own = list(dict.fromkeys(name for name in wish if "://" in name))
    if len(own) > 1:
        return _only_one(own)
    by_name = {one.name: one for one in known}
    candidates: list[Candidate] = []
    findings: list[Finding] = []
    for name in dict.fromkeys(wish):
        one = by_name.get(_OWN_URL if "://" in name else name)
        if one is None:
            return _unknown(name, by_name)
        if one.standing.finding is not None:
            findings.append(one.standing.finding)
        if _is_usable(one.standing):
            candidates.append(_candidate(one, "asked for"))
        elif one.standing.finding is None:
            words = f"{one.name} cannot be used here"
            findings.append(tunnel.NOT_SET_UP.found(words, why=_missing(one.standing)[1]))
    return Choice(tuple(candidates), {}, tuple(findings), is_named=True)


def _automatic(known: Sequence[Known], *, may_open_public: bool) -> Choice:
    ranked: list[tuple[int, int, Candidate]] = []
    left_out: dict[str, str] = {}
    for place, one in enumerate(known):
        rank, words = _rank(one)
        needs_consent = one.traits.reach == "everyone" and rank > 0
        if rank < 0:
            left_out[one.name] = words
        elif needs_consent and not may_open_public:
            left_out[one.name] = "nobody agreed to open this app to everyone"
        else:
            ranked.append((rank, place, _candidate(one, words)))
    candidates = [one for _, _, one in sorted(ranked, key=lambda each: each[:2])]
    here = [one for one in candidates if one.name in PLACES]
    if here:
        left_out |= {one.name: f"{here[0].name} has an address already" for one in candidates[1:]}
        candidates = here[:1]
    return Choice(tuple(candidates), left_out)


def _rank(one: Known) -> tuple[int, str]:
    """The place of a provider in `auto`, from 0, with the reason; -1 leaves it out.

    The order is that of facts/tunnels 0: what the place has, what the user set up, ngrok with its
    token, cloudflared, localhost.run, this network.
    """
    standing = one.standing
    if one.name in PLACES:
        return (
            (0, "this place has an address already") if _is_usable(standing) else (-1, "not here")
        )
    if one.name == _LAN:
        return (6, "this network can reach it") if _is_usable(standing) else _missing(standing)
    if not _is_usable(standing):
        return _missing(standing)
    match one.name:
        case "ngrok":
            if standing.is_configured:
                return 2, "its token is set"
            return -1, "it is signed in, and NGROK_AUTHTOKEN is not set"
        case "cloudflared":
            if standing.state == "ready":
                return 3, "cloudflared is installed and needs no account"
            return 4, "cloudflared can be fetched and needs no account"
        case "localhost.run":
            return 5, "ssh is installed and nothing else is needed"
        case _:
            if standing.is_configured:
                return 1, "you set it up"
            if one.traits.is_automatic:
                return -1, "it is not set up in rtstart.toml"
            return -1, "taken only when it is named"


def _missing(standing: Standing) -> tuple[int, str]:
    return -1, standing.finding.what if standing.finding else standing.detail or standing.state


def _is_usable(standing: Standing) -> bool:
    return standing.state == "ready" or (standing.state == "missing" and standing.may_fetch)


def _candidate(one: Known, reason: str) -> Candidate:
    return Candidate(one.name, one.traits, reason, must_fetch=one.standing.state == "missing")


def _stands_alone(name: str) -> Finding:
    reason = {
        "auto": "It tries every way that is ready here, one after the other, by itself.",
        "none": "It asks for no public address at all.",
    }
    return tunnel.UNKNOWN_TUNNEL.found(
        f'"{name}" cannot be one of several ways',
        why=reason[name],
        fix=Fix("Name it alone.", f"rtstart dev --tunnel {name}"),
    )


def _only_one(own: Sequence[str]) -> Finding:
    return tunnel.BAD_ADDRESS.found(
        f"{len(own)} addresses of your own were given",
        why="A run is proved and shown at one of them; other ways may follow it.",
        fix=Fix("Name one.", f"rtstart dev --tunnel {own[0]}"),
    )


def _unknown(name: str, known: Mapping[str, Known]) -> Finding:
    names = (*_LISTED, *known)
    meant = nearest(name, names)
    if not meant and "." in name and (wrong := parse_own_address(name)[1]) is not None:
        return wrong
    return tunnel.UNKNOWN_TUNNEL.found(
        f'There is no tunnel called "{name}"',
        why=f"Did you mean {meant}?" if meant else f"There are: {', '.join(sorted(names))}.",
        fix=Fix("Name one that is there.", f"rtstart dev --tunnel {meant}") if meant else _LIST,
    )
