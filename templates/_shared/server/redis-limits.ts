/**
 * The same limits for all copies of the app together, kept in Redis. When Redis does not answer,
 * no call begins: a limit that is not counted is none.
 */

import { createClient } from "redis";

import { ONCE_MS, rulesFor, secondsOf } from "./limits.ts";
import type { Limits } from "./limits.ts";
import type { Settings } from "./settings.ts";

/**
 * All rules are looked at and counted in one step, by the clock of Redis, so that copies with
 * other clocks and at the same moment cannot take more than there is. The answer is the
 * milliseconds to wait.
 */
const TAKE = `
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wait = 0
for i, key in ipairs(KEYS) do
  local count, span = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  redis.call("ZREMRANGEBYSCORE", key, "-inf", now - span)
  local taken = redis.call("ZCARD", key)
  if taken >= count then
    local first = redis.call("ZRANGE", key, taken - count, taken - count, "WITHSCORES")
    wait = math.max(wait, tonumber(first[2]) + span - now)
  end
end
if wait == 0 then
  for i, key in ipairs(KEYS) do
    redis.call("ZADD", key, now, ARGV[1])
    redis.call("PEXPIRE", key, tonumber(ARGV[2 * i + 1]))
  end
end
return wait
`;

const CONNECT_MS = 2000;
const ANSWER_MS = 2000;

/** Connects in the background; until then, and whenever Redis is away, `take` rejects. */
export function createRedisLimits(
  settings: Settings,
  url: string,
  log: (words: string) => void,
): Limits {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: {
      connectTimeout: CONNECT_MS,
      reconnectStrategy: (attempt) => Math.min(100 * 2 ** attempt, 5000),
    },
  });
  let wasTold = "";
  client.on("error", (error: Error) => {
    // Once for each cause, not for each attempt.
    if (error.message !== wasTold) log(`Redis: ${error.message}`);
    wasTold = error.message;
  });
  client.on("ready", () => (wasTold = ""));
  client.connect().catch(() => undefined);
  return {
    async take(visitor, kind) {
      const rules = rulesFor(settings, visitor, kind);
      const answer = await client
        .withAbortSignal(AbortSignal.timeout(ANSWER_MS))
        .eval(TAKE, {
          // The braces keep the keys of one step on one node of a cluster.
          keys: rules.map(({ name }) => `{voice-calls}:${name}`),
          arguments: [
            crypto.randomUUID(),
            ...rules.flatMap(({ count, spanMs }) => [String(count), String(spanMs)]),
          ],
        });
      return secondsOf(Number(answer));
    },
    async once(name) {
      const expiration = { type: "PX", value: ONCE_MS } as const;
      const set = await client
        .withAbortSignal(AbortSignal.timeout(ANSWER_MS))
        .set(`{voice-calls}:once:${name}`, "1", { condition: "NX", expiration });
      return set !== null;
    },
    async close() {
      client.destroy();
    },
  };
}
