"""Which faults of an address are its tunnel's: what its proof found, and which misses count."""

from typing import Literal, TypeAlias

from rtstart.core.findings import Finding
from rtstart.core.findings import tunnel_proof as proof_findings
from rtstart.core.findings import tunnel_refusals as refusals
from rtstart.core.tunnels.choice import Candidate

Seen: TypeAlias = Literal["ours", "not ours", "no name"]
"""What came back when the address was asked: this run, something else or nothing, or no name."""

Verdict: TypeAlias = Literal["well", "appeared", "missed first", "missed", "gone"]
"""`appeared` says that the name resolves for the first time since the address was opened."""

MISSES = 3
MISSES_WHILE_MENDING = 20
"""A minute: a provider's program that lost its connection, or a machine that woke up without a
network, gets the same address back. Opening anew would cost the address, and with it every page
that is open there."""

_TUNNELS_FAULT = frozenset(
    {
        proof_findings.CERTIFICATE_WRONG.code,
        proof_findings.UPGRADE_DROPPED.code,
        proof_findings.UPGRADE_IGNORED.code,
        proof_findings.WRONG_APP.code,
        proof_findings.HOST_REFUSED.code,
        refusals.TOO_MANY_REQUESTS.code,
        refusals.NOT_CONNECTED.code,
    }
)
"""What another way may do better. A refused key is nobody's tunnel's fault."""


def is_tunnels_fault(finding: Finding, candidate: Candidate) -> bool:
    """Whether another way is worth a try. A name that is only just being made appears late, and
    later still where a resolver was asked too early: that is no reason to give its tunnel up.
    """
    if finding.code == proof_findings.NAME_NOT_FOUND.code:
        return candidate.traits.settles_s == 0
    return finding.level == "error" and finding.code in _TUNNELS_FAULT


class Health:
    """Counts misses of one opening."""

    def __init__(self) -> None:
        self._misses = 0
        self._has_name = True
        self._is_mending = False

    def proved(self, *, has_name: bool) -> None:
        """The address was proved; `has_name` is False when its name did not resolve here yet."""
        self._misses, self._has_name, self._is_mending = 0, has_name, False

    def lost(self) -> bool:
        """The provider's program lost its connection and mends it; whether that is news."""
        was_mending, self._is_mending = self._is_mending, True
        return not was_mending

    def connected(self) -> None:
        """The provider's program is connected again."""
        self._misses, self._is_mending = 0, False

    def saw(self, seen: Seen) -> Verdict:
        """What this answer means for the address.

        A name that has never resolved here counts for nothing: a resolver that was asked too early
        remembers the no for minutes, while everybody else can open the address.
        """
        if seen == "ours":
            appeared, self._has_name = not self._has_name, True
            self.connected()
            return "appeared" if appeared else "well"
        if seen == "no name" and not self._has_name:
            return "missed"
        self._misses += 1
        is_borne = self._is_mending or seen == "no name"
        if self._misses >= (MISSES_WHILE_MENDING if is_borne else MISSES):
            return "gone"
        return "missed first" if self._misses == 1 else "missed"
