"""`rtstart probe`: one upgrade taken apart, beside the same on the local service."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rtstart.adapters.folders import AUTHORITY_FILE, config_dir
from rtstart.adapters.net.upgrade import Step, Taken, take_apart
from rtstart.adapters.run_file import read_run
from rtstart.core.errors import Usage
from rtstart.core.events import AnswerSeen, Emit, Found, ProofState, ProofStep
from rtstart.core.findings import Finding
from rtstart.core.probe import LAYERS, Layer, Place, blame, exit_code, finding_of, parse_place
from rtstart.core.secrets import Masker

_ECHO_PATH = "/.rtstart/echo"
_MASK = Masker()
"""A subprotocol may be the browser's way to send a secret, and servers send what they got back."""


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """One call of `rtstart probe`.

    `local_url` is where the service itself listens, or empty when it is not known. `origin` is
    what to name as Origin, or empty for the address's own.
    """

    url: str
    protocols: tuple[str, ...] = ()
    origin: str = ""
    local_url: str = ""
    within_s: float = 10.0


def trusted_context(environment: Mapping[str, str]) -> ssl.SSLContext:
    """Whom a browser of this machine trusts, and the local authority if there is one."""
    context = ssl.create_default_context()
    authority = config_dir(environment) / "ca" / AUTHORITY_FILE
    if authority.is_file():
        context.load_verify_locations(authority)
    return context


def known_local(url: str, project_dir: Path) -> str:
    """The local address of the run in this folder when the address is that run's public one."""
    run = read_run(project_dir)
    place, public = parse_place(url), parse_place(str(run.get("public_url") or ""))
    if isinstance(place, Finding) or isinstance(public, Finding):
        return ""
    is_same = (place.host, place.port) == (public.host, public.port)
    return str(run.get("local_url") or "") if is_same else ""


async def probe(request: ProbeRequest, *, emit: Emit, tls: ssl.SSLContext | None = None) -> int:
    """Probe, tell each layer as a step, and give the exit code of the layer that failed.

    Raises Usage for what is no address.
    """
    place = _place(request.url)
    taken = await take_apart(
        place,
        protocols=request.protocols,
        origin=request.origin,
        tls=tls,
        within_s=request.within_s,
        on_step=_teller(emit),
    )
    _tell_skipped(place, taken, emit)
    if taken.head is not None:
        headers = tuple(_MASK(f"{name}: {value}") for name, value in taken.head.headers)
        emit(AnswerSeen(taken.head.status, headers))
    failed = taken.failed
    if failed is None:
        return 0
    status = taken.head.status if taken.head is not None else 0
    finding = finding_of(failed.layer, place, _MASK(failed.detail), status)
    words = await _compare(request, place, failed.layer)
    emit(Found(_with_blame(finding, words)))
    return exit_code(failed.layer)


async def _compare(request: ProbeRequest, place: Place, failed: Layer) -> str:
    """Whose fault it is, by the same probe on the local service."""
    if not request.local_url:
        return ""
    local = replace(_place(request.local_url), target=place.target)
    taken = await take_apart(
        local, protocols=request.protocols, within_s=min(request.within_s, 5.0)
    )
    return blame(failed, taken.failed.layer if taken.failed else None)


def _place(url: str) -> Place:
    place = parse_place(url)
    if isinstance(place, Finding):
        raise Usage.of(place)
    return replace(place, target=_ECHO_PATH) if place.target == "/" else place


def _teller(emit: Emit) -> Callable[[Step], None]:
    def tell(step: Step) -> None:
        state: ProofState = "passed" if step.is_passed else "failed"
        emit(ProofStep(step.layer, state, step.milliseconds, _MASK(step.detail)))

    return tell


def _tell_skipped(place: Place, taken: Taken, emit: Emit) -> None:
    tried = {step.layer for step in taken.steps}
    for layer in LAYERS:
        if layer not in tried:
            why = "no TLS in this address" if layer == "tls" and not place.is_secure else ""
            emit(ProofStep(layer, "skipped", 0.0, why))


def _with_blame(finding: Finding, words: str) -> Finding:
    return replace(finding, why=f"{finding.why} {words}") if words else finding
