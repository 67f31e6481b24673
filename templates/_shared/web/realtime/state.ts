/** What a session shows of itself, and where it is kept. */

import { withNote } from "./conversation.ts";
import type { Turns } from "./conversation.ts";
import type { Failure } from "./failures.ts";
import { STAGES_OF, waitingStages } from "./stages.ts";
import type { Stage } from "./stages.ts";
import type { TransportName } from "./transport.ts";
import { NO_TOKENS } from "./usage.ts";
import type { Tokens } from "./usage.ts";

export type Phase = "idle" | "connecting" | "live" | "reconnecting" | "ended" | "failed";

/** What is going on in a live call. */
export type Activity = "listening" | "hearing" | "thinking" | "speaking";

export interface Device {
  readonly id: string;
  /** Empty until the browser has allowed the microphone once. */
  readonly label: string;
}

export interface Devices {
  readonly microphones: readonly Device[];
  /** Empty where the browser does not let a page choose. */
  readonly speakers: readonly Device[];
}

export const NO_DEVICES: Devices = { microphones: [], speakers: [] };

/** Everything a page shows. A new object at every change; parts that did not change are the same. */
export interface Snapshot {
  readonly phase: Phase;
  readonly activity: Activity;
  readonly stages: readonly Stage[];
  readonly transport: TransportName;
  readonly model: string;
  readonly voice: string;
  readonly muted: boolean;
  /** True when the caller holds a button while speaking. */
  readonly pushToTalk: boolean;
  readonly pressed: boolean;
  readonly online: boolean;
  readonly turns: Turns;
  /** Why the call could not begin or go on. */
  readonly failure: Failure | null;
  /** Trouble that did not end the call, the newest last. */
  readonly troubles: readonly Failure[];
  /** From the end of the caller's words to the first sound of each answer, in milliseconds. */
  readonly latenciesMs: readonly number[];
  readonly tokens: Tokens;
  readonly devices: Devices;
  /** Which session of this call it is; more than one after a rollover or a lost connection. */
  readonly sessionNumber: number;
  /** When the session reaches its time limit, on the session's clock; 0 before. */
  readonly sessionEndsMs: number;
  /** How long the call was live, once it has ended. */
  readonly lastedMs: number;
}

export const IDLE: Snapshot = {
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
export function isOn(phase: Phase): boolean {
  return phase === "connecting" || phase === "live" || phase === "reconnecting";
}

/** Holds the snapshot and tells of every change. */
export class Store {
  readonly #subscribers = new Set<() => void>();
  #snapshot = IDLE;

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  set(change: Partial<Snapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const subscriber of this.#subscribers) subscriber();
  }

  /** Calls back after every change, until the answer is called. */
  subscribe(subscriber: () => void): () => void {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  /** Shows trouble that does not end the call. */
  trouble(trouble: Failure): void {
    this.set({ troubles: [...this.#snapshot.troubles, trouble].slice(-5) });
  }

  note(text: string, code: string): void {
    this.set({ turns: withNote(this.#snapshot.turns, text, code) });
  }
}
