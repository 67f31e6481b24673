/**
 * One conversation with the model: from the click to the end, over whichever transport. It holds
 * the truth that a page shows (`snapshot`) and takes the orders that a page gives (`start`,
 * `hangUp`, `interrupt`, …). It knows no document and no framework.
 */

import type { CallAudio } from "./audio.ts";
import { listen } from "./conversation.ts";
import type { Turns } from "./conversation.ts";
import { known } from "./events.ts";
import type { AnyEvent, ClientEvent, ServerEvent, SessionObject } from "./events.ts";
import { CallError, failureOf, failureOfApi } from "./failures.ts";
import type { Failure } from "./failures.ts";
import { EventLog } from "./log.ts";
import type { Level } from "./meter.ts";
import { begin, fail, finish, STAGES_OF, waitingStages } from "./stages.ts";
import type { Stage, StageName } from "./stages.ts";
import type { Secret } from "./token.ts";
import type { Transport, TransportListener, TransportName } from "./transport.ts";

const SESSION_TIMEOUT_MS = 10_000;
/** Louder than this is sound, not the noise of an idle line. */
const SOUND_DBFS = -50;
const LOOK_FOR_SOUND_MS = 15;
const LOOK_NO_LONGER_MS = 30_000;

/** Errors that only say that two messages crossed on their way. */
const CROSSED = new Set([
  "response_cancel_not_active",
  "conversation_already_has_active_response",
  "input_audio_buffer_commit_empty",
  "item_truncate_invalid_item_id",
]);

export type Phase = "idle" | "connecting" | "live" | "ended" | "failed";

/** What is going on in a live call. */
export type Activity = "listening" | "hearing" | "thinking" | "speaking";

/** Everything a page shows. A new object at every change; parts that did not change are the same. */
export interface Snapshot {
  readonly phase: Phase;
  readonly activity: Activity;
  readonly stages: readonly Stage[];
  readonly transport: TransportName;
  readonly model: string;
  readonly voice: string;
  readonly muted: boolean;
  readonly turns: Turns;
  /** Why the call could not begin or go on. */
  readonly failure: Failure | null;
  /** Trouble that did not end the call, the newest last. */
  readonly troubles: readonly Failure[];
  /** From the end of the caller's words to the first sound of each answer, in milliseconds. */
  readonly latenciesMs: readonly number[];
  /** How long the call was live, once it has ended. */
  readonly lastedMs: number;
}

export interface SessionPorts {
  readonly audio: CallAudio;
  makeTransport(name: TransportName, listener: TransportListener): Transport;
  fetchSecret(signal: AbortSignal): Promise<Secret>;
  mayUseMicrophone(): Promise<boolean | null>;
  /** Milliseconds on a clock that never goes back. */
  now(): number;
}

export interface SessionSettings {
  readonly transport: TransportName;
}

const IDLE: Snapshot = {
  phase: "idle",
  activity: "listening",
  stages: waitingStages(STAGES_OF.webrtc),
  transport: "webrtc",
  model: "",
  voice: "",
  muted: false,
  turns: [],
  failure: null,
  troubles: [],
  latenciesMs: [],
  lastedMs: 0,
};

export class Session {
  readonly log = new EventLog();
  settings: SessionSettings = { transport: "webrtc" };

  readonly #ports: SessionPorts;
  readonly #subscribers = new Set<() => void>();
  #snapshot = IDLE;
  #attempt: AbortController | null = null;
  #transport: Transport | null = null;
  #created: Waiting<SessionObject> | null = null;
  #answering: string | null = null;
  #beganMs = 0;
  #liveMs = 0;
  #spokenMs: number | null = null;
  #look: ReturnType<typeof setInterval> | null = null;

  constructor(ports: SessionPorts) {
    this.#ports = ports;
    ports.audio.onTrouble = (trouble) => this.#trouble(trouble);
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Calls back after every change of the snapshot, until the answer is called. */
  subscribe(subscriber: () => void): () => void {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  microphoneLevel(): Level {
    return this.#ports.audio.microphoneLevel();
  }

  modelLevel(): Level {
    return this.#ports.audio.modelLevel();
  }

  /** Begins a call. Must be called inside a click or a key press, or there will be no sound. */
  async start(): Promise<void> {
    if (this.#snapshot.phase === "connecting" || this.#snapshot.phase === "live") return;
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#beganMs = this.#ports.now();
    const { transport } = this.settings;
    this.log.clear();
    this.#set({
      ...IDLE,
      phase: "connecting",
      transport,
      stages: waitingStages(STAGES_OF[transport]),
    });
    try {
      const secret = await this.#prepare(this.#ports.audio.open(), attempt.signal);
      await this.#connect(secret, attempt.signal);
    } catch (error) {
      if (!attempt.signal.aborted) this.#end("failed", failureOf(error));
    }
  }

  /** Ends the call, or the attempt at one. */
  hangUp(): void {
    const { phase } = this.#snapshot;
    if (phase === "connecting" || phase === "live") this.#end("ended", null);
  }

  /** Stops the answer that is being given. */
  interrupt(): void {
    if (this.#snapshot.phase !== "live") return;
    if (this.#answering !== null) this.#transport?.send({ type: "response.cancel" });
    this.#transport?.silence();
  }

  setMuted(muted: boolean): void {
    if (this.#snapshot.phase !== "live" && this.#snapshot.phase !== "connecting") return;
    this.#ports.audio.setMuted(muted);
    this.#set({ muted });
  }

  /** The microphone and the secret: together where no question to a person lies between. */
  async #prepare(opening: Promise<void>, signal: AbortSignal): Promise<Secret> {
    const microphone = this.#stage("microphone", signal, async () => {
      await opening;
      await this.#ports.audio.useMicrophone(null);
    });
    const mint = (): Promise<Secret> =>
      this.#stage("token", signal, () => this.#ports.fetchSecret(signal));
    // A secret lives a minute; a person may need longer to answer the browser's question.
    const granted = this.#ports
      .mayUseMicrophone()
      .then((may) => (may === true ? undefined : microphone));
    const [secret] = await Promise.all([granted.then(mint), microphone]);
    return secret;
  }

  async #connect(secret: Secret, signal: AbortSignal): Promise<void> {
    this.#set({ model: secret.model });
    this.#created = new Waiting<SessionObject>();
    let current: StageName = "token";
    const entered = (stage: StageName): void => {
      const now = this.#ports.now();
      this.#set({ stages: begin(finish(this.#snapshot.stages, current, now), stage, now) });
      current = stage;
    };
    try {
      const transport = this.#ports.makeTransport(this.settings.transport, this.#listener());
      this.#transport = transport;
      await transport.connect(secret, signal, entered);
      entered("session");
      const session = await this.#created.within(SESSION_TIMEOUT_MS, "sessionSilent");
      signal.throwIfAborted();
      const now = this.#ports.now();
      this.#liveMs = now;
      this.#set({
        phase: "live",
        stages: finish(this.#snapshot.stages, "session", now),
        model: session.model ?? secret.model,
        voice: session.audio?.output?.voice ?? "",
      });
      transport.openMicrophone();
    } catch (error) {
      this.#failStage(current, signal);
      throw error;
    }
  }

  async #stage<T>(
    name: StageName,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> {
    this.#set({ stages: begin(this.#snapshot.stages, name, this.#ports.now()) });
    try {
      const result = await work();
      signal.throwIfAborted();
      this.#set({ stages: finish(this.#snapshot.stages, name, this.#ports.now()) });
      return result;
    } catch (error) {
      this.#failStage(name, signal);
      throw error;
    }
  }

  #failStage(name: StageName, signal: AbortSignal): void {
    // After hanging up nothing failed, and the stages may be those of the next call.
    if (signal.aborted) return;
    this.#set({ stages: fail(this.#snapshot.stages, name, this.#ports.now()) });
  }

  /** The ear of one transport; it goes deaf when another has taken its place. */
  #listener(): TransportListener {
    const attempt = this.#attempt;
    const ifCurrent = (act: () => void): void => {
      if (this.#attempt === attempt && attempt !== null && !attempt.signal.aborted) act();
    };
    return {
      received: (event) => ifCurrent(() => this.#received(event)),
      sent: (event) => ifCurrent(() => this.#sent(event)),
      sounding: (is) => ifCurrent(() => this.#sounding(is)),
      trouble: (failure) => ifCurrent(() => this.#trouble(failure)),
      lost: (failure) => ifCurrent(() => this.#lost(failure)),
    };
  }

  #received(event: AnyEvent): void {
    this.log.add("in", event, this.#ports.now() - this.#beganMs);
    const message = known(event);
    if (message === null) return this.#set({});
    const turns = listen(this.#snapshot.turns, message);
    if (turns !== this.#snapshot.turns) this.#set({ turns });
    this.#act(message);
    this.#set({});
  }

  #sent(event: ClientEvent): void {
    this.log.add("out", { ...event }, this.#ports.now() - this.#beganMs);
  }

  #act(event: ServerEvent): void {
    switch (event.type) {
      case "session.created":
        this.#created?.resolve(event.session);
        break;
      case "error":
        this.#refused(event.error.code ?? null, event.error.message ?? "");
        break;
      case "input_audio_buffer.speech_started":
        this.#set({ activity: "hearing" });
        break;
      case "input_audio_buffer.speech_stopped":
        this.#spokenMs = this.#ports.now();
        this.#set({ activity: "thinking" });
        break;
      case "response.created":
        this.#answering = event.response.id;
        this.#lookForSound();
        if (this.#snapshot.activity !== "hearing") this.#set({ activity: "thinking" });
        break;
      case "response.done": {
        this.#answering = null;
        const error = event.response.status_details?.error;
        if (event.response.status === "failed") {
          const { code = null, message = "" } = error ?? {};
          this.#trouble(code === null ? answerFailed(message) : failureOfApi(code, 500, message));
        }
        if (this.#snapshot.activity === "thinking" && event.response.status !== "completed") {
          this.#set({ activity: "listening" });
        }
        break;
      }
    }
  }

  #refused(code: string | null, message: string): void {
    if (code !== null && CROSSED.has(code)) return;
    const failure = failureOfApi(code, 400, message);
    if (this.#created?.reject(new CallError(failure.name, failure.detail)) === true) return;
    this.#trouble(failure);
  }

  #sounding(is: boolean): void {
    if (is) this.#set({ activity: "speaking" });
    else if (this.#snapshot.activity === "speaking") {
      this.#set({ activity: this.#answering === null ? "listening" : "thinking" });
    }
  }

  #lost(failure: Failure): void {
    const error = new CallError(failure.name, failure.detail);
    if (this.#created?.reject(error) === true) return;
    // The server names the reason in an error just before it closes.
    const expired = this.#snapshot.troubles.find(({ name }) => name === "sessionExpired");
    this.#end("failed", expired ?? failure);
  }

  #trouble(trouble: Failure): void {
    this.#set({ troubles: [...this.#snapshot.troubles, trouble].slice(-5) });
  }

  /** Looks at the model's meter until there is sound: what counts is what leaves the speaker. */
  #lookForSound(): void {
    if (this.#look !== null) return;
    const since = this.#spokenMs ?? this.#ports.now();
    const giveUp = this.#ports.now() + LOOK_NO_LONGER_MS;
    this.#set({ stages: begin(this.#snapshot.stages, "first sound", since) });
    this.#look = setInterval(() => {
      const now = this.#ports.now();
      const heard = this.#ports.audio.modelLevel().dbfs > SOUND_DBFS;
      if (!heard && now < giveUp) return;
      this.#lookNoMore();
      if (!heard) return;
      this.#set({
        stages: finish(this.#snapshot.stages, "first sound", now),
        latenciesMs: [...this.#snapshot.latenciesMs, now - since],
        activity: this.#snapshot.activity === "hearing" ? "hearing" : "speaking",
      });
    }, LOOK_FOR_SOUND_MS);
  }

  #lookNoMore(): void {
    if (this.#look !== null) clearInterval(this.#look);
    this.#look = null;
    this.#spokenMs = null;
  }

  #end(phase: "ended" | "failed", failure: Failure | null): void {
    const wasLive = this.#snapshot.phase === "live";
    const ended = new DOMException("the call was ended", "AbortError");
    this.#attempt?.abort(ended);
    this.#attempt = null;
    this.#created?.reject(ended);
    this.#lookNoMore();
    this.#transport?.close();
    this.#transport = null;
    this.#created = null;
    this.#answering = null;
    this.#ports.audio.close();
    this.#set({
      phase,
      failure,
      activity: "listening",
      muted: false,
      lastedMs: wasLive ? this.#ports.now() - this.#liveMs : 0,
    });
  }

  #set(change: Partial<Snapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const subscriber of this.#subscribers) subscriber();
  }
}

function answerFailed(message: string): Failure {
  return new CallError("answerFailed", message).failure;
}

/** Something that is awaited once, for a limited time. */
class Waiting<T> {
  readonly #promise: Promise<T>;
  #settle: { resolve: (value: T) => void; reject: (error: Error) => void } | null = null;

  constructor() {
    this.#promise = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Whoever waits sees the rejection; without a waiter there is nothing to report.
    this.#promise.catch(() => undefined);
  }

  /** Whether somebody still waited. */
  resolve(value: T): boolean {
    const waited = this.#settle !== null;
    this.#settle?.resolve(value);
    this.#settle = null;
    return waited;
  }

  reject(error: Error): boolean {
    const waited = this.#settle !== null;
    this.#settle?.reject(error);
    this.#settle = null;
    return waited;
  }

  async within(timeoutMs: number, otherwise: "sessionSilent"): Promise<T> {
    const timer = setTimeout(() => this.reject(new CallError(otherwise)), timeoutMs);
    try {
      return await this.#promise;
    } finally {
      clearTimeout(timer);
    }
  }
}
