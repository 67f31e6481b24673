"""What counts as a secret that was given out, when clients and the kill switch cut in."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import ClientTimeout

from rtstart.adapters.gateway import Bounds
from rtstart.core.events import Minted
from rtstart.core.mint_guard import MintLimits
from tests.fakes.gateways import running

pytestmark = pytest.mark.integration


async def test_secret_counts_when_the_client_hangs_up_while_it_comes() -> None:
    async with running(limits=MintLimits(per_run=1)) as r:
        r.token.mint_is_long = True
        reader, writer = await asyncio.open_connection("127.0.0.1", r.local)
        writer.write(
            b"POST /session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 2\r\n\r\n{}"
        )
        await reader.readuntil(b"ek_test0000")
        writer.transport.abort()
        async with asyncio.timeout(5):
            await r.token.cancelled.wait()
        async with r.client.post(r.local_url + "/session", json={}) as second:
            told = await second.json()

        assert (second.status, told["error"]["code"]) == (429, "run_limit")
        assert [event.status for event in r.events if isinstance(event, Minted)] == [200, 429]


async def test_secret_that_comes_after_the_kill_switch_goes_to_nobody(tmp_path: Path) -> None:
    async with running(audit_path=tmp_path / "audit") as r:
        r.token.may_mint = asyncio.Event()
        asked = asyncio.ensure_future(r.client.post(r.local_url + "/session", json={}))
        await r.token.asked_to_mint.wait()
        await r.gateway.stop_calls()
        r.token.may_mint.set()
        async with await asked as answer:
            told = await answer.text()

        assert (answer.status, "ek_" in told) == (503, False)
        assert [event.status for event in r.events if isinstance(event, Minted)] == [503]
        assert r.gateway.spent.calls == 0
        assert '"minting_stopped"' in (tmp_path / "audit").read_text()


async def test_bodies_that_drip_do_not_hold_the_place_of_a_call() -> None:
    limits = MintLimits(open_per_visitor=2, open_calls=2)
    async with running(limits=limits, bounds=Bounds(small_body_within_s=0.5)) as r:
        head = (
            b"POST /session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 2\r\n\r\n{"
        )
        dripping = [await asyncio.open_connection("127.0.0.1", r.local) for _ in range(4)]
        for _, writer in dripping:
            writer.write(head)
        async with r.client.post(r.local_url + "/session", json={}) as answer:
            status = answer.status
        async with asyncio.timeout(5):
            told = [await reader.read(12) for reader, _ in dripping]
        for _, writer in dripping:
            writer.close()

        assert (status, told) == (200, [b"HTTP/1.1 408"] * 4)
        assert r.token.requests == [("POST", "/session")]


async def test_mint_is_not_kept_waiting_by_an_expectation() -> None:
    async with (
        running() as r,
        r.client.post(
            r.local_url + "/session", json={}, expect100=True, timeout=ClientTimeout(5)
        ) as answer,
    ):
        assert answer.status == 200
