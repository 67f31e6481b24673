"""What a run does about its public address: listen, let in, prove, check, announce."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rtstart.adapters.net.outside import AskFailed, outside
from rtstart.adapters.tunnels.fetch import fetch_program
from rtstart.adapters.tunnels.holder import Supply, TunnelHolder
from rtstart.commands.dev.address import NetworkAddress, listen_on_network
from rtstart.commands.dev.layout import Layout
from rtstart.commands.prove import Keys, Proof, Waiting, prove
from rtstart.core.access import DEVELOPER, SOMEBODY
from rtstart.core.events import Emit, Event, Found, TunnelEnding, TunnelStaying
from rtstart.core.findings import Finding
from rtstart.core.findings.tunnel_refusals import TIME_LIMIT
from rtstart.core.notices import Closed, Ending, Staying
from rtstart.core.proof import Subject
from rtstart.core.tunnels import Candidate
from rtstart.core.tunnels.health import Seen
from rtstart.core.tunnels.keeper import PROVIDER_WARNING_S, Keeper, Rules

PROVER = "rtstart itself"
"""The name under which a proof comes in as a visitor."""

_CHECK_WITHIN_S = 10.0

if TYPE_CHECKING:
    from rtstart.adapters.gateway import Gateway
    from rtstart.adapters.processes import Runner

Announcing = Callable[[str, Candidate, Proof], None]


class RunDoors:
    """The doors of one run, for its tunnel holder. `on_address` gets each proved address."""

    def __init__(
        self,
        layout: Layout,
        gateway: "Gateway",
        *,
        is_open: bool,
        emit: Emit,
        on_address: Announcing,
    ) -> None:
        self.is_ready = asyncio.Event()
        """Set when the services answer."""
        self.proof = Proof(0, 0, ())
        """How the last public address did."""
        self._posing_as: list[str] = []
        self._layout = layout
        self._gateway = gateway
        self._is_open = is_open
        self._emit = emit
        self._on_address = on_address
        self._config = layout.project.config
        self._tls: dict[str, ssl.SSLContext] = {}
        self._listening: dict[str, NetworkAddress] = {}

    def is_own(self, visitor: str) -> bool:
        """Whether this visitor is our own proof, and nobody whom a person should hear of."""
        return visitor == PROVER or visitor in self._posing_as

    async def listen(self, address: str) -> str:
        """Listen on the local network with a certificate of the local authority.

        Opened again it is the same address, so that pages on phones find their way back.
        """
        listening = self._listening.get(address)
        if listening is None:
            listening = await listen_on_network(address, self._gateway, emit=self._emit)
            self._listening[address] = listening
        self._tls[listening.origin] = listening.tls
        return listening.origin

    def accept(self, url: str) -> None:
        """Let requests for this origin in, and for the one before until it is withdrawn."""
        before = [one for one in self._gateway.public_origins if one != url]
        self._gateway.set_public_origin(url, *before[:1])

    def withdraw(self) -> None:
        """Let nobody in from outside, and say so to those who are."""
        self._gateway.tell_pages(Closed())
        self._gateway.clear_public_origins()

    async def fetch(self, candidate: Candidate) -> None:
        """Bring a program that may be fetched."""
        await fetch_program(candidate.name, emit=self._emit)

    async def prove(self, url: str, candidate: Candidate) -> tuple[Finding, ...]:
        """Prove the way at once, and what the services answer as soon as they do."""
        traits = candidate.traits
        self._gateway.believe_client_header(url, traits.client_header)
        self.proof = await self._prove(
            Subject(
                origin=url,
                is_public=not self._is_open,
                framework=self._config.framework_of(self._config.shown),
                mint=self._layout.mint,
                is_carried=traits.reach != "network",
                carries_streams=traits.carries_streams,
                patience_s=traits.patience_s,
            ),
            # Also where all may come in: then it is told apart from a guest, and counts as nobody.
            invitation=self._gateway.invite(PROVER).path,
            posing_as=SOMEBODY,
            until_ready=self.is_ready.wait,
        )
        return self.proof.findings

    async def prove_local(self, url: str) -> Proof:
        """Prove the developer's own address, where nobody needs an invitation."""
        subject = Subject(
            origin=url,
            is_public=False,
            framework=self._config.framework_of(self._config.public),
            mint=self._layout.mint,
        )
        return await self._prove(subject, invitation="", posing_as=DEVELOPER)

    async def _prove(
        self,
        subject: Subject,
        *,
        invitation: str,
        posing_as: str,
        until_ready: Waiting | None = None,
    ) -> Proof:
        """Ask as a visitor or as the developer; a visitor is put out afterwards."""
        keys = Keys(self._gateway.nonce, invitation, self._tls.get(subject.origin))
        began = self._gateway.now()
        self._posing_as.append(posing_as)
        try:
            return await prove(subject, keys, emit=self._emit, until_ready=until_ready)
        finally:
            self._posing_as.remove(posing_as)
            self._gateway.forget_secrets(posing_as, since=began)
            for visitor in self._gateway.visitors():
                if visitor.name == PROVER:
                    self._gateway.forget_secrets(visitor.id, since=began)
                    self._gateway.drop(visitor.id)

    async def check(self, url: str) -> Seen:
        """Whether the address still answers with this run's nonce."""
        async with outside(url, tls=self._tls.get(url), deadline_s=_CHECK_WITHIN_S) as visitor:
            try:
                await visitor.resolve()
                answer = await visitor.ask("GET", "/.rtstart/nonce")
            except AskFailed as failed:
                return "no name" if failed.trouble == "no name" else "not ours"
        return "ours" if self._gateway.nonce in answer.text else "not ours"

    def announce(self, url: str, candidate: Candidate, findings: tuple[Finding, ...]) -> None:
        """Tell the run, then the pages that are open at an address before this one.

        Those may stay where they are for as long as the provider leads from there to here.
        """
        del findings
        self._on_address(url, candidate, self.proof)
        self._gateway.tell_moved(url)

    def hear(self, event: Event) -> None:
        """Tell an event on, and to open pages what concerns them."""
        match event:
            case TunnelEnding(seconds=seconds):
                self._gateway.tell_pages(Ending(seconds))
            case TunnelStaying():
                self._gateway.tell_pages(Staying())
            case Found(finding) if finding.code == TIME_LIMIT.code:
                self._gateway.tell_pages(Ending(PROVIDER_WARNING_S))
            case _:
                pass
        self._emit(event)


async def make_holder(
    layout: Layout, gateway: "Gateway", runner: "Runner", doors: RunDoors
) -> TunnelHolder:
    """The holder of this run's public address, not yet opening anything."""
    ways = layout.ways
    port = 0
    if ways.candidates:
        port = await gateway.listen_public("127.0.0.1", layout.public_port)
    files_dir = Path(layout.project.project_dir) / ".rtstart" / "tunnel"
    return TunnelHolder(
        Keeper(ways.candidates, Rules(layout.project.config.tunnel_for_s)),
        Supply(ways.providers, ways.options, ways.machine, port, files_dir),
        runner=runner,
        doors=doors,
        emit=doors.hear,
    )
