/** Stand-ins for what only a browser has. They do what they are told and keep what they were sent. */

import { CallError } from "../src/realtime/failures.ts";
import type { FailureName } from "../src/realtime/failures.ts";
import type { CallAudio } from "../src/realtime/audio.ts";
import type { AnyEvent, ClientEvent } from "../src/realtime/events.ts";
import { SILENT } from "../src/realtime/meter.ts";
import type { Level } from "../src/realtime/meter.ts";
import { Session } from "../src/realtime/session.ts";
import type { StageName } from "../src/realtime/stages.ts";
import type { Secret } from "../src/realtime/token.ts";
import type { Transport, TransportListener, TransportName } from "../src/realtime/transport.ts";

export const SECRET: Secret = {
  value: "ek_test_0123",
  expiresAt: 1_795_364_174,
  realtimeUrl: "http://127.0.0.1:1/v1/realtime",
  model: "gpt-realtime-2.1",
  emulated: false,
};

export class FakeAudio implements CallAudio {
  onTrouble: CallAudio["onTrouble"] = () => undefined;
  model: Level = SILENT;
  muted = false;
  opened = false;
  refuses: FailureName | null = null;

  open(): Promise<void> {
    this.opened = true;
    return Promise.resolve();
  }

  useMicrophone(): Promise<void> {
    return this.refuses === null
      ? Promise.resolve()
      : Promise.reject(new CallError(this.refuses, "said by the browser"));
  }

  setMuted(muted: boolean): void {
    this.muted = muted;
  }

  microphoneLevel(): Level {
    return SILENT;
  }

  modelLevel(): Level {
    return this.model;
  }

  close(): void {
    this.opened = false;
  }
}

export class FakeTransport implements Transport {
  readonly sent: ClientEvent[] = [];
  readonly name: TransportName;
  readonly listener: TransportListener;
  microphone = false;
  closed = false;
  silenced = 0;
  refuses: FailureName | null = null;

  constructor(name: TransportName, listener: TransportListener) {
    this.name = name;
    this.listener = listener;
  }

  async connect(
    _secret: Secret,
    _signal: AbortSignal,
    entered: (stage: StageName) => void,
  ): Promise<void> {
    if (this.name === "webrtc") entered("offer");
    entered("network");
    await Promise.resolve();
    if (this.refuses !== null) throw new CallError(this.refuses);
  }

  send(event: ClientEvent): void {
    this.sent.push(event);
    this.listener.sent(event);
  }

  openMicrophone(): void {
    this.microphone = true;
  }

  closeMicrophone(): void {
    this.microphone = false;
  }

  silence(): void {
    this.silenced += 1;
  }

  close(): void {
    this.closed = true;
  }

  /** The server says something. */
  says(...events: AnyEvent[]): void {
    for (const event of events) this.listener.received(event);
  }
}

/** A session whose every port is in the test's hand. */
export class Stage {
  readonly audio = new FakeAudio();
  readonly transports: FakeTransport[] = [];
  readonly session: Session;
  nowMs = 0;
  granted: boolean | null = true;
  fetchSecret: (signal: AbortSignal) => Promise<Secret> = () => Promise.resolve(SECRET);
  refuses: FailureName | null = null;

  constructor() {
    this.session = new Session({
      audio: this.audio,
      makeTransport: (name, listener) => {
        const transport = new FakeTransport(name, listener);
        transport.refuses = this.refuses;
        this.transports.push(transport);
        return transport;
      },
      fetchSecret: (signal) => this.fetchSecret(signal),
      mayUseMicrophone: () => Promise.resolve(this.granted),
      now: () => this.nowMs,
    });
  }

  get transport(): FakeTransport {
    const last = this.transports.at(-1);
    if (last === undefined) throw new Error("no transport was made");
    return last;
  }

  /** A call as far as `session.created`. */
  async begin(): Promise<FakeTransport> {
    const started = this.session.start();
    await settle();
    this.transport.says(CREATED);
    await started;
    return this.transport;
  }
}

export const CREATED: AnyEvent = {
  type: "session.created",
  session: {
    id: "sess_1",
    model: "gpt-realtime-2.1",
    expires_at: 3600,
    audio: {
      input: { turn_detection: { type: "server_vad", interrupt_response: true } },
      output: { voice: "marin" },
    },
  },
};

/** Lets everything that only waits for promises go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
