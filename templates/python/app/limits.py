"""How often something may happen: counted in this process, or in Redis for all processes."""

import math
import time
import uuid
from collections import deque
from collections.abc import Callable
from typing import Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.errors import Refused


class Limits(Protocol):
    """Counts what happens."""

    async def take(self, key: str, *, most: int, span_s: int) -> int:
        """Take one of `most` in any span; 0, or the whole seconds until there is one again."""
        ...

    async def once(self, key: str, *, for_s: int) -> bool:
        """Whether this is the first time within that many seconds."""
        ...

    async def forget(self, key: str) -> None:
        """Let `once` be true again."""
        ...

    async def check(self) -> None:
        """Raise Refused when nothing can be counted."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class MemoryLimits:
    """For a single process. `now` is a clock in seconds that never goes back."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._taken: dict[str, deque[float]] = {}
        self._seen: dict[str, float] = {}

    async def take(self, key: str, *, most: int, span_s: int) -> int:
        """See Limits."""
        now = self._now()
        for other in [one for one, times in self._taken.items() if times[-1] <= now - span_s]:
            del self._taken[other]
        taken = self._taken.get(key, deque())
        while taken and taken[0] <= now - span_s:
            taken.popleft()
        if len(taken) >= most:
            return max(1, math.ceil(taken[0] + span_s - now)) if taken else span_s
        taken.append(now)
        self._taken[key] = taken
        return 0

    async def once(self, key: str, *, for_s: int) -> bool:
        """See Limits."""
        now = self._now()
        self._seen = {one: until for one, until in self._seen.items() if until > now}
        if key in self._seen:
            return False
        self._seen[key] = now + for_s
        return True

    async def forget(self, key: str) -> None:
        """See Limits."""
        self._seen.pop(key, None)

    async def check(self) -> None:
        """See Limits."""

    async def close(self) -> None:
        """See Limits."""


# One script, so that two processes can never both take the last one. Redis gives the time: the
# clocks of several machines differ.
_TAKE = """
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local span = tonumber(ARGV[2]) * 1000
redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", now - span)
if redis.call("ZCARD", KEYS[1]) >= tonumber(ARGV[1]) then
  local oldest = redis.call("ZRANGE", KEYS[1], 0, 0, "WITHSCORES")
  if not oldest[2] then return span end
  return math.max(1, oldest[2] + span - now)
end
redis.call("ZADD", KEYS[1], now, ARGV[3])
redis.call("PEXPIRE", KEYS[1], span)
return 0
"""
_PREFIX = "voice:"


class RedisLimits:
    """For several processes and machines. When Redis does not answer, nothing is let through."""

    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
        self._take = self._redis.register_script(_TAKE)

    async def take(self, key: str, *, most: int, span_s: int) -> int:
        """See Limits."""
        try:
            wait_ms = int(await self._take([_PREFIX + key], [most, span_s, uuid.uuid4().hex]))
        except RedisError as error:
            raise _unreachable() from error
        return math.ceil(wait_ms / 1000)

    async def once(self, key: str, *, for_s: int) -> bool:
        """See Limits."""
        try:
            return bool(await self._redis.set(_PREFIX + key, "1", nx=True, ex=for_s))
        except RedisError as error:
            raise _unreachable() from error

    async def forget(self, key: str) -> None:
        """See Limits."""
        try:
            await self._redis.delete(_PREFIX + key)
        except RedisError as error:
            raise _unreachable() from error

    async def check(self) -> None:
        """See Limits."""
        try:
            await self._redis.ping()
        except RedisError as error:
            raise _unreachable() from error

    async def close(self) -> None:
        """See Limits."""
        await self._redis.aclose()


def _unreachable() -> Refused:
    words = "The store behind the limits does not answer, so no call is let through."
    return Refused(503, "limits_unavailable", words, retry_after="5")


def limits_for(redis_url: str) -> Limits:
    """Redis where there is an address, else this process."""
    return RedisLimits(redis_url) if redis_url else MemoryLimits()
