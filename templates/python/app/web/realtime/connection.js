/**
 * One connection to one session of the API. It is opened and made ready on its own, and only then
 * adopted: until that moment nothing it says reaches the conversation. So a new session can be
 * prepared behind the one that is in use.
 */

import { known } from "./events.js";
import { CallError, failureOfApi } from "./failures.js";
import { Waiting } from "./waiting.js";

const CREATED_TIMEOUT_MS = 10_000;
const READY_TIMEOUT_MS = 5000;

export class Connection {
  name;
  /** What `session.created` or the last `session.updated` said. */
  session = {};

  #owner;
  #transport;
  #created = new Waiting();
  #updated = null;
  /** Items this side made, and those of them that the server has not taken yet. */
  #told = new Set();
  #untaken = new Set();
  #taken = null;
  #adopted = false;
  /** Nothing goes through any more; sound that has arrived may still play. */
  #lost = false;
  #closed = false;
  #sounds = false;

  constructor(name, makeTransport, owner) {
    this.name = name;
    this.#owner = owner;
    this.#transport = makeTransport(name, {
      received: (event) => this.#received(event),
      sent: (event) => owner.logged("out", { ...event }),
      sounding: (is) => this.#sounding(is),
      trouble: (failure) => this.#ifOpen(() => owner.trouble(failure)),
      lost: (failure) => this.#loses(failure),
    });
  }

  /** Whether the model's sound is playing from it. */
  get sounds() {
    return this.#sounds;
  }

  /** Whether it is of no more use. */
  get over() {
    return this.#closed || this.#lost;
  }

  /** Resolves when the session is there. Rejects with a CallError; it is closed then. */
  async open(secret, signal, entered) {
    const hungUp = () => this.#created.reject(signal.reason);
    signal.addEventListener("abort", hungUp);
    try {
      await this.#transport.connect(secret, signal, entered);
      entered("session");
      this.session = await this.#created.within(
        CREATED_TIMEOUT_MS,
        () => new CallError("sessionSilent"),
      );
      signal.throwIfAborted();
    } catch (error) {
      this.close();
      throw error;
    } finally {
      signal.removeEventListener("abort", hungUp);
    }
  }

  /**
   * Gives the session its settings and tells it what was said before. A setting that is refused is
   * trouble, not the end: the call goes on as the server made it.
   */
  async makeReady(update, history) {
    if (update !== null) {
      this.#updated = new Waiting();
      this.send({ type: "session.update", session: update });
      try {
        await this.#updated.within(READY_TIMEOUT_MS, () => new CallError("sessionSilent"));
      } catch (error) {
        if (this.over || !(error instanceof CallError)) throw error;
        this.#owner.trouble(error.failure);
      }
    }
    await this.tell(history);
  }

  /**
   * Adds what was said elsewhere to the conversation; resolves when the server has taken all of
   * it, or too long has passed. What the server says of these items is not news to anybody.
   */
  async tell(items) {
    if (items.length === 0) return;
    this.#taken = new Waiting();
    for (const item of items) {
      const id = makeItemId();
      this.#told.add(id);
      this.#untaken.add(id);
      this.send({ type: "conversation.item.create", item: { ...item, id } });
    }
    await this.#taken
      .within(READY_TIMEOUT_MS, () => new CallError("sessionSilent"))
      .catch(() => undefined);
    if (this.over) throw new CallError("callLost");
  }

  /** From now on what it says is the conversation's. */
  adopt() {
    this.#adopted = true;
  }

  send(event) {
    this.#transport.send(event);
  }

  openMicrophone(first = []) {
    this.#transport.openMicrophone(first);
  }

  closeMicrophone() {
    this.#transport.closeMicrophone();
  }

  unheard() {
    return this.#transport.unheard();
  }

  silence() {
    this.#transport.silence();
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#sounds = false;
    this.#transport.close();
    this.#giveUp(new CallError("callLost"));
  }

  /** Whether somebody still waited for the session to begin. */
  #giveUp(error) {
    this.#updated?.reject(error);
    this.#taken?.reject(error);
    return this.#created.reject(error);
  }

  #received(event) {
    if (this.over) return;
    this.#owner.logged("in", event);
    const message = known(event);
    if (message === null) return;
    switch (message.type) {
      case "session.created":
        this.#created.resolve(message.session);
        break;
      case "session.updated":
        this.session = message.session;
        this.#updated?.resolve(message.session);
        break;
      case "conversation.item.added":
      case "conversation.item.done":
        if (this.#tookOwn(message.item.id)) return;
        break;
      case "error":
        if (this.#refused(message.error)) return;
        break;
    }
    if (this.#adopted) this.#owner.received(message);
  }

  /** Whether the item is one that this side told of. */
  #tookOwn(id) {
    if (id === undefined || !this.#told.has(id)) return false;
    this.#untaken.delete(id);
    if (this.#untaken.size === 0) this.#taken?.resolve();
    return true;
  }

  /** Whether the error answers something that is being waited for. */
  #refused({ code, message }) {
    const failure = failureOfApi(code ?? null, 400, message ?? "");
    const error = new CallError(failure.name, failure.detail);
    return this.#created.reject(error) || (this.#updated?.reject(error) ?? false);
  }

  #sounding(is) {
    this.#sounds = is;
    this.#ifOpen(() => this.#owner.sounding(is));
  }

  #loses(failure) {
    if (this.over) return;
    this.#lost = true;
    const wasAwaited = this.#giveUp(new CallError(failure.name, failure.detail));
    if (!wasAwaited) this.#owner.lost(failure);
  }

  #ifOpen(act) {
    if (!this.#closed) act();
  }
}

/** An id of the form the API gives its own items. */
function makeItemId() {
  const letters = [...crypto.getRandomValues(new Uint8Array(21))];
  return `item_${letters.map((byte) => (byte % 36).toString(36)).join("")}`;
}
