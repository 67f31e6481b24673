/** The last messages in both directions, small enough to keep and safe to copy. */

const CAPACITY = 2000;

export class EventLog {
  #entries = [];
  #count = 0;

  add(direction, event, atMs) {
    this.#count += 1;
    this.#entries.push({
      number: this.#count,
      atMs,
      direction,
      type: event.type,
      body: withoutSound(event),
    });
    // Dropped in portions, so that a long call does not move the whole list at every message.
    if (this.#entries.length > CAPACITY * 1.1) this.#entries = this.#entries.slice(-CAPACITY);
  }

  /** The entries after this number, oldest first. */
  after(number) {
    const first = this.#entries[0];
    if (first === undefined) return [];
    return this.#entries.slice(Math.max(0, number + 1 - first.number));
  }

  clear() {
    this.#entries = [];
  }
}

/** The message with its sound replaced by its size: 40 ms of it are 2.5 kB of letters. */
function withoutSound(event) {
  if (event.type === "input_audio_buffer.append")
    return { ...event, audio: sizeOf(event["audio"]) };
  if (event.type === "response.output_audio.delta") {
    return { ...event, delta: sizeOf(event["delta"]) };
  }
  return event;
}

function sizeOf(base64) {
  return typeof base64 === "string" ? `${Math.floor((base64.length * 3) / 4)} bytes` : "";
}
