"""Ports of this machine, with real sockets."""

import os
import socket
from collections.abc import Iterator

import psutil
import pytest

from rtstart.adapters import ports
from rtstart.core.findings import machine

pytestmark = pytest.mark.integration


@pytest.fixture(params=["127.0.0.1", "0.0.0.0", "::1"])  # noqa: S104 - strangers do that
def stranger(request: pytest.FixtureRequest) -> Iterator[int]:
    """A port on which somebody listens."""
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    try:
        server = socket.create_server((request.param, 0), family=family)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with server:
        yield server.getsockname()[1]


def test_port_is_not_free_when_a_stranger_listens_on_any_form_of_localhost(stranger: int) -> None:
    assert ports.is_answered(stranger)
    assert not ports.is_free(stranger)


def test_next_port_is_chosen_when_the_wish_is_taken(stranger: int) -> None:
    chosen = ports.choose_port(stranger)

    assert chosen != stranger
    assert ports.is_free(chosen)


def test_wish_is_chosen_when_it_is_free() -> None:
    wish = ports.choose_port(None)

    assert ports.choose_port(wish) == wish


def test_port_is_passed_over_when_another_service_has_it() -> None:
    wish = ports.choose_port(None)

    assert ports.choose_port(wish, taken={wish}) != wish


def test_any_port_is_chosen_when_the_wish_is_past_the_last() -> None:
    assert ports.choose_port(70_000) < 65_536


def test_port_is_not_free_when_it_is_bound_and_nobody_listens() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]

        assert not ports.is_answered(port)
        assert not ports.is_free(port)


def test_holder_is_named_when_a_port_is_taken(stranger: int) -> None:
    finding = ports.port_taken(stranger, wanted_by="web")

    assert finding.what == f'"web" wants port {stranger}, which is taken by pid {os.getpid()}'
    assert finding.why.startswith("It runs: ")
    assert finding.where == f"port {stranger}"
    assert finding.data["pid"] == os.getpid()


def test_holder_is_found_among_processes_when_the_table_is_refused(
    stranger: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(kind: str) -> None:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "net_connections", refuse)

    holder = ports.find_holder(stranger)

    assert holder is not None
    assert holder.pid == os.getpid()


def test_finding_is_short_when_nobody_holds_the_port() -> None:
    port = ports.choose_port(None)

    assert ports.port_taken(port) == machine.PORT_TAKEN.found(
        f"Port {port} is taken", where=f"port {port}"
    )
