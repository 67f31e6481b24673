/** The last messages in both directions, small enough to keep and safe to copy. */

import type { AnyEvent } from "./events.ts";

export interface LogEntry {
  readonly number: number;
  /** Milliseconds since the call began. */
  readonly atMs: number;
  readonly direction: "in" | "out" | "note";
  readonly type: string;
  readonly body: object;
}

const CAPACITY = 2000;

export class EventLog {
  #entries: LogEntry[] = [];
  #count = 0;

  add(direction: LogEntry["direction"], event: AnyEvent, atMs: number): void {
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
  after(number: number): readonly LogEntry[] {
    const first = this.#entries[0];
    if (first === undefined) return [];
    return this.#entries.slice(Math.max(0, number + 1 - first.number));
  }

  clear(): void {
    this.#entries = [];
  }
}

/** The message with its sound replaced by its size: 40 ms of it are 2.5 kB of letters. */
function withoutSound(event: AnyEvent): object {
  if (event.type === "input_audio_buffer.append") return { ...event, audio: sizeOf(event["audio"]) };
  if (event.type === "response.output_audio.delta") {
    return { ...event, delta: sizeOf(event["delta"]) };
  }
  return event;
}

function sizeOf(base64: unknown): string {
  return typeof base64 === "string" ? `${Math.floor((base64.length * 3) / 4)} bytes` : "";
}
