/** The numbers of a call as words: what it took, used and costs. Pure. */

import { connectedAfterMs } from "../realtime/stages.ts";
import type { Snapshot } from "../realtime/state.ts";
import { costOf } from "../realtime/usage.ts";
import { timeOf } from "./words.ts";

const TRANSPORTS = {
  webrtc: "WebRTC",
  websocket: "WebSocket",
  server: "own server",
} as const;

/** Names and values, always the same names in the same order. */
export function numbersOf(
  snapshot: Snapshot,
  nowMs: number,
): readonly (readonly [name: string, value: string])[] {
  const { tokens, latenciesMs, stages, sessionNumber, sessionEndsMs } = snapshot;
  const cost = costOf(tokens, snapshot.model);
  const left = sessionEndsMs === 0 ? "" : `, ${clockOf(sessionEndsMs - nowMs)} left`;
  const last = latenciesMs.at(-1);
  const used = Object.values(tokens).some((count) => count > 0);
  return [
    ["transport", sessionNumber === 0 ? "–" : TRANSPORTS[snapshot.transport]],
    ["session", sessionNumber === 0 ? "–" : `${sessionNumber}${left}`],
    ["connected in", sessionNumber === 0 ? "–" : timeOf(connectedAfterMs(stages))],
    ["answers", String(latenciesMs.length)],
    ["last answer after", last === undefined ? "–" : timeOf(last)],
    ["median answer after", last === undefined ? "–" : timeOf(medianOf(latenciesMs))],
    ["audio tokens in, out", `${tokens.audioIn}, ${tokens.audioOut}`],
    ["text tokens in, out", `${tokens.textIn}, ${tokens.textOut}`],
    ["cached tokens", String(tokens.audioCached + tokens.textCached)],
    ["estimated cost, no transcription", cost === null || !used ? "–" : `$${cost.toFixed(4)}`],
  ];
}

function clockOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}
