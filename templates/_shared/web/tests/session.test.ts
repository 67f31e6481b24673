import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { failure } from "../src/realtime/failures.ts";
import { DEFAULTS } from "../src/realtime/settings.ts";
import { created, SECRET, settle, Stage } from "./fakes.ts";

let stage: Stage;

beforeEach(() => {
  vi.useFakeTimers();
  stage = new Stage();
});

afterEach(async () => {
  stage.session.hangUp();
  await settle();
  expect(stage.network.watchers).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function states(): string[] {
  return stage.session.snapshot.stages.map(({ name, state }) => `${name} ${state}`);
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

test("a call goes through its stages, each with its time", async () => {
  stage.fetchSecret = async () => {
    vi.advanceTimersByTime(40);
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
  stage.session.change({ ...DEFAULTS, transport: "websocket" });

  await stage.begin();

  expect(states()).not.toContain("offer done");
  expect(stage.transport.name).toBe("websocket");
});

test("not a sound is sent before the session is there", async () => {
  stage.greets = false;
  const started = stage.session.start();
  await settle();

  expect(stage.transport.microphone).toBe(false);
  stage.transport.says(created(3600));
  await started;
  expect(stage.transport.microphone).toBe(true);
});

test("no secret is asked for while the browser still asks for the microphone", async () => {
  stage.granted = false;
  const allowed = new EventTarget();
  stage.audio.useMicrophone = () =>
    new Promise((resolve) => allowed.addEventListener("yes", () => resolve("")));

  void stage.session.start();
  await settle();
  expect(stage.minted).toBe(0);
  allowed.dispatchEvent(new Event("yes"));
  await settle();
  expect(stage.minted).toBe(1);
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

test("an error in place of session.created is the failure", async () => {
  stage.greets = false;
  const started = stage.session.start();
  await settle();
  const message = 'Model "gpt-nope" is not supported in realtime mode.';
  stage.transport.says({ type: "error", error: { code: "invalid_model", message } });
  await started;

  expect(stage.session.snapshot.failure).toEqual(failure("modelRefused", message));
  expect(states()).toContain("session failed");
});

test("a session that does not begin within ten seconds is given up", async () => {
  stage.greets = false;
  const started = stage.session.start();
  await pass(10_000);
  await started;

  expect(stage.session.snapshot.failure?.code).toBe("RT609");
});

test("hanging up while connecting ends without a failure", async () => {
  stage.greets = false;
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
  stage.greets = false;
  void stage.session.start();
  void stage.session.start();
  await settle();

  expect(stage.transports).toHaveLength(1);
});

test("a call that another tab takes over says so", async () => {
  await stage.begin();
  stage.session.giveWay();

  expect(stage.session.snapshot.failure?.code).toBe("RT617");
});

test("settings are the session's before the microphone is opened", async () => {
  stage.session.change({ ...DEFAULTS, voice: "cedar", turnTaking: "semantic_vad" });
  const seen: boolean[] = [];
  stage.session.subscribe(() => {
    const last = stage.transports.at(-1);
    if (last?.sent.length === 1) seen.push(last.microphone);
  });

  const { sent } = await stage.begin();

  expect(sent).toEqual([
    {
      type: "session.update",
      session: {
        type: "realtime",
        audio: {
          input: {
            turn_detection: {
              type: "semantic_vad",
              eagerness: "auto",
              create_response: true,
              interrupt_response: true,
            },
          },
          output: { voice: "cedar" },
        },
      },
    },
  ]);
  expect(seen[0]).toBe(false);
});

test("a setting that is refused is trouble, and the call begins without it", async () => {
  stage.session.change({ ...DEFAULTS, voice: "cedar" });
  stage.greets = false;
  const started = stage.session.start();
  await settle();
  stage.transport.answers = false;
  stage.transport.says(created(3600));
  await settle();
  const message = "Invalid value: 'cedar'.";
  stage.transport.says({ type: "error", error: { code: "invalid_value", message } });
  await started;

  const { phase, troubles } = stage.session.snapshot;
  expect({ phase, troubles }).toEqual({
    phase: "live",
    troubles: [failure("sessionRefused", message)],
  });
});

test("changes during a call are told at once, but never a voice", async () => {
  const call = await stage.begin();
  stage.session.change({ ...DEFAULTS, voice: "cedar", instructions: "Speak slowly." });

  expect(call.sent).toEqual([
    { type: "session.update", session: { type: "realtime", instructions: "Speak slowly.", audio: {} } },
  ]);
});

test("sound of another making is checked before it is sent", async () => {
  stage.session.change({ ...DEFAULTS, transport: "websocket" });
  const call = await stage.begin();
  stage.session.say(new Uint8Array(96_000), { rateHz: 24_000, channels: 1 });

  expect(call.sent.map(({ type }) => type)).toEqual([
    "input_audio_buffer.append",
    "input_audio_buffer.append",
  ]);
  expect(() => stage.session.say(new Uint8Array(4), { rateHz: 48_000, channels: 1 })).toThrow(
    "48000 Hz",
  );
});

test("another microphone is taken during a call", async () => {
  await stage.begin();
  stage.session.change({ ...DEFAULTS, microphone: "headset", speaker: "hall" });
  await settle();

  expect(stage.audio.microphones).toEqual(["", "headset"]);
  expect(stage.audio.speakers).toEqual(["hall"]);
});

test("a microphone that is unplugged is replaced by the system's choice", async () => {
  await stage.begin();
  stage.audio.onMicrophoneLost("Headset");
  await settle();

  expect(stage.session.snapshot.turns).toEqual([
    {
      kind: "note",
      id: "note_0",
      text: 'The microphone "Headset" is gone; "Built-in" is used now.',
      code: "RT605",
    },
  ]);
});

test("an unplugged microphone without another one is trouble, not the end", async () => {
  await stage.begin();
  stage.audio.refuses = "microphoneMissing";
  stage.audio.onMicrophoneLost("Headset");
  await settle();

  const { phase, troubles } = stage.session.snapshot;
  expect({ phase, troubles }).toEqual({
    phase: "live",
    troubles: [failure("microphoneLost", "Headset")],
  });
});

test("a microphone that gives nothing but zeros is named after eight seconds", async () => {
  await stage.begin();
  await pass(7900);
  expect(stage.session.snapshot.troubles).toEqual([]);
  await pass(200);

  expect(stage.session.snapshot.troubles.map(({ code }) => code)).toEqual(["RT606"]);
  stage.session.dismiss();
  expect(stage.session.snapshot.troubles).toEqual([]);
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

test("without a network, the device is named and not the token service", async () => {
  stage.network.goes(false);
  stage.fetchSecret = () => Promise.reject(Object.assign(new Error(), { name: "x" }));
  const { CallError } = await import("../src/realtime/failures.ts");
  stage.fetchSecret = () => Promise.reject(new CallError("tokenServiceDown"));

  await stage.session.start();

  expect(stage.session.snapshot.failure?.code).toBe("RT615");
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
