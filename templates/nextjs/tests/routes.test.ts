import { NextRequest } from "next/server";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { rollDice } from "../app/actions.ts";
import { tools } from "../src/tools.ts";
import { Upstream } from "./upstream.ts";

const KEY = "sk-test-0123456789";

let upstream: Upstream;
let logged: string[];

beforeEach(async () => {
  upstream = new Upstream();
  logged = [];
  for (const way of ["log", "error"] as const) {
    vi.spyOn(console, way).mockImplementation((line: string) => logged.push(line));
  }
  vi.stubEnv("OPENAI_API_KEY", KEY);
  vi.stubEnv("OPENAI_BASE_URL", await upstream.listen());
  // The routes read the environment once, at their first request.
  vi.resetModules();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  vi.doUnmock("../server/authorise.ts");
  vi.doUnmock("node:crypto");
  await upstream.close();
});

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const JSON_POST: Asked = { method: "POST", headers: { "content-type": "application/json" } };

/** A request as Next hands it over. Unlike a browser's it may name any host. */
function requestOf(path: string, { method = "GET", headers = {}, body = "{}" }: Asked): Request {
  const request = new Request(`http://localhost:3000${path}`, {
    method,
    ...(method === "GET" ? {} : { body }),
  });
  for (const [name, value] of Object.entries({ host: "localhost:3000", ...headers })) {
    request.headers.set(name, value);
  }
  return request;
}

async function mint(asked: Asked = JSON_POST): Promise<Response> {
  const route = await import("../app/session/route.ts");
  const handler = asked.method === "GET" ? route.GET : route.POST;
  return handler(requestOf("/session", asked));
}

describe("POST /session", () => {
  test("mints a secret that nobody may store", async () => {
    vi.stubEnv("REALTIME_URL", "/v1/realtime");
    vi.stubEnv("RTSTART_EMULATED", "1");

    const response = await mint();

    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toEqual({
      value: "ek_test_0123",
      expires_at: 1_795_364_174,
      realtime_url: "/v1/realtime",
      model: "gpt-realtime-2.1",
      emulated: true,
    });
    expect(upstream.seen).toMatchObject([
      {
        method: "POST",
        path: "/v1/realtime/client_secrets",
        headers: { authorization: `Bearer ${KEY}` },
        body: {
          expires_after: { anchor: "created_at", seconds: 60 },
          session: { type: "realtime", model: "gpt-realtime-2.1", output_modalities: ["audio"] },
        },
      },
    ]);
  });

  test("tells the model of tools in the page and on the server", async () => {
    await mint();

    const body = upstream.seen[0]?.body as { session: { tools: { name: string }[] } } | undefined;
    const names = body?.session.tools.map(({ name }) => name);
    expect(names).toEqual(tools.map(({ name }) => name));
    expect(names).toEqual(expect.arrayContaining(["local_time", "roll_dice"]));
  });

  test("never writes the key or the secret to the log", async () => {
    vi.stubEnv("NODE_ENV", "production");
    vi.doMock("../server/authorise.ts", () => ({ authorise: () => "somebody" }));

    const response = await mint();

    expect(response.status).toBe(200);
    expect(logged.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        time: expect.any(String),
        level: "info",
        message: "request",
        id: response.headers.get("x-request-id"),
        method: "POST",
        path: "/session",
        status: 200,
        ms: expect.any(Number),
      },
    ]);
  });

  test.each([
    ["GET", { method: "GET" }, 405],
    ["a form", { method: "POST", headers: { "content-type": "text/plain" } }, 415],
    ["a list", { ...JSON_POST, body: "[]" }, 400],
    ["a large body", { ...JSON_POST, body: `"${"x".repeat(17_000)}"` }, 413],
    [
      "another site's page",
      { ...JSON_POST, headers: { ...JSON_POST.headers, "sec-fetch-site": "cross-site" } },
      403,
    ],
    [
      "a name that points here",
      { ...JSON_POST, headers: { ...JSON_POST.headers, host: "evil.example.test" } },
      403,
    ],
  ])("refuses %s", async (_what, asked, status) => {
    const response = await mint(asked);

    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { type: "token_service_error" } });
    expect(upstream.seen).toEqual([]);
  });

  test("passes an error of the API on, status and words", async () => {
    const error = { message: "No quota.", type: "insufficient_quota", code: null, param: null };
    upstream.answer = { status: 429, body: JSON.stringify({ error }), headers: { "retry-after": "7" } };

    const response = await mint();

    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "7"]);
    expect(await response.json()).toEqual({ error });
  });

  test("says which line to change when it was moved to the Edge runtime", async () => {
    vi.stubEnv("NEXT_RUNTIME", "edge");
    // What it says when a module of Node's is loaded there.
    vi.doMock("node:crypto", () => {
      throw new TypeError("Native module not found: node:crypto");
    });

    const response = await mint();

    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ error: { code: "edge_runtime" } });
    expect(upstream.seen).toEqual([]);
  });

  test("names a setting that cannot be used in the log, not to the visitor", async () => {
    vi.stubEnv("OPENAI_BASE_URL", "api.openai.com");

    const response = await mint();

    expect(await response.json()).toMatchObject({ error: { code: "internal" } });
    expect(logged.join()).toContain("OPENAI_BASE_URL");
  });

  test("is on Node and never cached", async () => {
    const { runtime, dynamic } = await import("../app/session/route.ts");

    expect({ runtime, dynamic }).toEqual({ runtime: "nodejs", dynamic: "force-dynamic" });
  });
});

describe("in production", () => {
  beforeEach(() => {
    vi.stubEnv("NODE_ENV", "production");
    vi.stubEnv("PUBLIC_ORIGIN", "https://voice.example.test");
  });

  const visit: Asked = {
    ...JSON_POST,
    headers: {
      ...JSON_POST.headers,
      host: "voice.example.test",
      origin: "https://voice.example.test",
    },
  };

  test("nobody may call until somebody says who may", async () => {
    const response = await mint(visit);

    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: { code: "closed" } });
    expect(upstream.seen).toEqual([]);
  });

  test("a visitor is known to OpenAI by a hash and limited by name", async () => {
    vi.stubEnv("CALLS_PER_VISITOR", "2");
    vi.doMock("../server/authorise.ts", () => ({ authorise: () => "anna@example.test" }));

    const statuses = [await mint(visit), await mint(visit), await mint(visit)].map(
      ({ status }) => status,
    );

    expect(statuses).toEqual([200, 200, 429]);
    expect(upstream.seen.map(({ headers }) => headers["openai-safety-identifier"])).toEqual(
      Array.from({ length: 2 }, () => expect.stringMatching(/^[0-9a-f]{64}$/)),
    );
  });

  test("the policy lets scripts run by a nonce that is new each time", async () => {
    const { proxy } = await import("../proxy.ts");
    const ask = (): Headers =>
      proxy(new NextRequest("https://voice.example.test/")).headers;

    const [first, second] = [ask(), ask()];

    const policy = first.get("content-security-policy") ?? "";
    expect(policy).toMatch(/script-src 'nonce-[\w+/=]+' 'strict-dynamic'/);
    expect(policy).toContain("connect-src 'self' https://api.openai.com wss://api.openai.com");
    expect(second.get("content-security-policy")).not.toBe(policy);
    expect(first.get("permissions-policy")).toContain("microphone=(self)");
  });

  test("what is missing is said at the start", async () => {
    vi.stubEnv("OPENAI_API_KEY", "");
    vi.stubEnv("NEXT_RUNTIME", "nodejs");
    const { register } = await import("../instrumentation.ts");

    await register();

    expect(logged.join("\n")).toMatch(/OPENAI_API_KEY is missing.*\n.*POST \/session is closed/);
  });
});

test("GET /session/config tells what is not secret", async () => {
  vi.stubEnv("REALTIME_VOICE", "cedar");
  const { GET } = await import("../app/session/config/route.ts");

  const response = await GET(requestOf("/session/config", {}));

  expect(await response.json()).toEqual({
    model: "gpt-realtime-2.1",
    voice: "cedar",
    emulated: false,
    realtime_url: "https://api.openai.com/v1/realtime",
  });
});

test("GET /healthz answers while there is no key", async () => {
  vi.stubEnv("OPENAI_API_KEY", "");
  const { GET } = await import("../app/healthz/route.ts");

  expect((await GET(requestOf("/healthz", {}))).status).toBe(200);
});

describe("rollDice", () => {
  test("throws as many dice as asked for, all sides in time", async () => {
    const rolled = (await Promise.all(Array.from({ length: 50 }, () => rollDice(20, 6)))).flat();

    expect(rolled).toHaveLength(1000);
    expect(new Set(rolled)).toEqual(new Set([1, 2, 3, 4, 5, 6]));
  });

  test.each([
    [0, 6],
    [21, 6],
    [2, 1],
    [2, 1e9],
    ["2", 6],
    [1.5, 6],
    [undefined, undefined],
  ])("refuses %j dice of %j sides", async (count, sides) => {
    await expect(rollDice(count, sides)).rejects.toThrow(RangeError);
  });
});
