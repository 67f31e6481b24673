import { createHmac } from "node:crypto";

import Anthropic from "@anthropic-ai/sdk";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { askClaude } from "../server/claude.ts";
import { openRoutes } from "./open-routes.ts";
import { Upstream } from "./upstream.ts";

const USAGE = { input_tokens: 1, output_tokens: 1 };

function says(stop_reason: string, ...content: readonly object[]): object {
  return { id: "msg_1", type: "message", role: "assistant", model: "m", content, stop_reason, usage: USAGE };
}

const asksForTime = (id: string): object => ({ type: "tool_use", id, name: "current_time", input: {} });

let claude: Upstream;
let client: Anthropic;

beforeEach(async () => {
  claude = new Upstream();
  const url = (await claude.listen()).replace(/\/v1$/, "");
  vi.stubEnv("ANTHROPIC_BASE_URL", url);
  vi.stubEnv("ANTHROPIC_API_KEY", "sk-ant-test");
  client = new Anthropic({ apiKey: "sk-ant-test", baseURL: url, maxRetries: 0 });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await claude.close();
});

function messagesOf(request: number): readonly object[] {
  const body = claude.seen[request]?.body as { messages: object[] } | undefined;
  return body?.messages ?? [];
}

/** What Claude answers; the last of it again and again. */
function answers(...messages: readonly object[]): void {
  const headers = { "content-type": "application/json" };
  const given = messages.map((message) => ({ status: 200, headers, body: JSON.stringify(message) }));
  claude.first.push(...given);
  claude.answer = given.at(-1) ?? claude.answer;
}

test("an answer in words is the answer", async () => {
  answers(says("end_turn", { type: "text", text: "Forty-two." }));

  expect(await askClaude(client, "What is six by seven?", AbortSignal.timeout(5000))).toBe("Forty-two.");
  expect(claude.seen[0]?.path).toBe("/v1/messages");
  expect(claude.seen[0]?.headers.authorization).toBe("Bearer sk-ant-test");
});

test("results of all tools of a turn go back in one message, behind what asked for them", async () => {
  const turn = [{ type: "text", text: "Let me see." }, asksForTime("toolu_1"), asksForTime("toolu_2")];
  answers(says("tool_use", ...turn), says("end_turn", { type: "text", text: "It is late." }));

  const answer = await askClaude(client, "Is it late?", AbortSignal.timeout(5000));

  expect(answer).toBe("It is late.");
  expect(messagesOf(1)).toEqual([
    { role: "user", content: "Is it late?" },
    { role: "assistant", content: turn },
    {
      role: "user",
      content: ["toolu_1", "toolu_2"].map((id) => ({
        type: "tool_result",
        tool_use_id: id,
        content: expect.stringMatching(/^\{"now":"20/),
      })),
    },
  ]);
});

test("a tool that is not there is an error for Claude, not for the caller", async () => {
  answers(
    says("tool_use", { type: "tool_use", id: "toolu_1", name: "no_tool", input: {} }),
    says("end_turn", { type: "text", text: "I cannot say." }),
  );

  expect(await askClaude(client, "?", AbortSignal.timeout(5000))).toBe("I cannot say.");
  expect(JSON.stringify(claude.seen[1]?.body)).toContain('"is_error":true');
});

test("a pause goes on unchanged", async () => {
  const paused = { type: "text", text: "Searching" };
  answers(says("pause_turn", paused), says("end_turn", { type: "text", text: "Done." }));

  expect(await askClaude(client, "?", AbortSignal.timeout(5000))).toBe("Done.");
  expect(messagesOf(1).at(-1)).toEqual({ role: "assistant", content: [paused] });
});

test("tools without end come to an end", async () => {
  answers(says("tool_use", asksForTime("toolu_1")));

  await expect(askClaude(client, "?", AbortSignal.timeout(5000))).rejects.toThrow("6 turns");
});

test("POST /claude answers the page, and says when Claude could not be asked", async () => {
  const routes = await openRoutes();
  const ask = (body: object, headers = {}): Promise<Response> =>
    routes.post("/claude", {
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    });
  answers(says("end_turn", { type: "text", text: "Yes." }));
  const good = await ask({ question: "Is it?" });
  const elsewhere = await ask({ question: "Is it?" }, { "sec-fetch-site": "cross-site" });
  const empty = await ask({ question: "" });
  claude.first.length = 0;
  claude.answer = { status: 401, body: "{}" };
  const failed = await ask({ question: "Is it?" });
  await routes.close();

  expect(await good.json()).toEqual({ answer: "Yes." });
  expect([elsewhere.status, empty.status, failed.status]).toEqual([403, 400, 502]);
  expect(await failed.text()).toContain("401");
  expect(routes.logged.join("\n")).toMatch(/claude failed: .*401/);
  expect(routes.logged.join("\n")).not.toContain("sk-ant-test");
});

test("POST /claude says which variable is missing", async () => {
  vi.stubEnv("ANTHROPIC_API_KEY", "");
  const routes = await openRoutes();

  const response = await routes.post("/claude", {
    body: '{"question":"Is it?"}',
    headers: { "content-type": "application/json" },
  });
  await routes.close();

  expect([response.status, await response.text()]).toEqual([
    503,
    expect.stringContaining("ANTHROPIC_API_KEY"),
  ]);
  expect(claude.seen).toEqual([]);
});

test("in production nobody asks Claude whom the hook does not know", async () => {
  vi.stubEnv("NODE_ENV", "production");
  const routes = await openRoutes();

  const response = await routes.post("/claude", {
    body: '{"question":"Is it?"}',
    headers: { "content-type": "application/json" },
  });
  await routes.close();

  expect(response.status).toBe(403);
  expect(claude.seen).toEqual([]);
});

test("Anthropic's events are taken with their signature and refused without", async () => {
  vi.stubEnv("ANTHROPIC_WEBHOOK_SIGNING_KEY", `whsec_${Buffer.from("key").toString("base64")}`);
  const routes = await openRoutes();
  const body = JSON.stringify({ type: "event", id: "e1", data: { type: "session.status_idled", id: "s1" } });
  const time = String(Math.floor(Date.now() / 1000));
  const mac = createHmac("sha256", Buffer.from("key")).update(`w1.${time}.${body}`).digest("base64");
  const send = (signature: string): Promise<Response> => {
    const headers = { "webhook-id": "w1", "webhook-timestamp": time, "webhook-signature": signature };
    return routes.post("/webhooks/anthropic", { body, headers });
  };

  const statuses = [await send(`v1,${mac}`), await send("v1,AAAA")].map(({ status }) => status);
  await routes.close();

  expect(statuses).toEqual([200, 401]);
  expect(routes.logged).toContain("anthropic event session.status_idled s1");
});
