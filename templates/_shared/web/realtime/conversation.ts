/** What was said, built from the server's messages. Pure: one message in, the next state out. */

import type { Content, Item, ServerEvent } from "./events.ts";

/** One contribution, in the order of the conversation. */
export interface Turn {
  /** The item's id at the API. */
  readonly id: string;
  readonly speaker: "user" | "assistant";
  readonly text: string;
  /** `partial` while words still come; `unheard` when speech could not be put into words. */
  readonly state: "partial" | "final" | "interrupted" | "unheard";
  /** How many characters were heard when it was interrupted; the whole length otherwise. */
  readonly heard: number;
  /** How much sound of it arrived, in milliseconds; 0 where sound does not come as messages. */
  readonly soundMs: number;
  /** The answer it belongs to; empty for the user. */
  readonly responseId: string;
}

export type Turns = readonly Turn[];

/** PCM of 16 bits at 24 kHz, one channel. */
const BYTES_PER_MS = 48;
/** The pace of speech, used for the cut only where the length of the sound is not known. */
const CHARACTERS_PER_MS = 15 / 1000;

export function listen(turns: Turns, event: ServerEvent): Turns {
  switch (event.type) {
    case "input_audio_buffer.speech_started":
      return open(turns, event.item_id, "user");
    case "conversation.item.added":
    case "conversation.item.done":
      return addItem(turns, event.item);
    case "conversation.item.deleted":
      return turns.filter((turn) => turn.id !== event.item_id);
    case "conversation.item.input_audio_transcription.delta":
      return change(open(turns, event.item_id, "user"), event.item_id, (turn) =>
        withText(turn, turn.text + event.delta),
      );
    case "conversation.item.input_audio_transcription.completed":
      return change(open(turns, event.item_id, "user"), event.item_id, (turn) =>
        close(withText(turn, event.transcript.trim())),
      );
    case "conversation.item.input_audio_transcription.failed":
      return change(turns, event.item_id, (turn) => ({ ...turn, state: "unheard" }));
    case "response.output_audio_transcript.delta":
    case "response.output_text.delta":
      return change(
        open(turns, event.item_id, "assistant", event.response_id),
        event.item_id,
        (turn) => withText({ ...turn, responseId: event.response_id }, turn.text + event.delta),
      );
    case "response.output_audio_transcript.done":
      return change(turns, event.item_id, (turn) => withText(turn, event.transcript));
    case "response.output_text.done":
      return change(turns, event.item_id, (turn) => withText(turn, event.text));
    case "response.output_audio.delta":
      return change(turns, event.item_id, (turn) => ({
        ...turn,
        soundMs: turn.soundMs + (event.delta.length * 3) / 4 / BYTES_PER_MS,
      }));
    case "conversation.item.truncated":
      return change(turns, event.item_id, (turn) => interrupt(turn, event.audio_end_ms));
    case "response.done":
      return turns.map((turn) => {
        if (turn.responseId !== event.response.id || turn.state !== "partial") return turn;
        return { ...turn, state: event.response.status === "cancelled" ? "interrupted" : "final" };
      });
    default:
      return turns;
  }
}

/** What a new session must be told so that it knows what was said: plain text, in order. */
export function asHistory(turns: Turns): readonly Item[] {
  return turns.flatMap((turn): Item[] => {
    const text = turn.text.slice(0, turn.heard).trim();
    if (text === "") return [];
    const content: Content =
      turn.speaker === "user"
        ? { type: "input_text", text }
        : { type: "output_text", text };
    return [{ type: "message", role: turn.speaker, content: [content] }];
  });
}

function addItem(turns: Turns, item: Item): Turns {
  const { id } = item;
  if (id === undefined || item.type !== "message" || item.role === "system") return turns;
  const opened = open(turns, id, item.role);
  const text = Array.isArray(item.content) ? item.content.map(wordsOf).join("") : "";
  if (text === "") return opened;
  return change(opened, id, (turn) => {
    if (turn.state !== "partial") return turn;
    const written = withText(turn, text);
    return item.role === "user" ? close(written) : written;
  });
}

function wordsOf(content: Content): string {
  return "text" in content ? content.text : (content.transcript ?? "");
}

/** The turns with this one in them. */
function open(turns: Turns, id: string, speaker: Turn["speaker"], responseId = ""): Turns {
  if (turns.some((turn) => turn.id === id)) return turns;
  const turn: Turn = {
    id,
    speaker,
    text: "",
    state: "partial",
    heard: 0,
    soundMs: 0,
    responseId,
  };
  return [...turns, turn];
}

function change(turns: Turns, id: string, to: (turn: Turn) => Turn): Turns {
  return turns.map((turn) => (turn.id === id ? to(turn) : turn));
}

function withText(turn: Turn, text: string): Turn {
  // Words may still come after the cut; they were not heard.
  return { ...turn, text, heard: turn.state === "interrupted" ? turn.heard : text.length };
}

function close(turn: Turn): Turn {
  return turn.state === "partial" ? { ...turn, state: "final" } : turn;
}

function interrupt(turn: Turn, heardMs: number): Turn {
  // The API does not say which word was cut. Words and sound arrive side by side, so the share of
  // the sound that was heard is taken as the share of the words.
  const estimate =
    turn.soundMs > 0
      ? (turn.text.length * heardMs) / turn.soundMs
      : heardMs * CHARACTERS_PER_MS;
  const heard = wordEnd(turn.text, Math.round(estimate));
  return { ...turn, state: "interrupted", heard };
}

/** The end of the last whole word at or before this place. */
function wordEnd(text: string, place: number): number {
  if (place >= text.length) return text.length;
  const space = text.slice(0, place + 1).search(/\s\S*$/);
  return space === -1 ? 0 : space;
}
