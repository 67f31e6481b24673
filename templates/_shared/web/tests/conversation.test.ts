import { expect, test } from "vitest";

import { asHistory, listen, withNote, withToolCall } from "../src/realtime/conversation.ts";
import type { Turns, Words } from "../src/realtime/conversation.ts";
import { known } from "../src/realtime/events.ts";
import type { AnyEvent } from "../src/realtime/events.ts";

function hear(...events: AnyEvent[]): Turns {
  return events.reduce<Turns>((turns, event) => {
    const message = known(event);
    if (message === null) throw new Error(`not a message this client reads: ${event.type}`);
    return listen(turns, message);
  }, []);
}

function wordsIn(turns: Turns): readonly Words[] {
  return turns.filter((turn) => turn.kind === "words");
}

function told(turns: Turns): string[] {
  return wordsIn(turns).map(({ speaker, state, text }) => `${speaker} ${state}: ${text}`);
}

const SPEECH = { type: "input_audio_buffer.speech_started", item_id: "i1", audio_start_ms: 0 };
const USER = {
  type: "conversation.item.added",
  item: { id: "i1", type: "message", role: "user", content: [{ type: "input_audio" }] },
};
const ASSISTANT = {
  type: "conversation.item.added",
  item: { id: "i2", type: "message", role: "assistant", content: [] },
};

function words(delta: string): AnyEvent {
  return {
    type: "response.output_audio_transcript.delta",
    response_id: "r1",
    item_id: "i2",
    content_index: 0,
    delta,
  };
}

function sound(milliseconds: number): AnyEvent {
  const delta = "A".repeat((milliseconds * 48 * 4) / 3);
  return { type: "response.output_audio.delta", response_id: "r1", item_id: "i2", delta };
}

const USER_WORDS = {
  type: "conversation.item.input_audio_transcription.completed",
  item_id: "i1",
  transcript: "How far is the moon? ",
};

test("the caller's words keep their place though they come after the answer has begun", () => {
  const turns = hear(SPEECH, USER, ASSISTANT, words("Very "), USER_WORDS, words("far."));

  expect(told(turns)).toEqual(["user final: How far is the moon?", "assistant partial: Very far."]);
});

test("an answer is final when its response is done", () => {
  const turns = hear(ASSISTANT, words("Far."), {
    type: "response.done",
    response: { id: "r1", status: "completed" },
  });

  expect(told(turns)).toEqual(["assistant final: Far."]);
});

test("a cut falls on the word that was being heard, by the share of the sound", () => {
  const turns = hear(ASSISTANT, words("One two three four"), sound(2000), {
    type: "conversation.item.truncated",
    item_id: "i2",
    content_index: 0,
    audio_end_ms: 1000,
  });

  expect(wordsIn(turns).map(({ state, text, heard }) => [state, text.slice(0, heard)])).toEqual([
    ["interrupted", "One two"],
  ]);
});

test("without sound in the messages the cut is taken from the pace of speech", () => {
  const turns = hear(ASSISTANT, words("A sentence that takes about three seconds to say."), {
    type: "conversation.item.truncated",
    item_id: "i2",
    content_index: 0,
    audio_end_ms: 1000,
  });

  expect(wordsIn(turns).map(({ text, heard }) => text.slice(0, heard))).toEqual(["A sentence that"]);
});

test("words that arrive after the cut were not heard", () => {
  const turns = hear(
    ASSISTANT,
    words("One two"),
    sound(700),
    {
      type: "conversation.item.truncated",
      item_id: "i2",
      content_index: 0,
      audio_end_ms: 700,
    },
    words(" three"),
  );

  expect(wordsIn(turns).map(({ text, heard }) => [text, heard])).toEqual([["One two three", 7]]);
});

test("speech that could not be put into words says so", () => {
  const turns = hear(SPEECH, USER, {
    type: "conversation.item.input_audio_transcription.failed",
    item_id: "i1",
    error: { message: "unclear" },
  });

  expect(told(turns)).toEqual(["user unheard: "]);
});

test("typed words appear at once", () => {
  const turns = hear({
    type: "conversation.item.added",
    item: {
      id: "i9",
      type: "message",
      role: "user",
      content: [{ type: "input_text", text: "Hi" }],
    },
  });

  expect(told(turns)).toEqual(["user final: Hi"]);
});

test("history tells a new session what was said, and only what was heard", () => {
  const turns = hear(SPEECH, USER_WORDS, ASSISTANT, words("One two three four"), sound(2000), {
    type: "conversation.item.truncated",
    item_id: "i2",
    content_index: 0,
    audio_end_ms: 1000,
  });

  expect(asHistory(turns)).toEqual([
    {
      type: "message",
      role: "user",
      content: [{ type: "input_text", text: "How far is the moon?" }],
    },
    { type: "message", role: "assistant", content: [{ type: "output_text", text: "One two" }] },
  ]);
});

test("history has a tool's call with its output, and nothing of what still runs", () => {
  const call = { callId: "c1", name: "local_time", given: "{}", state: "done", tookMs: 1 } as const;
  let turns = withToolCall([], { ...call, output: "7" });
  turns = withToolCall(turns, { ...call, callId: "c2", state: "running", output: "" });

  expect(asHistory(withNote(turns, "The connection was lost."))).toEqual([
    { type: "function_call", call_id: "c1", name: "local_time", arguments: "{}" },
    { type: "function_call_output", call_id: "c1", output: "7" },
  ]);
});

test("an item that is taken back is gone", () => {
  expect(hear(SPEECH, { type: "conversation.item.deleted", item_id: "i1" })).toEqual([]);
});
