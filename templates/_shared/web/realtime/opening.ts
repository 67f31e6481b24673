/**
 * The way from a click to a connection that is ready: the microphone, a secret, a transport and,
 * when no way leads there, the other one. It shows each step, and keeps nothing.
 */

import type { Connection } from "./connection.ts";
import { failure, failureOf } from "./failures.ts";
import type { Settings } from "./settings.ts";
import { begin, fail, finish, restage, STAGES_OF } from "./stages.ts";
import type { StageName } from "./stages.ts";
import type { Store } from "./state.ts";
import type { Secret } from "./token.ts";
import type { TransportName } from "./transport.ts";

/** Failures of WebRTC that another way through may not meet. */
const WORTH_ANOTHER_WAY: ReadonlySet<string> = new Set([
  "networkBlocked",
  "offerRefused",
  "browserTooOld",
]);

export interface OpeningHost {
  useMicrophone(): Promise<string>;
  mayUseMicrophone(): Promise<boolean | null>;
  fetchSecret(signal: AbortSignal): Promise<Secret>;
  /** A connection whose session has its settings and knows what was said before. */
  connect(
    name: TransportName,
    secret: Secret,
    steps: { signal: AbortSignal; entered: (stage: StageName) => void },
  ): Promise<Connection>;
  isOnline(): boolean;
  remark(type: string, text: string): void;
  now(): number;
}

export class Opening {
  readonly #store: Store;
  readonly #host: OpeningHost;

  constructor(store: Store, host: OpeningHost) {
    this.#store = store;
    this.#host = host;
  }

  /** The first connection of a call. `opening` is the audio's, begun in the click. */
  async first(
    opening: Promise<void>,
    { transport }: Settings,
    signal: AbortSignal,
  ): Promise<Connection> {
    return this.#establish(transport, await this.#prepare(opening, signal), signal);
  }

  /** Another one for a call whose connection was lost. */
  async again(signal: AbortSignal): Promise<Connection> {
    return this.#establish(this.#store.snapshot.transport, await this.#mint(signal), signal);
  }

  /** The microphone and the secret: together where no question to a person lies between. */
  async #prepare(opening: Promise<void>, signal: AbortSignal): Promise<Secret> {
    const microphone = this.#stage("microphone", signal, async () => {
      await opening;
      await this.#host.useMicrophone();
    });
    // A secret lives a minute; a person may need longer to answer the browser's question.
    const minted = this.#host
      .mayUseMicrophone()
      .then((may) => (may === true ? null : microphone))
      .then(() => this.#mint(signal));
    const [secret] = await Promise.all([minted, microphone]);
    return secret;
  }

  #mint(signal: AbortSignal): Promise<Secret> {
    return this.#stage("token", signal, () => this.#host.fetchSecret(signal));
  }

  /** A connection that is ready, over this transport or, when no way leads there, the other one. */
  async #establish(
    name: TransportName,
    secret: Secret,
    signal: AbortSignal,
  ): Promise<Connection> {
    try {
      return await this.#open(name, secret, signal);
    } catch (error) {
      const why = failureOf(error);
      const worthIt = name === "webrtc" && WORTH_ANOTHER_WAY.has(why.name);
      if (signal.aborted || !worthIt || !this.#host.isOnline()) throw error;
      this.#host.remark("client.fallback", `${why.title}. ${why.detail}`);
      this.#store.set({
        transport: "websocket",
        stages: restage(this.#store.snapshot.stages, STAGES_OF.websocket),
      });
      const connection = await this.#open("websocket", await this.#mint(signal), signal);
      const { title, code } = failure("fellBack");
      this.#store.note(`${title}: ${why.detail || why.title}.`, code);
      return connection;
    }
  }

  async #open(name: TransportName, secret: Secret, signal: AbortSignal): Promise<Connection> {
    this.#store.set({ model: secret.model });
    let current: StageName = "token";
    const entered = (stage: StageName): void => {
      if (signal.aborted) return;
      const now = this.#host.now();
      const { stages } = this.#store.snapshot;
      this.#store.set({ stages: begin(finish(stages, current, now), stage, now) });
      current = stage;
    };
    try {
      const connection = await this.#host.connect(name, secret, { signal, entered });
      this.#store.set({ stages: finish(this.#store.snapshot.stages, "session", this.#host.now()) });
      return connection;
    } catch (error) {
      this.#failStage(current, signal);
      throw error;
    }
  }

  async #stage<T>(name: StageName, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    this.#store.set({ stages: begin(this.#store.snapshot.stages, name, this.#host.now()) });
    try {
      const result = await work();
      signal.throwIfAborted();
      this.#store.set({ stages: finish(this.#store.snapshot.stages, name, this.#host.now()) });
      return result;
    } catch (error) {
      this.#failStage(name, signal);
      throw error;
    }
  }

  #failStage(name: StageName, signal: AbortSignal): void {
    // After hanging up nothing failed, and the stages may be those of the next call.
    if (signal.aborted) return;
    this.#store.set({ stages: fail(this.#store.snapshot.stages, name, this.#host.now()) });
  }
}
