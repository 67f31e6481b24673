import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { closed } from "../server/access.ts";
import type { Authorise } from "../server/access.ts";
import { createLimits } from "../server/limits.ts";
import type { Limits } from "../server/limits.ts";
import { readPage } from "../server/page.ts";
import { createService } from "../server/service.ts";
import { readSettings } from "../server/settings.ts";
import { close, listen, Upstream } from "./upstream.ts";

const ENVIRONMENT = {
  NODE_ENV: "production",
  OPENAI_API_KEY: "sk-test-0123456789",
  PUBLIC_ORIGIN: "https://voice.example.com",
};
const byHeader: Authorise = (request) => request.headers.get("x-user");

let upstream: Upstream;
let apiUrl: string;
let services: Server[];
let logged: string[];
let folder: string;

beforeEach(async () => {
  upstream = new Upstream();
  apiUrl = await upstream.listen();
  services = [];
  logged = [];
  folder = await mkdtemp(join(tmpdir(), "page-"));
});

afterEach(async () => {
  await Promise.all([...services.map(close), upstream.close()]);
  await rm(folder, { recursive: true });
});

async function start(
  authorise: Authorise,
  environment: Record<string, string> = {},
  limits?: Limits,
): Promise<string> {
  const settings = readSettings({ ...ENVIRONMENT, OPENAI_BASE_URL: apiUrl, ...environment });
  const gate = { authorise, limits: limits ?? createLimits(settings) };
  const service = createService(settings, (line) => logged.push(line), { gate });
  services.push(service);
  return listen(service);
}

async function call(url: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/session`, {
    method: "POST",
    body: "{}",
    headers: { "content-type": "application/json", ...headers },
  });
}

async function codeOf(response: Response): Promise<unknown> {
  const { error } = (await response.json()) as { error: { code: unknown } };
  return [response.status, error.code];
}

describe("POST /session in production", () => {
  test("is closed to everybody until the hook is filled in, and asks for no secret", async () => {
    const url = await start(closed);

    expect(await codeOf(await call(url))).toEqual([403, "closed"]);
    expect(upstream.seen).toEqual([]);
  });

  test("is for those alone whom the hook knows", async () => {
    const url = await start(byHeader);

    const codes = [await codeOf(await call(url)), (await call(url, { "x-user": "ann" })).status];

    expect(codes).toEqual([[401, "not_authorised"], 200]);
    expect(upstream.seen).toHaveLength(1);
  });

  test("tells OpenAI the same of the same person, and nothing of who it is", async () => {
    const url = await start(byHeader, { SAFETY_SALT: "salt" });

    for (const user of ["ann@example.com", "ann@example.com", "ben@example.com"]) {
      await call(url, { "x-user": user });
    }

    const told = upstream.seen.map(({ headers }) => headers["openai-safety-identifier"]);
    expect(told[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(told[1]).toBe(told[0]);
    expect(told[2]).not.toBe(told[0]);
  });

  test("lets one person not take the calls of all", async () => {
    const url = await start(byHeader, { CALLS_PER_VISITOR: "2", CALLS_PER_MINUTE: "3" });

    const statuses: unknown[] = [];
    for (const user of ["ann", "ann", "ann", "ben", "ben"]) {
      statuses.push([user, (await call(url, { "x-user": user })).status]);
    }

    expect(statuses).toEqual([
      ["ann", 200],
      ["ann", 200],
      ["ann", 429],
      ["ben", 200],
      ["ben", 429],
    ]);
  });

  test("begins no call when the limits cannot be counted", async () => {
    const url = await start(byHeader, {}, {
      take: () => Promise.reject(new Error("no connection")),
      once: () => Promise.reject(new Error("no connection")),
      close: () => Promise.resolve(),
    });

    const response = await call(url, { "x-user": "ann" });

    expect(await codeOf(response)).toEqual([503, "limits_unavailable"]);
    expect(upstream.seen).toEqual([]);
  });

  test("is not for the page of another site", async () => {
    const url = await start(byHeader);

    const response = await call(url, { "x-user": "ann", "sec-fetch-site": "cross-site" });

    expect(await codeOf(response)).toEqual([403, "origin_refused"]);
  });

  test("logs a line that programs read, without a secret", async () => {
    const url = await start(byHeader);

    await call(url, { "x-user": "ann", "x-request-id": "r-1" });

    await expect.poll(() => logged.length).toBe(1);
    expect(JSON.parse(logged[0] ?? "")).toEqual({
      time: expect.any(String),
      level: "info",
      message: "request",
      id: "r-1",
      method: "POST",
      path: "/session",
      status: 200,
      ms: expect.any(Number),
    });
  });
});

/** The service in front of a page like one that was built. */
async function build(environment: Record<string, string> = {}): Promise<string> {
  await mkdir(join(folder, "assets"));
  await writeFile(join(folder, "index.html"), `<!doctype html>${"<p>page</p>".repeat(50)}`);
  await writeFile(join(folder, "assets", "main-0123.js"), "export {};");
  const settings = readSettings({ ...ENVIRONMENT, OPENAI_BASE_URL: apiUrl, ...environment });
  const page = await readPage(settings, folder);
  const service = createService(settings, (line) => logged.push(line), { page });
  services.push(service);
  return listen(service);
}

describe("the built page", () => {
  test("is sent compressed, checked for news each time, and may call but one other place", async () => {
    const url = await build();

    const response = await fetch(`${url}/`, { headers: { "accept-encoding": "gzip, br" } });

    expect(await response.text()).toContain("<p>page</p>");
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-encoding": "br",
      "cache-control": "no-cache",
      "content-type": "text/html; charset=utf-8",
      "permissions-policy": expect.stringMatching(/^microphone=\(self\)/),
      "strict-transport-security": "max-age=31536000",
      "x-content-type-options": "nosniff",
    });
    expect(response.headers.get("content-security-policy")?.split("; ")).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self' https://api.openai.com wss://api.openai.com",
        "frame-ancestors 'none'",
      ]),
    );
  });

  test("may call no other place when the API is at its own", async () => {
    const url = await build({ REALTIME_URL: "/v1/realtime" });

    const policy = (await fetch(`${url}/`)).headers.get("content-security-policy");

    expect(policy).toContain("connect-src 'self';");
  });

  test("is not sent again when the browser has it", async () => {
    const url = await build();
    const tag = (await fetch(`${url}/`)).headers.get("etag") ?? "";

    expect((await fetch(`${url}/`, { headers: { "if-none-match": tag } })).status).toBe(304);
  });

  test("has files that a browser may keep for good", async () => {
    const url = await build();

    const response = await fetch(`${url}/assets/main-0123.js`);

    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(response.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  });

  test("lets nobody read what is not in it", async () => {
    const url = await build();

    const statuses = [];
    for (const path of ["/assets/", "/..%2fpackage.json", "/assets/../../package.json", "/.env"]) {
      statuses.push((await fetch(`${url}${path}`)).status);
    }

    expect(statuses).toEqual([404, 404, 404, 404]);
  });

  test("that was not built says what to do", async () => {
    await expect(readPage(readSettings({}), folder)).rejects.toThrow("Run npm run build");
  });
});

describe("limits", () => {
  test("give a call back when its minute is over", async () => {
    let now = 0;
    const settings = readSettings({ CALLS_PER_MINUTE: "2" });
    const limits = createLimits(settings, () => now);

    const waits = [];
    for (const at of [0, 10_000, 20_000, 59_999, 60_000, 60_001]) {
      now = at;
      waits.push(await limits.take(null));
    }

    expect(waits).toEqual([0, 0, 40, 1, 0, 10]);
  });

  test("of wrong numbers are named", () => {
    expect(() => readSettings({ CALLS_PER_MINUTE: "many" })).toThrow(/CALLS_PER_MINUTE.*many/);
  });
});
