/** What was said, built from the server's messages. Pure: one message in, the next state out. */

/** PCM of 16 bits at 24 kHz, one channel. */
const BYTES_PER_MS = 48;
/** The pace of speech, used for the cut only where the length of the sound is not known. */
const CHARACTERS_PER_MS = 15 / 1000;

export function listen(turns, event) {
  switch (event.type) {
    case "input_audio_buffer.speech_started":
      return open(turns, event.item_id, "user");
    case "conversation.item.added":
    case "conversation.item.done":
      return addItem(turns, event.item);
    case "response.output_item.added":
      if (event.item.type !== "message" || event.item.id === undefined) return turns;
      return change(open(turns, event.item.id, "assistant"), event.item.id, (turn) => ({
        ...turn,
        responseId: event.response_id,
      }));
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
        if (turn.kind !== "words" || turn.state !== "partial") return turn;
        if (turn.responseId !== event.response.id) return turn;
        return { ...turn, state: event.response.status === "cancelled" ? "interrupted" : "final" };
      });
    default:
      return turns;
  }
}

/** The turns with the newest state of a call of a tool. */
export function withToolCall(turns, call) {
  const turn = { kind: "tool", id: call.callId, ...call };
  return turns.some(({ id }) => id === turn.id)
    ? turns.map((other) => (other.id === turn.id ? turn : other))
    : [...turns, turn];
}

/** The turns with a note at the end. */
export function withNote(turns, text, code = "") {
  return [...turns, { kind: "note", id: `note_${turns.length}`, text, code }];
}

/** The turns with the time that an answer took to be heard. */
export function withLatency(turns, responseId, latencyMs) {
  return turns.map((turn) =>
    turn.kind === "words" && turn.responseId === responseId ? { ...turn, latencyMs } : turn,
  );
}

/** The turns without speech of the caller that never came to words: it is said again elsewhere. */
export function withoutUnsaid(turns) {
  return turns.filter(
    (turn) =>
      turn.kind !== "words" ||
      turn.speaker !== "user" ||
      turn.state !== "partial" ||
      turn.text !== "",
  );
}

/** Whether the caller said something that nobody has answered. */
export function isUnanswered(turns) {
  const last = turns.findLast((turn) => turn.kind !== "note");
  return last?.kind === "words" && last.speaker === "user" && last.state === "final";
}

/** The turns up to the first one that may still change. */
export function settledIn(turns) {
  const unsettled = turns.findIndex((turn) =>
    turn.kind === "tool" ? turn.output === "" : turn.kind === "words" && turn.state === "partial",
  );
  return unsettled === -1 ? turns : turns.slice(0, unsettled);
}

/** What a new session must be told so that it knows what was said, in order. */
export function asHistory(turns) {
  return turns.flatMap((turn) => {
    if (turn.kind === "note") return [];
    if (turn.kind === "tool") return turn.output === "" ? [] : itemsOf(turn);
    const text = turn.text.slice(0, turn.heard).trim();
    if (text === "") return [];
    const content =
      turn.speaker === "user" ? { type: "input_text", text } : { type: "output_text", text };
    return [{ type: "message", role: turn.speaker, content: [content] }];
  });
}

/** A call of a tool and its output. */
export function itemsOf({ callId, name, given, output }) {
  return [
    { type: "function_call", call_id: callId, name, arguments: given },
    { type: "function_call_output", call_id: callId, output },
  ];
}

function addItem(turns, item) {
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

function wordsOf(content) {
  return "text" in content ? content.text : (content.transcript ?? "");
}

/** The turns with this one in them. */
function open(turns, id, speaker, responseId = "") {
  if (turns.some((turn) => turn.id === id)) return turns;
  const turn = {
    kind: "words",
    id,
    speaker,
    text: "",
    state: "partial",
    heard: 0,
    soundMs: 0,
    responseId,
    latencyMs: 0,
  };
  return [...turns, turn];
}

function change(turns, id, to) {
  return turns.map((turn) => (turn.id === id && turn.kind === "words" ? to(turn) : turn));
}

function withText(turn, text) {
  // Words may still come after the cut; they were not heard.
  return { ...turn, text, heard: turn.state === "interrupted" ? turn.heard : text.length };
}

function close(turn) {
  return turn.state === "partial" ? { ...turn, state: "final" } : turn;
}

function interrupt(turn, heardMs) {
  // The API does not say which word was cut. Words and sound arrive side by side, so the share of
  // the sound that was heard is taken as the share of the words.
  const estimate =
    turn.soundMs > 0 ? (turn.text.length * heardMs) / turn.soundMs : heardMs * CHARACTERS_PER_MS;
  const heard = wordEnd(turn.text, Math.round(estimate));
  return { ...turn, state: "interrupted", heard };
}

/** The end of the last whole word at or before this place. */
function wordEnd(text, place) {
  if (place >= text.length) return text.length;
  const space = text.slice(0, place + 1).search(/\s\S*$/);
  return space === -1 ? 0 : space;
}
