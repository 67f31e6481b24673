/**
 * The way from a click to a connection that is ready: the microphone, a secret, a transport and,
 * when no way leads there, the other one. It shows each step, and keeps nothing.
 */

import { failure, failureOf } from "./failures.js";
import { begin, fail, finish, restage, STAGES_OF } from "./stages.js";

/** Failures of WebRTC that another way through may not meet. */
const WORTH_ANOTHER_WAY = new Set(["networkBlocked", "offerRefused", "browserTooOld"]);

export class Opening {
  #store;
  #host;

  constructor(store, host) {
    this.#store = store;
    this.#host = host;
  }

  /** The first connection of a call. `opening` is the audio's, begun in the click. */
  async first(opening, { transport }, signal) {
    return this.#establish(transport, await this.#prepare(opening, signal), signal);
  }

  /** Another one for a call whose connection was lost. */
  async again(signal) {
    return this.#establish(this.#store.snapshot.transport, await this.#mint(signal), signal);
  }

  /** The microphone and the secret: together where no question to a person lies between. */
  async #prepare(opening, signal) {
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

  #mint(signal) {
    return this.#stage("token", signal, () => this.#host.fetchSecret(signal));
  }

  /** A connection that is ready, over this transport or, when no way leads there, the other one. */
  async #establish(name, secret, signal) {
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

  async #open(name, secret, signal) {
    this.#store.set({ model: secret.model });
    let current = "token";
    const entered = (stage) => {
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

  async #stage(name, signal, work) {
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

  #failStage(name, signal) {
    // After hanging up nothing failed, and the stages may be those of the next call.
    if (signal.aborted) return;
    this.#store.set({ stages: fail(this.#store.snapshot.stages, name, this.#host.now()) });
  }
}
