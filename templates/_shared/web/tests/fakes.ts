/** Stand-ins for what only a browser has. They do what they are told and keep what they were sent. */

import { CallError } from "../src/realtime/failures.ts";
import type { FailureName } from "../src/realtime/failures.ts";
import type { CallAudio } from "../src/realtime/audio.ts";
import type { AnyEvent, ClientEvent } from "../src/realtime/events.ts";
import { SILENT } from "../src/realtime/meter.ts";
import type { Level } from "../src/realtime/meter.ts";
import { Session } from "../src/realtime/session.ts";
import type { Network } from "../src/realtime/session.ts";
import type { StageName } from "../src/realtime/stages.ts";
import type { Secret } from "../src/realtime/token.ts";
import type { Tool } from "../src/realtime/tools.ts";
import type { Sound, Transport, TransportListener, TransportName } from "../src/realtime/transport.ts";

export const SECRET: Secret = {
  value: "ek_test_0123",
  expiresAt: 1_795_364_174,
  realtimeUrl: "http://127.0.0.1:1/v1/realtime",
  model: "gpt-realtime-2.1",
  emulated: false,
  callsUrl: "",
};

export class FakeAudio implements CallAudio {
  onTrouble: CallAudio["onTrouble"] = () => undefined;
  onMicrophoneLost: CallAudio["onMicrophoneLost"] = () => undefined;
  onDevices: CallAudio["onDevices"] = () => undefined;
  readonly microphones: string[] = [];
  readonly speakers: string[] = [];
  microphone: Level = SILENT;
  model: Level = SILENT;
  muted = false;
  opened = false;
  refuses: FailureName | null = null;

  open(): Promise<void> {
    this.opened = true;
    return Promise.resolve();
  }

  useMicrophone(deviceId: string): Promise<string> {
    this.microphones.push(deviceId);
    return this.refuses === null
      ? Promise.resolve(deviceId === "" ? "Built-in" : deviceId)
      : Promise.reject(new CallError(this.refuses, "said by the browser"));
  }

  useSpeaker(deviceId: string): Promise<void> {
    this.speakers.push(deviceId);
    return Promise.resolve();
  }

  setMuted(muted: boolean): void {
    this.muted = muted;
  }

  microphoneLevel(): Level {
    return this.microphone;
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
  /** What the caller is in the middle of saying. */
  saying: Sound = [];
  readonly toldAgain: Uint8Array[] = [];
  refuses: FailureName | null = null;
  greeting: AnyEvent | null = null;
  /** Whether it answers what a server would answer of itself. */
  answers = true;

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
    if (this.greeting !== null) this.says(this.greeting);
  }

  send(event: ClientEvent): void {
    this.sent.push(event);
    this.listener.sent(event);
    if (!this.answers) return;
    if (event.type === "session.update") {
      this.says({ type: "session.updated", session: event.session });
    } else if (event.type === "conversation.item.create") {
      this.says({ type: "conversation.item.added", item: event.item });
    }
  }

  openMicrophone(first: Sound = []): void {
    this.microphone = true;
    this.toldAgain.push(...first);
  }

  unheard(): Sound {
    return this.saying;
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

export class FakeNetwork implements Network {
  #online = true;
  readonly #watchers = new Set<() => void>();

  isOnline(): boolean {
    return this.#online;
  }

  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  goes(online: boolean): void {
    this.#online = online;
    for (const changed of this.#watchers) changed();
  }
}

/** A session whose every port is in the test's hand. Its clock is that of the fake timers. */
export class Stage {
  readonly audio = new FakeAudio();
  readonly network = new FakeNetwork();
  readonly transports: FakeTransport[] = [];
  readonly session: Session;
  granted: boolean | null = true;
  minted = 0;
  fetchSecret: (signal: AbortSignal) => Promise<Secret> = () => Promise.resolve(SECRET);
  /** What the next connections fail with; one that is not named succeeds. */
  refuses: Partial<Record<TransportName, FailureName>> = {};
  /** Whether a new connection says `session.created` by itself. */
  greets = true;
  expiresAt = 3600;

  constructor(tools: readonly Tool[] = []) {
    this.session = new Session(
      {
        audio: this.audio,
        makeTransport: (name, listener) => {
          const transport = new FakeTransport(name, listener);
          transport.refuses = this.refuses[name] ?? null;
          transport.greeting = this.greets ? created(this.expiresAt) : null;
          this.transports.push(transport);
          return transport;
        },
        fetchSecret: (signal) => {
          this.minted += 1;
          return this.fetchSecret(signal);
        },
        mayUseMicrophone: () => Promise.resolve(this.granted),
        network: this.network,
        now: () => performance.now(),
        unixNow: () => 0,
      },
      tools,
    );
  }

  get transport(): FakeTransport {
    const last = this.transports.at(-1);
    if (last === undefined) throw new Error("no transport was made");
    return last;
  }

  /** A call that is live. */
  async begin(): Promise<FakeTransport> {
    await this.session.start();
    return this.transport;
  }
}

/** The first message of a session that ends at this time; the fake device's clock is at 0. */
export function created(expiresAt: number): AnyEvent {
  return {
    type: "session.created",
    session: {
      id: "sess_1",
      model: "gpt-realtime-2.1",
      expires_at: expiresAt,
      audio: {
        input: { turn_detection: { type: "server_vad", interrupt_response: true } },
        output: { voice: "marin" },
      },
    },
  };
}

/** Lets everything that only waits for promises go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
