/** What goes on within a live call: turns, answers, buttons, tools. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { AnyEvent } from "../src/realtime/events.ts";
import { failure } from "../src/realtime/failures.ts";
import { DEFAULTS } from "../src/realtime/settings.ts";
import type { Tool } from "../src/realtime/tools.ts";
import { settle, Stage } from "./fakes.ts";
import type { FakeTransport } from "./fakes.ts";

let stage: Stage;

beforeEach(() => {
  vi.useFakeTimers();
  stage = new Stage();
});

afterEach(() => {
  stage.session.hangUp();
  vi.useRealTimers();
});

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

const SPEAKS: AnyEvent = {
  type: "input_audio_buffer.speech_started",
  item_id: "i1",
  audio_start_ms: 0,
};
const HAS_SPOKEN: AnyEvent = {
  type: "input_audio_buffer.speech_stopped",
  item_id: "i1",
  audio_end_ms: 900,
};

function answer(id: string): AnyEvent {
  return { type: "response.created", response: { id, status: "in_progress" } };
}

function done(id: string, more: object = {}): AnyEvent {
  return { type: "response.done", response: { id, status: "completed", ...more } };
}

test("a turn is heard, thought about, spoken and over", async () => {
  const call = await stage.begin();
  const seen = [stage.session.snapshot.activity];
  const steps: (() => void)[] = [
    () => call.says(SPEAKS),
    () => call.says(HAS_SPOKEN),
    () => call.says(answer("r1")),
    () => call.listener.sounding(true),
    () => call.says(done("r1")),
    () => call.listener.sounding(false),
  ];
  for (const step of steps) {
    step();
    seen.push(stage.session.snapshot.activity);
  }

  expect(seen).toEqual([
    "listening",
    "hearing",
    "thinking",
    "thinking",
    "speaking",
    "speaking",
    "listening",
  ]);
});

test("the first sound is timed from the end of speech to what the meter hears", async () => {
  const call = await stage.begin();
  call.says(HAS_SPOKEN);
  await pass(200);
  call.says(answer("r1"));
  await pass(435);
  stage.audio.model = { peak: 0.3, dbfs: -20 };
  await pass(15);

  expect(stage.session.snapshot.latenciesMs).toEqual([650]);
  expect(stage.session.snapshot.stages.at(-1)).toMatchObject({ state: "done", tookMs: 650 });
});

test("an answer carries the time it took, also when its words come after its sound", async () => {
  const call = await stage.begin();
  const item = { id: "i2", type: "message", role: "assistant", content: [] };
  call.says(HAS_SPOKEN, answer("r1"), {
    type: "response.output_item.added",
    response_id: "r1",
    item,
  });
  stage.audio.model = { peak: 0.3, dbfs: -20 };
  await pass(30);
  call.says({
    type: "response.output_audio_transcript.delta",
    response_id: "r1",
    item_id: "i2",
    content_index: 0,
    delta: "Far.",
  });

  expect(stage.session.snapshot.turns).toMatchObject([{ text: "Far.", latencyMs: 15 }]);
});

test("the time of an answer that called tools is that of the answer that is heard", async () => {
  const call = await stage.begin();
  const item = { id: "i2", type: "message", role: "assistant", content: [] };
  call.says(HAS_SPOKEN, answer("r1"));
  await pass(500);
  call.says(done("r1"), answer("r2"), {
    type: "response.output_item.added",
    response_id: "r2",
    item,
  });
  stage.audio.model = { peak: 0.3, dbfs: -20 };
  await pass(30);

  expect(stage.session.snapshot.turns).toMatchObject([{ responseId: "r2", latencyMs: 510 }]);
});

test("each answer is timed, and one that is never heard is not", async () => {
  const call = await stage.begin();
  call.says(HAS_SPOKEN, answer("r1"));
  await pass(31_000);
  call.says(done("r1"), HAS_SPOKEN, answer("r2"));
  stage.audio.model = { peak: 0.3, dbfs: -20 };
  await pass(30);

  expect(stage.session.snapshot.latenciesMs).toEqual([15]);
});

test("interrupting cancels the answer and silences it", async () => {
  const call = await stage.begin();
  call.says(answer("r1"));
  stage.session.interrupt();

  expect(call.sent).toEqual([{ type: "response.cancel" }]);
  expect(call.silenced).toBe(1);
});

test("interrupting what is already generated only silences it", async () => {
  const call = await stage.begin();
  call.says(answer("r1"), done("r1"));
  stage.session.interrupt();

  expect(call.sent).toEqual([]);
  expect(call.silenced).toBe(1);
});

test("messages that crossed on their way are not shown as trouble", async () => {
  const call = await stage.begin();
  for (const code of ["response_cancel_not_active", "input_audio_buffer_commit_empty"]) {
    call.says({ type: "error", error: { code, message: "" } });
  }

  expect(stage.session.snapshot.troubles).toEqual([]);
});

test("an error in a call is shown and the call goes on", async () => {
  const call = await stage.begin();
  const message = "Unknown parameter: 'session.voice'.";
  call.says({ type: "error", error: { code: "unknown_parameter", message } });

  const { phase, troubles } = stage.session.snapshot;
  expect({ phase, troubles }).toEqual({
    phase: "live",
    troubles: [failure("sessionRefused", message)],
  });
});

test("an answer that failed for want of credit says so", async () => {
  const call = await stage.begin();
  const error = { code: "insufficient_quota", message: "You exceeded…" };
  call.says(done("r1", { status: "failed", status_details: { error } }));

  expect(stage.session.snapshot.troubles.map(({ code }) => code)).toEqual(["RT522"]);
});

test("tokens of all answers are counted", async () => {
  const call = await stage.begin();
  const usage = {
    input_token_details: { text_tokens: 10, audio_tokens: 20 },
    output_token_details: { text_tokens: 5, audio_tokens: 15 },
  };
  call.says(done("r1", { usage }), done("r2", { usage }));

  expect(stage.session.snapshot.tokens).toMatchObject({ audioIn: 40, audioOut: 30, textOut: 10 });
});

async function beginHolding(): Promise<FakeTransport> {
  stage.session.change({ ...DEFAULTS, turnTaking: "push_to_talk" });
  const call = await stage.begin();
  call.sent.length = 0;
  return call;
}

test("while nobody holds the button, the microphone is closed", async () => {
  const call = await beginHolding();

  expect(call.microphone).toBe(false);
});

test("holding and letting go sends what was said, to the end of its last word", async () => {
  const call = await beginHolding();
  stage.session.press();
  expect(call.microphone).toBe(true);
  await pass(1000);
  stage.session.release();
  expect(call.sent.map(({ type }) => type)).toEqual(["input_audio_buffer.clear"]);
  await pass(150);

  expect(call.sent.map(({ type }) => type)).toEqual([
    "input_audio_buffer.clear",
    "input_audio_buffer.commit",
    "response.create",
  ]);
  expect(call.microphone).toBe(false);
});

test("a press that is too short sends nothing and says so", async () => {
  const call = await beginHolding();
  stage.session.press();
  await pass(100);
  stage.session.release();
  await pass(1000);

  expect(call.sent.map(({ type }) => type)).toEqual(["input_audio_buffer.clear"]);
  expect(stage.session.snapshot.troubles.map(({ code }) => code)).toEqual(["RT618"]);
});

test("holding the button interrupts the answer", async () => {
  const call = await beginHolding();
  call.says(answer("r1"));
  stage.session.press();

  expect(call.sent.map(({ type }) => type)).toEqual(["response.cancel", "input_audio_buffer.clear"]);
  expect(call.silenced).toBe(1);
});

test("switching to hold to talk during a call closes the microphone", async () => {
  const call = await stage.begin();
  stage.session.change({ ...DEFAULTS, turnTaking: "push_to_talk" });

  expect(call.microphone).toBe(false);
  expect(call.sent.at(-1)).toMatchObject({
    session: { audio: { input: { turn_detection: null } } },
  });
});

const ADDS: Tool = {
  name: "add",
  description: "Adds.",
  parameters: { type: "object", properties: { a: { type: "number" } }, required: ["a"] },
  run: async ({ a }) => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return Number(a) + 1;
  },
};

function calls(id: string, ...numbers: number[]): AnyEvent[] {
  const output = numbers.map((a) => ({
    type: "function_call",
    id: `item_${a}`,
    status: "completed",
    call_id: `call_${a}`,
    name: "add",
    arguments: JSON.stringify({ a }),
  }));
  return [
    ...output.map((item) => ({ type: "response.output_item.done", response_id: id, item })),
    done(id, { output }),
  ];
}

test("every output of an answer is told first, then one answer is asked for", async () => {
  stage = new Stage([ADDS]);
  const call = await stage.begin();
  call.says(answer("r1"), ...calls("r1", 1, 2));
  await pass(400);

  expect(call.sent).toEqual([
    {
      type: "conversation.item.create",
      item: { type: "function_call_output", call_id: "call_1", output: "2" },
    },
    {
      type: "conversation.item.create",
      item: { type: "function_call_output", call_id: "call_2", output: "3" },
    },
    { type: "response.create" },
  ]);
});

test("a tool whose answer was interrupted is told, and no answer asked for", async () => {
  stage = new Stage([ADDS]);
  const call = await stage.begin();
  const [item, over] = calls("r1", 1);
  if (item === undefined || over === undefined) throw new Error("no calls");
  const { response } = over as unknown as { response: object };
  call.says(answer("r1"), item, { ...over, response: { ...response, status: "cancelled" } });
  await pass(400);

  expect(call.sent.map(({ type }) => type)).toEqual(["conversation.item.create"]);
});

test("an answer is asked for after the one that began meanwhile", async () => {
  stage = new Stage([ADDS]);
  const call = await stage.begin();
  call.says(answer("r1"), ...calls("r1", 1));
  await pass(100);
  call.says(answer("r2"));
  await pass(300);
  expect(call.sent.map(({ type }) => type)).toEqual(["conversation.item.create"]);
  call.says(done("r2"));

  expect(call.sent.at(-1)).toEqual({ type: "response.create" });
});

test("an answer is asked for again when the server had begun one before it was asked", async () => {
  stage = new Stage([ADDS]);
  const call = await stage.begin();
  call.says(answer("r1"), ...calls("r1", 1));
  await pass(400);
  // Turn detection was quicker: its answer knows nothing of the output.
  const error = { code: "conversation_already_has_active_response", message: "" };
  call.says(answer("r2"), { type: "error", error }, done("r2"));

  expect(call.sent.map(({ type }) => type)).toEqual([
    "conversation.item.create",
    "response.create",
    "response.create",
  ]);
  expect(stage.session.snapshot.troubles).toEqual([]);
});

test("no answer is asked for while the caller speaks, who will get one anyway", async () => {
  stage = new Stage([ADDS]);
  const call = await stage.begin();
  call.says(answer("r1"), ...calls("r1", 1), SPEAKS);
  await pass(400);

  expect(call.sent.map(({ type }) => type)).toEqual(["conversation.item.create"]);
});

test("a session that took over meanwhile is told of the call as well", async () => {
  stage = new Stage([ADDS]);
  const call = await stage.begin();
  call.says(answer("r1"), ...calls("r1", 1));
  call.listener.lost(failure("callLost"));
  await pass(400);

  expect(stage.transport.sent.slice(-3)).toMatchObject([
    { item: { type: "function_call", call_id: "call_1", name: "add" } },
    { item: { type: "function_call_output", call_id: "call_1", output: "2" } },
    { type: "response.create" },
  ]);
});

test("a tool that asks waits for the person, and shows it", async () => {
  stage = new Stage([{ ...ADDS, asks: true }]);
  const call = await stage.begin();
  call.says(answer("r1"), ...calls("r1", 1));
  await pass(1000);
  expect(stage.session.snapshot.turns).toMatchObject([{ kind: "tool", state: "asking" }]);
  stage.session.decide("call_1", true);
  await pass(400);

  expect(stage.session.snapshot.turns).toMatchObject([
    { kind: "tool", state: "done", output: "2" },
  ]);
});

test("nothing is told after the call has ended", async () => {
  stage = new Stage([ADDS]);
  const call = await stage.begin();
  call.says(answer("r1"), ...calls("r1", 1));
  stage.session.hangUp();
  await settle();
  await pass(400);

  expect(call.sent).toEqual([]);
});
