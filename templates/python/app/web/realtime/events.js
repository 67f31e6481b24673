/**
 * The messages of the Realtime API that this client sends and reads. Others arrive too; they are
 * shown in the event list and otherwise left alone.
 *
 * Source: OpenAI's API reference, client and server events of `/v1/realtime`, November 2026.
 */

/** The fields this client relies on. A message without them is reported, not acted on. */
const NEEDED = {
  error: { error: "object" },
  "session.created": { session: "object" },
  "session.updated": { session: "object" },
  "conversation.item.added": { item: "object" },
  "conversation.item.done": { item: "object" },
  "conversation.item.deleted": { item_id: "string" },
  "conversation.item.truncated": { item_id: "string", audio_end_ms: "number" },
  "conversation.item.input_audio_transcription.delta": { item_id: "string", delta: "string" },
  "conversation.item.input_audio_transcription.completed": {
    item_id: "string",
    transcript: "string",
  },
  "conversation.item.input_audio_transcription.failed": { item_id: "string", error: "object" },
  "input_audio_buffer.speech_started": { item_id: "string" },
  "input_audio_buffer.speech_stopped": { item_id: "string" },
  "input_audio_buffer.committed": { item_id: "string" },
  "input_audio_buffer.cleared": {},
  "output_audio_buffer.started": { response_id: "string" },
  "output_audio_buffer.stopped": { response_id: "string" },
  "output_audio_buffer.cleared": { response_id: "string" },
  "response.created": { response: "object" },
  "response.done": { response: "object" },
  "response.output_item.added": { item: "object" },
  "response.output_item.done": { item: "object" },
  "response.output_text.delta": { item_id: "string", delta: "string" },
  "response.output_text.done": { item_id: "string", text: "string" },
  "response.output_audio.delta": { item_id: "string", delta: "string" },
  "response.output_audio.done": { item_id: "string" },
  "response.output_audio_transcript.delta": { item_id: "string", delta: "string" },
  "response.output_audio_transcript.done": { item_id: "string", transcript: "string" },
  "server.tool": { call: "object" },
};

/** The message in this text, or null when it is not a JSON object with a type. */
export function parseEvent(text) {
  try {
    const value = JSON.parse(text);
    if (typeof value !== "object" || value === null) return null;
    return typeof value.type === "string" ? value : null;
  } catch {
    return null;
  }
}

/** The message as one this client reads, or null when it is another or lacks what it needs. */
export function known(event) {
  const needed = Object.hasOwn(NEEDED, event.type) ? NEEDED[event.type] : undefined;
  if (needed === undefined) return null;
  for (const [field, kind] of Object.entries(needed)) {
    const value = event[field];
    if (typeof value !== kind || value === null) return null;
  }
  return event;
}
