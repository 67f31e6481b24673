/** What the page says in each state. Pure, so that all of it can be read and tested in one place. */

import { connectedAfterMs } from "../realtime/stages.ts";
import type { Stage, StageName } from "../realtime/stages.ts";
import type { Snapshot } from "../realtime/session.ts";

/** What the large button does now; it is also the button's `data-state`. */
export type Deed = "talk" | "cancel" | "interrupt" | "hang-up";

export const LABELS: Readonly<Record<Deed, string>> = {
  talk: "Talk",
  cancel: "Cancel",
  interrupt: "Interrupt",
  "hang-up": "Hang up",
};

export function deedOf({ phase, activity }: Snapshot): Deed {
  if (phase === "connecting") return "cancel";
  if (phase === "live") return activity === "speaking" ? "interrupt" : "hang-up";
  return "talk";
}

const WAITING_FOR: Readonly<Record<StageName, string>> = {
  microphone: "Waiting for the microphone. The browser may ask you to allow it.",
  token: "Asking for a token.",
  offer: "Offering a call.",
  network: "Finding a way through the network.",
  session: "Waiting for the session.",
  "first sound": "Connected. Say something.",
};

export function statusOf(snapshot: Snapshot): string {
  const { phase, activity, stages, turns, muted } = snapshot;
  switch (phase) {
    case "idle":
      return "Press Talk and say something.";
    case "connecting": {
      const active = stages.find((stage) => stage.state === "active");
      return active === undefined ? "Connecting." : WAITING_FOR[active.name];
    }
    case "live":
      if (muted) return "Muted. The model hears silence.";
      if (activity === "speaking") return "Speaking. Talk to interrupt.";
      if (activity === "thinking") return "Thinking.";
      if (activity === "hearing") return "Listening to you.";
      return turns.length === 0 ? "Connected. Say something." : "Your turn.";
    case "ended":
      return snapshot.lastedMs > 0
        ? `The call lasted ${spanOf(snapshot.lastedMs)}. Press Talk for another.`
        : "Cancelled. Press Talk to try again.";
    case "failed":
      return "There is no call.";
  }
}

/** The one line that is left of the stages when all went well. */
export function stagesInShort(stages: readonly Stage[]): string {
  if (stages.some(({ state }) => state === "failed")) return "Not connected";
  if (!stages.some(({ name, state }) => name === "session" && state === "done")) return "Connecting";
  const sound = stages.find((stage) => stage.name === "first sound" && stage.state === "done");
  const connected = `Connected in ${timeOf(connectedAfterMs(stages))}`;
  return sound === undefined ? connected : `${connected}, first sound ${timeOf(sound.tookMs)}`;
}

/** The smallest honest unit: no digits that the clock does not have. */
export function timeOf(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

/** A span that people count in minutes. */
export function spanOf(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Always as wide, so that a number does not push its neighbours about. */
export function levelOf(dbfs: number): string {
  if (dbfs <= -60) return "silent";
  return `${String(Math.round(dbfs)).replace("-", "\u2212").padStart(3, "\u2007")} dB`;
}
