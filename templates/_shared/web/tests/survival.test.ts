/** What a call survives: networks that block, connections that end, sessions that expire. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Turns } from "../src/realtime/conversation.ts";
import type { AnyEvent } from "../src/realtime/events.ts";
import { CallError, failure } from "../src/realtime/failures.ts";
import { SECRET, settle, Stage } from "./fakes.ts";

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

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

function notes(turns: Turns): string[] {
  return turns.flatMap((turn) => (turn.kind === "note" ? [`${turn.code} ${turn.text}`] : []));
}

const ASKED: AnyEvent = {
  type: "conversation.item.input_audio_transcription.completed",
  item_id: "i1",
  transcript: "How far is the moon?",
};
const TOLD_AGAIN = {
  type: "conversation.item.create",
  item: {
    id: expect.stringMatching(/^item_[a-z0-9]{21}$/) as string,
    type: "message",
    role: "user",
    content: [{ type: "input_text", text: "How far is the moon?" }],
  },
};

test("when WebRTC does not get through, WebSocket does, with the reason and a new secret", async () => {
  stage.refuses = { webrtc: "networkBlocked" };

  await stage.session.start();

  const { phase, transport, turns, stages } = stage.session.snapshot;
  expect({ phase, transport }).toEqual({ phase: "live", transport: "websocket" });
  expect(notes(turns)).toEqual([
    "RT616 The call runs over WebSocket, because WebRTC did not get through: " +
      "The call's sound could not get through the network.",
  ]);
  expect(stages.map(({ name }) => name)).not.toContain("offer");
  expect(stage.minted).toBe(2);
  expect(stage.transports.map(({ name, closed }) => [name, closed])).toEqual([
    ["webrtc", true],
    ["websocket", false],
  ]);
});

test("a secret that was refused is refused on any way", async () => {
  stage.refuses = { webrtc: "secretRefused" };

  await stage.session.start();

  expect(stage.session.snapshot.failure?.code).toBe("RT511");
  expect(stage.transports).toHaveLength(1);
});

test("when no way leads through, the last one's reason is shown", async () => {
  stage.refuses = { webrtc: "networkBlocked", websocket: "offerRefused" };

  await stage.session.start();

  expect(stage.session.snapshot.failure?.code).toBe("RT608");
});

test("a lost call comes back, and the new session knows what was said", async () => {
  const old = await stage.begin();
  old.says(ASKED);
  old.listener.lost(failure("callLost", "the network went away"));
  expect(stage.session.snapshot.phase).toBe("reconnecting");
  await pass(10);

  // The server confirms an item twice; the second time may come when the call has gone on.
  const [again] = stage.transport.sent;
  if (again?.type !== "conversation.item.create") throw new Error("nothing was told");
  stage.transport.says({ type: "conversation.item.done", item: again.item });
  const { phase, sessionNumber, turns } = stage.session.snapshot;
  expect({ phase, sessionNumber }).toEqual({ phase: "live", sessionNumber: 2 });
  expect(turns.map(({ kind }) => kind)).toEqual(["words", "note"]);
  expect(notes(turns)).toEqual(["RT610 The connection was lost and came back after 0.0 s."]);
  expect(stage.transport.sent[0]).toEqual(TOLD_AGAIN);
  expect({ old: old.closed, microphone: stage.transport.microphone }).toEqual({
    old: true,
    microphone: true,
  });
  expect(stage.minted).toBe(2);
});

test("what had arrived of an answer is heard to its end while the call is got back", async () => {
  const old = await stage.begin();
  old.listener.sounding(true);
  old.listener.lost(failure("callLost"));
  await pass(10);
  expect({ closed: old.closed, activity: stage.session.snapshot.activity }).toEqual({
    closed: false,
    activity: "speaking",
  });
  old.listener.sounding(false);

  expect({ closed: old.closed, activity: stage.session.snapshot.activity }).toEqual({
    closed: true,
    activity: "listening",
  });
});

test("attempts come at growing distances, and the call is given up after the last", async () => {
  const old = await stage.begin();
  stage.refuses = { webrtc: "sessionSilent" };
  const began = performance.now();
  const at: number[] = [];
  stage.fetchSecret = async () => {
    at.push(performance.now() - began);
    return SECRET;
  };
  old.listener.lost(failure("callLost", "close code 1006"));
  await pass(60_000);

  expect(at).toEqual([0, 500, 1500, 3500, 7500, 15_500, 30_500]);
  expect(stage.session.snapshot.failure).toEqual(failure("callLost", "close code 1006"));
});

test("a failure that another attempt would meet again ends them", async () => {
  const old = await stage.begin();
  stage.fetchSecret = () => Promise.reject(new CallError("noCredit", "You exceeded…"));
  old.listener.lost(failure("callLost"));
  await pass(10);

  expect(stage.session.snapshot.failure).toEqual(failure("noCredit", "You exceeded…"));
});

test("while there is no network, nothing is tried; when it is back, at once", async () => {
  const old = await stage.begin();
  stage.network.goes(false);
  expect(stage.session.snapshot.online).toBe(false);
  old.listener.lost(failure("callLost"));
  await pass(30_000);
  expect(stage.minted).toBe(1);
  stage.network.goes(true);
  await settle();

  expect({ phase: stage.session.snapshot.phase, minted: stage.minted }).toEqual({
    phase: "live",
    minted: 2,
  });
});

test("hanging up ends the attempts", async () => {
  const old = await stage.begin();
  stage.network.goes(false);
  old.listener.lost(failure("callLost"));
  await pass(100);
  stage.session.hangUp();
  stage.network.goes(true);
  await pass(1000);

  expect({ phase: stage.session.snapshot.phase, minted: stage.minted }).toEqual({
    phase: "ended",
    minted: 1,
  });
});

test("a close that names the app's fault is the end", async () => {
  const old = await stage.begin();
  old.listener.lost(failure("modelRefused", "invalid_request_error.invalid_model"));

  expect(stage.session.snapshot.failure?.code).toBe("RT519");
});

test("a session is replaced in silence before it ends, and no turn is told twice", async () => {
  const old = await stage.begin();
  old.says(ASKED);
  await pass(3_539_000);
  expect(stage.transports).toHaveLength(1);
  await pass(1500);
  expect(stage.transports).toHaveLength(2);
  await pass(1000);

  const { phase, sessionNumber, activity } = stage.session.snapshot;
  expect({ phase, sessionNumber, activity }).toEqual({
    phase: "live",
    sessionNumber: 2,
    activity: "listening",
  });
  expect(stage.transport.sent).toEqual([TOLD_AGAIN]);
  expect([old.closed, old.microphone, stage.transport.microphone]).toEqual([true, false, true]);
});

test("a session is not replaced while somebody speaks; what is said meanwhile is told", async () => {
  const old = await stage.begin();
  await pass(3_539_500);
  old.says({ type: "input_audio_buffer.speech_started", item_id: "i1", audio_start_ms: 0 });
  await pass(20_000);
  expect(stage.transports).toHaveLength(2);
  expect(stage.session.snapshot.sessionNumber).toBe(1);
  old.says(
    { type: "input_audio_buffer.speech_stopped", item_id: "i1", audio_end_ms: 0 },
    ASKED,
    { type: "response.created", response: { id: "r1", status: "in_progress" } },
    { type: "response.done", response: { id: "r1", status: "cancelled" } },
  );
  await pass(2000);

  expect(stage.session.snapshot.sessionNumber).toBe(2);
  expect(stage.transport.sent).toEqual([TOLD_AGAIN]);
});

test("when silence does not come, the answer is heard to its end after the change", async () => {
  const old = await stage.begin();
  await pass(3_539_500);
  old.listener.sounding(true);
  await pass(57_000);
  expect(stage.session.snapshot.sessionNumber).toBe(2);
  expect([old.closed, old.microphone]).toEqual([false, false]);
  expect(stage.session.snapshot.activity).toBe("speaking");
  old.listener.sounding(false);

  expect(old.closed).toBe(true);
  expect(stage.session.snapshot.activity).toBe("listening");
});

test("who interrupts the last words of an old session silences them", async () => {
  const old = await stage.begin();
  await pass(3_539_500);
  old.listener.sounding(true);
  await pass(57_000);
  stage.transport.says({
    type: "input_audio_buffer.speech_started",
    item_id: "i9",
    audio_start_ms: 0,
  });

  expect(old.silenced).toBe(1);
});

test("a prepared session takes over at once when the old one is lost", async () => {
  const old = await stage.begin();
  await pass(3_539_500);
  old.says({ type: "input_audio_buffer.speech_started", item_id: "i1", audio_start_ms: 0 });
  await pass(1000);
  old.listener.lost(failure("callLost"));

  expect(stage.session.snapshot.phase).toBe("live");
  expect(stage.session.snapshot.sessionNumber).toBe(2);
  expect(stage.minted).toBe(2);
});

test("nothing is replaced while the caller is in the middle of saying something", async () => {
  const old = await stage.begin();
  await pass(3_539_500);
  old.says({ type: "input_audio_buffer.speech_started", item_id: "i1", audio_start_ms: 0 });
  await pass(59_000);

  expect(stage.transports).toHaveLength(2);
  expect(stage.session.snapshot.sessionNumber).toBe(1);
});

test("what the caller was in the middle of saying is told to the next session", async () => {
  const old = await stage.begin();
  old.says({ type: "input_audio_buffer.speech_started", item_id: "i1", audio_start_ms: 0 });
  old.saying = [Uint8Array.of(1), Uint8Array.of(2)];
  old.listener.lost(failure("callLost"));
  await pass(10);

  const { turns } = stage.session.snapshot;
  expect(stage.transport.toldAgain).toEqual([Uint8Array.of(1), Uint8Array.of(2)]);
  expect(stage.transport.sent).toEqual([]);
  expect(turns.map(({ kind }) => kind)).toEqual(["note"]);
});

test("a question that was not answered when the call was lost is answered after it", async () => {
  const old = await stage.begin();
  old.says(ASKED);
  old.listener.lost(failure("callLost"));
  await pass(10);

  expect(stage.transport.sent).toEqual([TOLD_AGAIN, { type: "response.create" }]);
});

test("preparing is tried again when it fails", async () => {
  await stage.begin();
  stage.refuses = { webrtc: "networkBlocked" };
  await pass(3_541_000);
  stage.refuses = {};
  await pass(7000);

  expect(stage.session.snapshot.sessionNumber).toBe(2);
});

test("a session that ended all the same is gone on with in a new one", async () => {
  const old = await stage.begin();
  const message = "Your session hit the maximum duration of 60 minutes.";
  old.says({ type: "error", error: { code: "session_expired", message } });
  old.listener.lost(failure("callLost", "close code 1001"));
  await pass(10);

  const { phase, troubles, turns } = stage.session.snapshot;
  expect({ phase, troubles }).toEqual({ phase: "live", troubles: [] });
  expect(notes(turns)).toEqual([
    "RT611 The session reached its time limit; a new one goes on from here.",
  ]);
});

test("a device whose clock is wrong still replaces its session in time", async () => {
  stage.expiresAt = -500;
  await stage.begin();
  await pass(3_539_000);
  expect(stage.session.snapshot.sessionNumber).toBe(1);
  await pass(3000);

  expect(stage.session.snapshot.sessionNumber).toBe(2);
});

test("the time that is left is the session's", async () => {
  stage.expiresAt = 20;
  const now = performance.now();
  await stage.begin();

  expect(stage.session.snapshot.sessionEndsMs - now).toBe(20_000);
});
