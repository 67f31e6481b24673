/**
 * What the caller is in the middle of saying: kept until the server has taken it for a turn, so
 * that it can be told to another session when this one ends. Pure.
 */

/** What lies before speech was noticed belongs to it, as the server's own padding does. */
const BEFORE_PORTIONS = 15;
/** Half a minute in portions of 40 ms; who speaks longer loses the beginning. */
const MOST_PORTIONS = 750;

export class Utterance {
  #portions = [];
  #open = false;

  get sound() {
    return this.#open ? this.#portions : [];
  }

  add(portion) {
    this.#portions.push(portion);
    const most = this.#open ? MOST_PORTIONS : BEFORE_PORTIONS;
    if (this.#portions.length > most) this.#portions.splice(0, this.#portions.length - most);
  }

  /** The caller has begun to speak, or nobody listens from now on. */
  begin() {
    this.#open = true;
  }

  /** The server has taken it. */
  end() {
    this.#open = false;
    this.#portions.splice(0, this.#portions.length - BEFORE_PORTIONS);
  }
}
