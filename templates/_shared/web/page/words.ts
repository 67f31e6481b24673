/** What the page says in each state. Pure, so that all of it can be read and tested in one place. */

import { connectedAfterMs } from "../realtime/stages.ts";
import type { StageName } from "../realtime/stages.ts";
import { isOn } from "../realtime/state.ts";
import type { Snapshot } from "../realtime/state.ts";

/** What the large button does now; it is also the button's `data-state`. */
export type Deed = "talk" | "cancel" | "hold" | "interrupt" | "hang-up";

const LABELS: Readonly<Record<Deed, string>> = {
  talk: "Talk",
  cancel: "Cancel",
  hold: "Hold to talk",
  interrupt: "Interrupt",
  "hang-up": "Hang up",
};

export function deedOf({ phase, activity, pushToTalk }: Snapshot): Deed {
  if (phase === "connecting") return "cancel";
  if (phase === "reconnecting") return "hang-up";
  if (phase !== "live") return "talk";
  if (pushToTalk) return "hold";
  return activity === "speaking" ? "interrupt" : "hang-up";
}

export function labelOf(snapshot: Snapshot): string {
  return snapshot.pressed ? "Let go to send" : LABELS[deedOf(snapshot)];
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
  const { phase, stages } = snapshot;
  switch (phase) {
    case "idle":
      return "Press Talk and say something.";
    case "connecting": {
      const active = stages.find((stage) => stage.state === "active");
      return active === undefined ? "Connecting." : WAITING_FOR[active.name];
    }
    case "live":
      return liveStatusOf(snapshot);
    case "reconnecting":
      return snapshot.online
        ? "The connection was lost. Trying to get it back."
        : "This device is offline. The call goes on when it is back.";
    case "ended":
      return snapshot.lastedMs > 0
        ? `The call lasted ${spanOf(snapshot.lastedMs)}. Press Talk for another.`
        : "Cancelled. Press Talk to try again.";
    case "failed":
      return "There is no call.";
  }
}

function liveStatusOf({ activity, turns, muted, online, pushToTalk, pressed }: Snapshot): string {
  const last = turns.at(-1);
  if (!online) return "This device is offline. The call may be lost.";
  if (last?.kind === "tool" && last.state === "asking") return "The model asks you something.";
  if (last?.kind === "tool" && last.state === "running") return `Using ${last.name}.`;
  if (muted) return "Muted. The model hears silence.";
  if (pressed) return "Listening to you.";
  if (activity === "speaking") return "Speaking. Talk to interrupt.";
  if (activity === "thinking") return "Thinking.";
  if (activity === "hearing") return "Listening to you.";
  if (pushToTalk) return "Hold the button, or space, and speak.";
  return turns.length === 0 ? "Connected. Say something." : "Your turn.";
}

/** The one line that is left of the stages when all went well. */
export function stagesInShort({ phase, stages }: Pick<Snapshot, "phase" | "stages">): string {
  if (stages.some(({ state }) => state === "failed")) return "Not connected";
  if (!stages.some(({ name, state }) => name === "session" && state === "done")) {
    return isOn(phase) ? "Connecting" : "Not connected";
  }
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
