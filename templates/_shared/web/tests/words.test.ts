import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { deedOf, levelOf, spanOf, stagesInShort, statusOf, timeOf } from "../src/page/words.ts";
import { Stage } from "./fakes.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("a live call says whose turn it is, and the button what it would do", async () => {
  const stage = new Stage();
  const seen: string[] = [];
  const note = (): void => {
    const { snapshot } = stage.session;
    seen.push(`${deedOf(snapshot)}: ${statusOf(snapshot)}`);
  };

  note();
  const call = await stage.begin();
  note();
  call.says({ type: "input_audio_buffer.speech_started", item_id: "i1", audio_start_ms: 0 });
  note();
  call.says({ type: "input_audio_buffer.speech_stopped", item_id: "i1", audio_end_ms: 0 });
  note();
  call.listener.sounding(true);
  note();
  vi.advanceTimersByTime(72_000);
  stage.session.hangUp();
  note();

  expect(seen).toEqual([
    "talk: Press Talk and say something.",
    "hang-up: Connected. Say something.",
    "hang-up: Listening to you.",
    "hang-up: Thinking.",
    "interrupt: Speaking. Talk to interrupt.",
    "talk: The call lasted 1 min 12 s. Press Talk for another.",
  ]);
});

test("the stages in short say whether they still go on", async () => {
  const stage = new Stage();
  const short = (): string => stagesInShort(stage.session.snapshot);
  const seen: string[] = [];
  void stage.session.start();
  seen.push(short());
  stage.session.hangUp();
  seen.push(short());
  await stage.begin();
  seen.push(short());

  expect(seen).toEqual(["Connecting", "Not connected", "Connected in 0 ms"]);
});

test.each([
  [0.4, "0 ms"],
  [143.4, "143 ms"],
  [1234, "1.23 s"],
  [12_345, "12.3 s"],
])("%f milliseconds are written %s", (ms, words) => {
  expect(timeOf(ms)).toBe(words);
});

test("spans and levels are written for people", () => {
  expect([spanOf(4200), spanOf(125_000), levelOf(-60), levelOf(-20.4), levelOf(-7)]).toEqual([
    "4 s",
    "2 min 5 s",
    "silent",
    "−20 dB",
    "\u2007−7 dB",
  ]);
});
