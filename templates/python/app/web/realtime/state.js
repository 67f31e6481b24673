/** What a session shows of itself, and where it is kept. */

import { withNote } from "./conversation.js";
import { STAGES_OF, waitingStages } from "./stages.js";
import { NO_TOKENS } from "./usage.js";

export const NO_DEVICES = { microphones: [], speakers: [] };

export const IDLE = {
  phase: "idle",
  activity: "listening",
  stages: waitingStages(STAGES_OF.webrtc),
  transport: "webrtc",
  model: "",
  voice: "",
  muted: false,
  pushToTalk: false,
  pressed: false,
  online: true,
  turns: [],
  failure: null,
  troubles: [],
  latenciesMs: [],
  tokens: NO_TOKENS,
  devices: NO_DEVICES,
  sessionNumber: 0,
  sessionEndsMs: 0,
  lastedMs: 0,
};

/** A call that is under way, whether it is heard at the moment or not. */
export function isOn(phase) {
  return phase === "connecting" || phase === "live" || phase === "reconnecting";
}

/** Holds the snapshot and tells of every change. */
export class Store {
  #subscribers = new Set();
  #snapshot = IDLE;

  get snapshot() {
    return this.#snapshot;
  }

  set(change) {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const subscriber of this.#subscribers) subscriber();
  }

  /** Calls back after every change, until the answer is called. */
  subscribe(subscriber) {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  /** Shows trouble that does not end the call. */
  trouble(trouble) {
    this.set({ troubles: [...this.#snapshot.troubles, trouble].slice(-5) });
  }

  note(text, code) {
    this.set({ turns: withNote(this.#snapshot.turns, text, code) });
  }
}
