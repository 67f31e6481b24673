"""Limits: in one process by a clock, and in Redis for two real servers."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from fastapi.testclient import TestClient

from app.errors import Refused
from app.limits import MemoryLimits, RedisLimits
from tests.conftest import Serve, client_for, settings_for


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The time it is."""
        return self.now


@pytest.mark.anyio
async def test_memory_gives_so_many_in_any_span() -> None:
    clock = Clock()
    limits = MemoryLimits(clock)

    waits = []
    for now in (0, 10, 20, 59.5, 60, 61, 70):
        clock.now = now
        waits.append(await limits.take("a", most=2, span_s=60))

    assert waits == [0, 0, 40, 1, 0, 9, 0]
    assert await limits.take("b", most=2, span_s=60) == 0
    assert await limits.take("c", most=0, span_s=60) == 60


@pytest.mark.anyio
async def test_memory_knows_what_was_seen_for_a_while() -> None:
    clock = Clock()
    limits = MemoryLimits(clock)

    seen = [await limits.once("a", for_s=60), await limits.once("a", for_s=60)]
    clock.now = 60
    seen.append(await limits.once("a", for_s=60))
    await limits.forget("a")
    seen.append(await limits.once("a", for_s=60))

    assert seen == [True, False, True, True]


@pytest.mark.anyio
async def test_redis_counts_as_memory_does(redis_url: str) -> None:
    limits, other = RedisLimits(redis_url), RedisLimits(redis_url)
    key = f"test:{time.monotonic_ns()}"
    try:
        waits = [await one.take(key, most=2, span_s=1) for one in (limits, other, limits)]
        seen = [await one.once(f"{key}:seen", for_s=60) for one in (limits, other)]
        await limits.forget(f"{key}:seen")
        seen.append(await other.once(f"{key}:seen", for_s=60))
        await limits.check()
    finally:
        await limits.close()
        await other.close()

    assert waits == [0, 0, 1]
    assert seen == [True, False, True]


@pytest.mark.anyio
async def test_redis_lets_nothing_through_when_it_is_not_there() -> None:
    limits = RedisLimits("redis://127.0.0.1:9/0")

    for asked in (limits.take("a", most=1, span_s=1), limits.once("a", for_s=1), limits.check()):
        with pytest.raises(Refused) as refused:
            await asked
        assert (refused.value.status, refused.value.error["code"]) == (503, "limits_unavailable")
    await limits.close()


def test_two_servers_share_their_limits_and_their_tickets(serve: Serve, redis_url: str) -> None:
    env = {"REDIS_URL": redis_url, "CALLS_PER_VISITOR": "10", "CALLS_PER_MINUTE": "10"}
    urls = [serve(**env), serve(**env)]

    def mint(number: int) -> int:
        with httpx.Client(timeout=30) as client:
            return client.post(f"{urls[number % 2]}/session", json={}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(mint, range(30)))

    assert sorted(statuses) == [200] * 10 + [429] * 20


def test_not_ready_without_the_store(api_url: str) -> None:
    settings = settings_for(api_url, redis_url="redis://127.0.0.1:9/0")

    with client_for(settings) as client:
        assert _statuses(client) == {"/healthz": 200, "/readyz": 503}
        assert client.post("/session", json={}).status_code == 503


def _statuses(client: TestClient) -> dict[str, int]:
    return {path: client.get(path).status_code for path in ("/healthz", "/readyz")}
