"""Which ways to a public address this run may try: providers asked, the user's agreement sought."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rtstart.adapters.agreements import has_agreed, remember
from rtstart.adapters.tunnels.machine import ThisMachine
from rtstart.adapters.tunnels.registry import Registry, load_providers
from rtstart.commands.dev.request import Consent, DevRequest
from rtstart.core.errors import Failed, Usage
from rtstart.core.events import Emit, Found
from rtstart.core.exposure import what_visitors_can_do
from rtstart.core.findings import Finding, tunnel
from rtstart.core.findings import tunnel_refusals as refusals
from rtstart.core.findings.security import OPEN_TO_ALL
from rtstart.core.project import Project
from rtstart.core.tunnels import (
    PLACES,
    Candidate,
    Choice,
    Known,
    Options,
    Provider,
    Standing,
    choose,
    parse_wish,
)
from rtstart.core.tunnels.tables import unread

_PUBLIC = "public tunnel"
_FETCH = "fetch"
_STRANGERS = ("localhost.run",)
"""Services that need neither a program nor an account, so that nobody has chosen them."""


@dataclass(frozen=True, slots=True)
class Ways:
    """What may be tried, in order, and what is needed to try it."""

    candidates: tuple[Candidate, ...]
    providers: Mapping[str, Provider]
    options: Mapping[str, Options]
    machine: ThisMachine
    left_out: Mapping[str, str] = field(default_factory=dict)


def accepts_of(provider: Provider) -> Mapping[str, str] | None:
    """The options of a provider's table; None where it does not say."""
    accepts = getattr(provider, "accepts", None)
    return accepts if isinstance(accepts, Mapping) else None


def tables_of(project: Project, registry: Registry) -> tuple[Finding, ...]:
    """What of the tables under [tunnels] nobody reads."""
    accepts = {name: accepts_of(one) for name, one in registry.providers.items()}
    return unread(project.config.tunnels, accepts)


def refuse_broken(wish: Iterable[str], findings: Iterable[Finding]) -> None:
    """Raise Usage when a plug-in that was named is one of those that cannot be used."""
    named = set(wish)
    for finding in findings:
        if finding.code == tunnel.PLUG_IN_BROKEN.code and finding.data.get("name") in named:
            raise Usage.of(finding)


async def examine_all(
    registry: Registry, machine: ThisMachine, options: Mapping[str, Options]
) -> list[Known]:
    """Ask every provider whether it can be used here, all at once."""

    async def one(name: str, provider: Provider) -> Known:
        try:
            standing = await provider.examine(machine, options.get(name, {}))
        except Exception as error:  # noqa: BLE001 - a plug-in may fail in any way
            why = f"{type(error).__name__}: {error}"
            broken = tunnel.PLUG_IN_BROKEN.found(f"{name} cannot say whether it is ready", why=why)
            standing = Standing("unusable", finding=broken)
        return Known(name, provider.traits, standing, accepts_of(provider))

    return await asyncio.gather(
        *(one(name, provider) for name, provider in registry.providers.items())
    )


def provider_options(project: Project, wish: tuple[str, ...]) -> dict[str, Options]:
    """Each provider's own table; an address that was typed belongs to the provider `url`."""
    options = {name: dict(table) for name, table in project.config.tunnels.items()}
    for typed in wish:
        if "://" in typed:
            options["url"] = {**options.get("url", {}), "address": typed}
    return dict(options)


async def find_ways(
    project: Project,
    request: DevRequest,
    environment: Mapping[str, str],
    *,
    is_emulated: bool,
    consent: Consent,
    emit: Emit,
) -> Ways:
    """Decide what may be tried. Raises Usage for a name that nobody has, Failed when a tunnel is
    required and none can be opened.
    """
    wish = parse_wish(request.tunnel or project.config.tunnel)
    options = provider_options(project, wish)
    told = {name: value for name, value in project.dotenv.values.items() if value}
    machine = ThisMachine({**environment, **told}, Path(project.project_dir))
    registry = Registry({}, ()) if wish == ("none",) else load_providers()
    refuse_broken(set(wish) - set(registry.providers), registry.findings)
    for finding in tables_of(project, registry) if registry.providers else ():
        emit(Found(finding))
    if wish not in (("auto",), ("none",)):
        registry = replace(registry, providers=_named(registry.providers, wish))
    known = await examine_all(registry, machine, options)
    choice = choose(wish, known, may_open_public=True)
    if isinstance(choice, Finding):
        raise Usage.of(choice)
    dangers = _Dangers(project, is_open=request.is_public, is_emulated=is_emulated)
    agreement = _Agreement(request, consent, emit, dangers)
    if is_emulated and not choice.is_named and not agreement.is_given:
        choice = _chosen_by_somebody(choice)
    choice = await agreement.seek(choice, wish, known)
    if request.must_have_tunnel and not choice.candidates:
        raise Failed.of(*(choice.findings or (refusals.ALL_FAILED.found(),)))
    for finding in (*choice.findings, *dangers.of_being_open(choice)):
        emit(Found(finding))
    return Ways(choice.candidates, registry.providers, options, machine, choice.left_out)


def _named(providers: Mapping[str, Provider], wish: tuple[str, ...]) -> dict[str, Provider]:
    """Only those that were named, so that no other program is run to ask its version."""
    names = {"url" if "://" in one else one for one in wish}
    if not names <= set(providers):
        return dict(providers)
    return {name: provider for name, provider in providers.items() if name in names}


def _chosen_by_somebody(choice: Choice) -> Choice:
    """Without what nobody has installed or set up: a first try of the emulator asks no question
    about strangers, and the local network is enough for it.
    """
    kept = tuple(
        one for one in choice.candidates if not one.must_fetch and one.name not in _STRANGERS
    )
    return replace(choice, candidates=kept) if kept else choice


class _Dangers:
    """Says what visitors of this run could do."""

    def __init__(self, project: Project, *, is_open: bool, is_emulated: bool) -> None:
        self._project = project
        self._is_open = is_open
        self._is_emulated = is_emulated

    def _told(self, candidates: Sequence[Candidate]) -> str:
        readers = dict.fromkeys(
            one.traits.plaintext for one in candidates if one.traits.plaintext != "nobody"
        )
        config = self._project.config
        told = what_visitors_can_do(
            framework=config.framework_of(config.shown),
            mints=any(one.mint for one in self._project.services()),
            is_open=self._is_open,
            is_emulated=self._is_emulated,
            limits=config.limits,
            read_by=" or ".join(readers) or "nobody",
        )
        return " ".join(told)

    def of_showing(self, public: Sequence[Candidate]) -> Finding:
        """What it means to open these ways; an answer holds for all of them."""
        titles = ", or if it fails ".join(one.traits.title for one in public)
        return refusals.EXPOSURE.found(
            f"{titles} would show this app to whoever has the link",
            why=self._told(public),
            data={
                "provider": ",".join(one.name for one in public),
                "plaintext": ",".join(one.traits.plaintext for one in public),
            },
        )

    def of_being_open(self, choice: Choice) -> tuple[Finding, ...]:
        """What it means that nobody needs an invitation; said at every start."""
        if not (self._is_open and choice.candidates):
            return ()
        return (OPEN_TO_ALL.found(why=self._told(choice.candidates[:1])),)


class _Agreement:
    """Asks once for a project whether it may be shown to everyone."""

    def __init__(
        self, request: DevRequest, consent: Consent, emit: Emit, dangers: _Dangers
    ) -> None:
        self._dangers = dangers
        self._request = request
        self._state_dir = request.project_dir / ".rtstart"
        self._consent = consent
        self._emit = emit

    @property
    def is_given(self) -> bool:
        """Whether this project may be shown to everyone, as was said before."""
        return has_agreed(self._state_dir, _PUBLIC) is True

    async def seek(self, choice: Choice, wish: tuple[str, ...], known: list[Known]) -> Choice:
        """The choice, less what nobody agreed to."""
        public = [one for one in choice.candidates if _is_public(one)]
        if not public:
            return choice
        exposure = self._dangers.of_showing(public)
        if choice.is_named and self._request.tunnel:
            # Whoever typed the name has agreed; they are told once what it means.
            if has_agreed(self._state_dir, _PUBLIC) is None:
                self._emit(Found(exposure))
                remember(self._state_dir, _PUBLIC, is_agreed=True)
        elif not await self._may(_PUBLIC, exposure):
            return self._without_public(choice, wish, known)
        return await self._without_unwanted_fetch(choice)

    async def _may(self, what: str, finding: Finding) -> bool:
        """Ask once; an answer is kept when a person gave it."""
        agreed = has_agreed(self._state_dir, what)
        if agreed is None:
            agreed = await self._consent(finding)
            if self._request.is_attended:
                remember(self._state_dir, what, is_agreed=agreed)
        return agreed

    def _without_public(self, choice: Choice, wish: tuple[str, ...], known: list[Known]) -> Choice:
        if not choice.is_named:
            fallen = choose(wish, known, may_open_public=False)
            if isinstance(fallen, Choice):
                return fallen
        kept = tuple(one for one in choice.candidates if not _is_public(one))
        return replace(
            choice, candidates=kept, findings=(*choice.findings, refusals.NOT_AGREED.found())
        )

    async def _without_unwanted_fetch(self, choice: Choice) -> Choice:
        """Fetching a program is asked for by itself: it is another stranger's code."""
        kept = []
        for one in choice.candidates:
            finding = refusals.FETCH.found(f"{one.name} is not installed, and can be fetched")
            if not one.must_fetch or await self._may(f"{_FETCH} {one.name}", finding):
                kept.append(one)
        return replace(choice, candidates=tuple(kept))


def _is_public(candidate: Candidate) -> bool:
    return candidate.traits.reach == "everyone" and candidate.name not in PLACES
