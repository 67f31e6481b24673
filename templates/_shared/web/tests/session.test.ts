import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { failure } from "../src/realtime/failures.ts";
import { CREATED, SECRET, settle, Stage } from "./fakes.ts";

let stage: Stage;

beforeEach(() => {
  vi.useFakeTimers();
  stage = new Stage();
});

afterEach(() => {
  stage.session.hangUp();
  vi.useRealTimers();
});

function states(): string[] {
  return stage.session.snapshot.stages.map(({ name, state }) => `${name} ${state}`);
}

test("a call goes through its stages, each with its time", async () => {
  stage.fetchSecret = async () => {
    stage.nowMs += 40;
    return SECRET;
  };
  const seen: string[] = [];
  stage.session.subscribe(() => {
    const active = stage.session.snapshot.stages.find(({ state }) => state === "active");
    if (active !== undefined && seen.at(-1) !== active.name) seen.push(active.name);
  });

  await stage.begin();

  const { phase, model, voice, stages } = stage.session.snapshot;
  expect({ phase, model, voice }).toEqual({
    phase: "live",
    model: "gpt-realtime-2.1",
    voice: "marin",
  });
  expect(states()).toEqual([
    "microphone done",
    "token done",
    "offer done",
    "network done",
    "session done",
    "first sound waiting",
  ]);
  expect(stages.find(({ name }) => name === "token")?.tookMs).toBe(40);
  expect(seen).toEqual(["microphone", "token", "offer", "network", "session"]);
});

test("a WebSocket call has no offer", async () => {
  stage.session.settings = { transport: "websocket" };

  await stage.begin();

  expect(states()).not.toContain("offer done");
  expect(stage.transport.name).toBe("websocket");
});

test("not a sound is sent before the session is there", async () => {
  const started = stage.session.start();
  await settle();

  expect(stage.transport.microphone).toBe(false);
  stage.transport.says(CREATED);
  await started;
  expect(stage.transport.microphone).toBe(true);
});

test("no secret is asked for while the browser still asks for the microphone", async () => {
  stage.granted = false;
  const allowed = new EventTarget();
  stage.audio.useMicrophone = () =>
    new Promise((resolve) => allowed.addEventListener("yes", () => resolve()));
  let asked = 0;
  stage.fetchSecret = () => {
    asked += 1;
    return Promise.resolve(SECRET);
  };

  void stage.session.start();
  await settle();
  expect(asked).toBe(0);
  allowed.dispatchEvent(new Event("yes"));
  await settle();
  expect(asked).toBe(1);
});

test("a refused microphone fails its own stage and no other", async () => {
  stage.audio.refuses = "microphoneDenied";

  await stage.session.start();

  const { phase, failure: why } = stage.session.snapshot;
  expect({ phase, code: why?.code, detail: why?.detail }).toEqual({
    phase: "failed",
    code: "RT601",
    detail: "said by the browser",
  });
  expect(states().filter((state) => state.endsWith("failed"))).toEqual(["microphone failed"]);
  expect(stage.transports).toEqual([]);
  expect(stage.audio.opened).toBe(false);
});

test("a connection that is not made fails at the network", async () => {
  stage.refuses = "networkBlocked";

  await stage.session.start();

  expect(stage.session.snapshot.failure?.code).toBe("RT607");
  expect(states()).toContain("network failed");
});

test("an error in place of session.created is the failure", async () => {
  const started = stage.session.start();
  await settle();
  const message = 'Model "gpt-nope" is not supported in realtime mode.';
  stage.transport.says({ type: "error", error: { code: "invalid_model", message } });
  await started;

  expect(stage.session.snapshot.failure).toEqual(failure("modelRefused", message));
  expect(states()).toContain("session failed");
});

test("a session that does not begin within ten seconds is given up", async () => {
  const started = stage.session.start();
  await settle();
  await vi.advanceTimersByTimeAsync(10_000);
  await started;

  expect(stage.session.snapshot.failure?.code).toBe("RT609");
});

test("hanging up while connecting ends without a failure", async () => {
  const started = stage.session.start();
  await settle();
  stage.session.hangUp();
  await started;

  const { phase, failure: why } = stage.session.snapshot;
  expect({ phase, why }).toEqual({ phase: "ended", why: null });
  expect(stage.transport.closed).toBe(true);
});

test("what an old connection still says is not heard in the next call", async () => {
  const old = await stage.begin();
  stage.session.hangUp();
  await stage.begin();
  old.says({ type: "input_audio_buffer.speech_started", item_id: "item_1", audio_start_ms: 0 });
  old.listener.lost(failure("callLost"));

  const { phase, turns } = stage.session.snapshot;
  expect({ phase, turns }).toEqual({ phase: "live", turns: [] });
});

test("a second start while one is under way does nothing", async () => {
  void stage.session.start();
  void stage.session.start();
  await settle();

  expect(stage.transports).toHaveLength(1);
});

test("a turn is heard, thought about, spoken and over", async () => {
  const call = await stage.begin();
  const activity = (): string => stage.session.snapshot.activity;
  const seen = [activity()];
  call.says({ type: "input_audio_buffer.speech_started", item_id: "i1", audio_start_ms: 0 });
  seen.push(activity());
  call.says({ type: "input_audio_buffer.speech_stopped", item_id: "i1", audio_end_ms: 900 });
  seen.push(activity());
  call.says({ type: "response.created", response: { id: "r1", status: "in_progress" } });
  call.listener.sounding(true);
  seen.push(activity());
  call.says({ type: "response.done", response: { id: "r1", status: "completed" } });
  seen.push(activity());
  call.listener.sounding(false);
  seen.push(activity());

  expect(seen).toEqual(["listening", "hearing", "thinking", "speaking", "speaking", "listening"]);
});

test("the first sound is timed from the end of speech to what the meter hears", async () => {
  const call = await stage.begin();
  stage.nowMs = 5000;
  call.says({ type: "input_audio_buffer.speech_stopped", item_id: "i1", audio_end_ms: 900 });
  stage.nowMs = 5200;
  call.says({ type: "response.created", response: { id: "r1", status: "in_progress" } });
  await vi.advanceTimersByTimeAsync(100);
  expect(states()).toContain("first sound active");
  stage.nowMs = 5640;
  stage.audio.model = { peak: 0.3, dbfs: -20 };
  await vi.advanceTimersByTimeAsync(100);

  expect(stage.session.snapshot.latenciesMs).toEqual([640]);
  expect(stage.session.snapshot.stages.at(-1)).toMatchObject({ state: "done", tookMs: 640 });
});

test("interrupting cancels the answer and silences it", async () => {
  const call = await stage.begin();
  call.says({ type: "response.created", response: { id: "r1", status: "in_progress" } });
  stage.session.interrupt();

  expect(call.sent).toEqual([{ type: "response.cancel" }]);
  expect(call.silenced).toBe(1);
});

test("interrupting what is already generated only silences it", async () => {
  const call = await stage.begin();
  call.says(
    { type: "response.created", response: { id: "r1", status: "in_progress" } },
    { type: "response.done", response: { id: "r1", status: "completed" } },
  );
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
  call.says({
    type: "response.done",
    response: {
      id: "r1",
      status: "failed",
      status_details: { error: { code: "insufficient_quota", message: "You exceeded…" } },
    },
  });

  expect(stage.session.snapshot.troubles.map(({ code }) => code)).toEqual(["RT522"]);
});

test("a message without its fields is logged and not acted on", async () => {
  const call = await stage.begin();
  call.says({ type: "response.done" }, { type: "error", error: null }, { type: "made.up" });

  expect(stage.session.snapshot.phase).toBe("live");
  expect(stage.session.log.after(0).map(({ type }) => type)).toEqual([
    "session.created",
    "response.done",
    "error",
    "made.up",
  ]);
});

test("a lost connection is a failure and keeps the words", async () => {
  const call = await stage.begin();
  call.says({
    type: "conversation.item.input_audio_transcription.completed",
    item_id: "i1",
    transcript: "Hello",
  });
  stage.nowMs += 72_000;
  call.listener.lost(failure("callLost", "the network went away"));

  const { phase, failure: why, turns, lastedMs } = stage.session.snapshot;
  expect({ phase, code: why?.code, words: turns.map(({ text }) => text), lastedMs }).toEqual({
    phase: "failed",
    code: "RT610",
    words: ["Hello"],
    lastedMs: 72_000,
  });
});

test("a close after session_expired is named as such", async () => {
  const call = await stage.begin();
  const message = "Your session hit the maximum duration of 60 minutes.";
  call.says({ type: "error", error: { code: "session_expired", message } });
  call.listener.lost(failure("callLost"));

  expect(stage.session.snapshot.failure).toEqual(failure("sessionExpired", message));
});

test("muting silences the microphone and is over with the call", async () => {
  await stage.begin();
  stage.session.setMuted(true);
  expect({ muted: stage.audio.muted, shown: stage.session.snapshot.muted }).toEqual({
    muted: true,
    shown: true,
  });
  stage.session.hangUp();

  expect(stage.session.snapshot.muted).toBe(false);
});
