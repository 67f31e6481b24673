import { createHmac } from "node:crypto";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { readText } from "../server/answers.ts";
import { callIn } from "../server/openai-webhook.ts";
import { openRoutes } from "./open-routes.ts";
import type { Routes } from "./open-routes.ts";
import { Upstream } from "./upstream.ts";

const SECRET = `whsec_${Buffer.from("a secret of this test").toString("base64")}`;
const INCOMING = {
  object: "event",
  id: "evt_abc",
  type: "realtime.call.incoming",
  created_at: 1_795_364_000,
  data: {
    call_id: "rtc_abc",
    sip_headers: [
      { name: "From", value: "sip:+15550100@example.com" },
      { name: "To", value: "sip:proj_1@sip.api.openai.com" },
    ],
  },
};

/** What goes on behind an answer is waited for, on a busy machine too. */
const SOON = { timeout: 5000 };

let upstream: Upstream;
let routes: Routes;

beforeEach(async () => {
  vi.stubEnv("OPENAI_WEBHOOK_SECRET", SECRET);
  upstream = new Upstream();
  vi.stubEnv("OPENAI_API_KEY", "sk-test-0123456789");
  vi.stubEnv("OPENAI_BASE_URL", await upstream.listen());
  routes = await openRoutes();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all([routes.close(), upstream.close()]);
});

interface Sent {
  readonly id?: string;
  readonly secret?: string;
  /** Seconds from now. */
  readonly after?: number;
}

function send(event: object, { id = "wh_1", secret = SECRET, after = 0 }: Sent = {}): Promise<Response> {
  const body = JSON.stringify(event);
  const time = String(Math.floor(Date.now() / 1000) + after);
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64");
  return routes.post("/webhooks/openai", {
    body,
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": time,
      "webhook-signature": `v1,b3RoZXI= v1,${signature}`,
    },
  });
}

test("a call from a number that is known is accepted, without tools of a page", async () => {
  vi.stubEnv("ACCEPT_CALLS_FROM", "+15550199, +15550100");

  const response = await send(INCOMING);

  expect(response.status).toBe(200);
  await expect.poll(() => upstream.seen, SOON).toHaveLength(1);
  const [accepted] = upstream.seen;
  expect(accepted?.path).toBe("/v1/realtime/calls/rtc_abc/accept");
  expect(accepted?.headers.authorization).toBe("Bearer sk-test-0123456789");
  expect(accepted?.body).toMatchObject({ type: "realtime", model: "gpt-realtime-2.1" });
  expect(accepted?.body).not.toHaveProperty("tools");
});

test("a call from anybody else is rejected", async () => {
  await send(INCOMING);

  await expect.poll(() => upstream.seen, SOON).toHaveLength(1);
  expect([upstream.seen[0]?.path, upstream.seen[0]?.body]).toEqual([
    "/v1/realtime/calls/rtc_abc/reject",
    { status_code: 603 },
  ]);
});

test("a body without end is read no further than to the limit", async () => {
  let parts = 0;
  const part = new Uint8Array(1024);
  const body = new ReadableStream({
    pull: (stream) => {
      parts += 1;
      stream.enqueue(part);
    },
  });
  const init = { method: "POST", body, duplex: "half" } as RequestInit;

  const text = await readText(new Request("http://localhost/", init), 16 * 1024);

  expect(text).toMatchObject({ status: 413 });
  expect(parts).toBeLessThan(20);
});

test("a message that comes again is acted on once", async () => {
  const bodies = [];
  for (let time = 0; time < 3; time += 1) bodies.push(await (await send(INCOMING)).json());

  expect(bodies).toEqual([
    { received: true, duplicate: false },
    { received: true, duplicate: true },
    { received: true, duplicate: true },
  ]);
  await expect.poll(() => routes.logged.filter((line) => line.startsWith("call ")), SOON).toHaveLength(1);
  expect(upstream.seen).toHaveLength(1);
});

test.each([
  ["by another secret", { secret: `whsec_${Buffer.from("other").toString("base64")}` }],
  ["long ago", { after: -310 }],
  ["in a time to come", { after: 310 }],
])("a message signed %s is refused", async (_how, given) => {
  const response = await send(INCOMING, given);

  expect(response.status).toBe(401);
  expect(upstream.seen).toEqual([]);
});

test.each(["", "whsec_", "whsec_ "])("a secret that holds no key lets nobody in: %j", async (secret) => {
  vi.stubEnv("OPENAI_WEBHOOK_SECRET", secret);
  await routes.close();
  routes = await openRoutes();

  const response = await send(INCOMING, { secret: "whsec_" });

  expect([response.status, upstream.seen]).toEqual([503, []]);
});

test("a message that is too large is not read to its end", async () => {
  const response = await send({ ...INCOMING, more: "x".repeat(300_000) });

  expect(response.status).toBe(413);
});

test("a call that could not be answered is logged, and the next message taken", async () => {
  vi.stubEnv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1");
  await routes.close();
  routes = await openRoutes();

  expect((await send(INCOMING)).status).toBe(200);
  await expect.poll(() => routes.logged.join("\n"), SOON).toContain("webhook wh_1 failed");
  expect((await send(INCOMING, { id: "wh_2" })).status).toBe(200);
});

test("an event of another kind is taken and left alone", async () => {
  expect((await send({ ...INCOMING, type: "response.completed" })).status).toBe(200);
  expect(upstream.seen).toEqual([]);
});

test("a call id that would lead elsewhere is none", () => {
  expect(callIn({ ...INCOMING, data: { call_id: "../../files" } })).toBeNull();
});
