import { request as httpRequest } from "node:http";
import type { IncomingHttpHeaders, Server } from "node:http";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { createService } from "../server/service.ts";
import { readSettings } from "../server/settings.ts";
import { close, listen, Upstream } from "./upstream.ts";

const KEY = "sk-test-0123456789";

let upstream: Upstream;
let apiUrl: string;
let services: Server[];
let logged: string[];

beforeEach(async () => {
  upstream = new Upstream();
  apiUrl = await upstream.listen();
  services = [];
  logged = [];
});

afterEach(async () => {
  await Promise.all([...services.map(close), upstream.close()]);
});

async function start(environment: Record<string, string> = {}): Promise<string> {
  const settings = readSettings({ OPENAI_API_KEY: KEY, OPENAI_BASE_URL: apiUrl, ...environment });
  const service = createService(settings, (line) => logged.push(line));
  services.push(service);
  return listen(service);
}

interface Got {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** A request with any header, which fetch would not allow. */
function ask(
  url: string,
  method = "POST",
  headers: Record<string, string> = { "content-type": "application/json" },
  body = method === "POST" ? "{}" : "",
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => (text += part));
      response.on("end", () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: JSON.parse(text) as unknown,
        }),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

describe("POST /session", () => {
  test("mints a secret of a minute for a session of the current API", async () => {
    const url = await start({ REALTIME_URL: "/v1/realtime", RTSTART_EMULATED: "1" });

    const { status, headers, body } = await ask(`${url}/session`);

    expect({ status, body, stored: headers["cache-control"] }).toEqual({
      status: 200,
      stored: "no-store",
      body: {
        value: "ek_test_0123",
        expires_at: 1_795_364_174,
        realtime_url: "/v1/realtime",
        model: "gpt-realtime-2.1",
        emulated: true,
      },
    });
    const [seen] = upstream.seen;
    expect({ method: seen?.method, path: seen?.path, key: seen?.headers.authorization }).toEqual({
      method: "POST",
      path: "/v1/realtime/client_secrets",
      key: `Bearer ${KEY}`,
    });
    expect(seen?.headers).not.toHaveProperty("openai-beta");
    expect(seen?.body).toMatchObject({
      expires_after: { anchor: "created_at", seconds: 60 },
      session: {
        type: "realtime",
        model: "gpt-realtime-2.1",
        output_modalities: ["audio"],
        audio: {
          input: { format: { type: "audio/pcm", rate: 24_000 } },
          output: { format: { type: "audio/pcm", rate: 24_000 }, voice: "marin" },
        },
      },
    });
  });

  test("never writes the key or the secret to the log", async () => {
    const url = await start();

    await ask(`${url}/session`);

    await expect.poll(() => logged).toEqual([expect.stringMatching(/^POST \/session 200 \d+ ms$/)]);
  });

  test("passes an error of the API on, status and words", async () => {
    const url = await start();
    const error = {
      message: "You exceeded your current quota, please check your plan and billing details.",
      type: "insufficient_quota",
      code: "insufficient_quota",
      param: null,
    };
    upstream.answer = {
      status: 429,
      body: JSON.stringify({ error }),
      headers: { "retry-after": "7" },
    };

    const { status, headers, body } = await ask(`${url}/session`);

    expect({ status, body, wait: headers["retry-after"] }).toEqual({
      status: 429,
      body: { error },
      wait: "7",
    });
  });

  test.each([
    ["a page in place of JSON", 200, "<!doctype html>", 502, "upstream_shape"],
    ["the shape of the old interface", 200, '{"client_secret":{"value":"ek_1"}}', 502, "upstream_shape"],
    ["a failure without words", 503, "busy", 503, "upstream_error"],
  ])("names %s", async (_what, status, body, answered, code) => {
    const url = await start();
    upstream.answer = { status, body };

    const got = await ask(`${url}/session`);

    expect(got).toMatchObject({ status: answered, body: { error: { code } } });
  });

  test("says so when the API cannot be reached", async () => {
    const url = await start();
    await upstream.close();

    const got = await ask(`${url}/session`);

    expect(got).toMatchObject({
      status: 502,
      body: { error: { code: "upstream_unreachable", message: /could not be reached/ } },
    });
  });

  test.each([
    ["", "key_missing"],
    ["your-key-here", "key_shape"],
    ["sk-your-key-here", "key_shape"],
    ['"sk-test-0123456789"', "key_shape"],
    ["sk-test 0123456789", "key_shape"],
  ])("refuses the key %j before calling out", async (key, code) => {
    const url = await start({ OPENAI_API_KEY: key });

    const got = await ask(`${url}/session`);

    expect(got).toMatchObject({ status: 500, body: { error: { code } } });
    expect(upstream.seen).toEqual([]);
  });

  test.each([
    ["GET", "GET", {}, "", 405],
    ["a form", "POST", { "content-type": "text/plain" }, "{}", 415],
    ["a list", "POST", { "content-type": "application/json" }, "[]", 400],
    ["half of an object", "POST", { "content-type": "application/json" }, "{", 400],
    ["a large body", "POST", { "content-type": "application/json" }, `"${"x".repeat(17_000)}"`, 413],
    [
      "a body without end",
      "POST",
      { "content-type": "application/json", "transfer-encoding": "chunked" },
      `"${"x".repeat(1_000_000)}"`,
      413,
    ],
    ["another method", "TRACE", {}, "", 405],
    [
      "another site's page",
      "POST",
      { "content-type": "application/json", "sec-fetch-site": "cross-site" },
      "{}",
      403,
    ],
    [
      "a name that points here",
      "POST",
      { "content-type": "application/json", host: "evil.example.test" },
      "{}",
      403,
    ],
  ])("refuses %s", async (_what, method, headers, body, status) => {
    const url = await start();

    const got = await ask(`${url}/session`, method, headers, body);

    expect(got.status).toBe(status);
    expect(upstream.seen).toEqual([]);
  });

  test("takes a name it was told to be reached by", async () => {
    const url = await start({ RTSTART_PUBLIC_HOSTS: "voice.example.test" });

    const got = await ask(`${url}/session`, "POST", {
      "content-type": "application/json",
      host: "voice.example.test",
    });

    expect(got.status).toBe(200);
  });

  test("says when to come back after thirty calls in a minute", async () => {
    const url = await start();
    for (let count = 0; count < 30; count += 1) await ask(`${url}/session`);

    const { status, headers } = await ask(`${url}/session`);

    expect({ status, wait: Number(headers["retry-after"]) > 0 }).toEqual({ status: 429, wait: true });
    expect(upstream.seen).toHaveLength(30);
  });
});

test("GET /session/config tells what is not secret", async () => {
  const url = await start({ REALTIME_MODEL: "gpt-realtime-2.1-mini", REALTIME_VOICE: "cedar" });

  const { status, body } = await ask(`${url}/session/config`, "GET");

  expect({ status, body }).toEqual({
    status: 200,
    body: {
      model: "gpt-realtime-2.1-mini",
      voice: "cedar",
      emulated: false,
      realtime_url: "https://api.openai.com/v1/realtime",
    },
  });
});

test("GET /healthz answers while there is no key", async () => {
  const url = await start({ OPENAI_API_KEY: "" });

  const { status } = await ask(`${url}/healthz`, "GET");

  expect(status).toBe(200);
});

test.each([
  [{ TOKEN_PORT: "eighty" }, "TOKEN_PORT"],
  [{ TOKEN_PORT: "70000" }, "TOKEN_PORT"],
  [{ OPENAI_BASE_URL: "api.openai.com" }, "OPENAI_BASE_URL"],
])("a setting that cannot be used is named: %j", (environment, name) => {
  expect(() => readSettings(environment)).toThrow(name);
});
