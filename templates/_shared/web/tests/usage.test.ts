import { expect, test } from "vitest";

import { numbersOf } from "../src/page/figures.ts";
import { IDLE } from "../src/realtime/state.ts";
import { addUsage, costOf, NO_TOKENS } from "../src/realtime/usage.ts";

const USAGE = {
  total_tokens: 300,
  input_token_details: {
    text_tokens: 120,
    audio_tokens: 80,
    cached_tokens: 70,
    cached_tokens_details: { text_tokens: 64, audio_tokens: 6 },
  },
  output_token_details: { text_tokens: 30, audio_tokens: 70 },
};

test("cached tokens are counted apart, because they cost less", () => {
  expect(addUsage(NO_TOKENS, USAGE)).toEqual({
    textIn: 56,
    textCached: 64,
    audioIn: 74,
    audioCached: 6,
    textOut: 30,
    audioOut: 70,
  });
});

test("an answer without details adds nothing", () => {
  expect(addUsage(NO_TOKENS, { total_tokens: 7 })).toEqual(NO_TOKENS);
});

test("the cost is that of the model", () => {
  const tokens = { ...NO_TOKENS, audioIn: 600, audioOut: 1200 };

  expect(costOf(tokens, "gpt-realtime-2.1")).toBeCloseTo(0.096, 6);
  expect(costOf(tokens, "gpt-realtime-2.1-mini")).toBeCloseTo(0.03, 6);
});

test("a model without a known price has no estimate", () => {
  expect(costOf(NO_TOKENS, "gpt-nope")).toBeNull();
});

test("the numbers of a call are written for people", () => {
  const snapshot = {
    ...IDLE,
    transport: "websocket",
    model: "gpt-realtime-2.1",
    sessionNumber: 2,
    sessionEndsMs: 600_000,
    latenciesMs: [640, 500, 900],
    tokens: addUsage(NO_TOKENS, USAGE),
  } as const;

  expect(Object.fromEntries(numbersOf(snapshot, 15_000))).toEqual({
    transport: "WebSocket",
    session: "2, 9:45 left",
    "connected in": "0 ms",
    answers: "3",
    "last answer after": "900 ms",
    "median answer after": "640 ms",
    "audio tokens in, out": "74, 70",
    "text tokens in, out": "56, 30",
    "cached tokens": "70",
    "estimated cost, no transcription": "$0.0078",
  });
});

test("before a call there are no numbers to show", () => {
  expect(Object.fromEntries(numbersOf(IDLE, 0))).toMatchObject({
    transport: "–",
    "estimated cost, no transcription": "–",
  });
});
