/**
 * Goes on in a new session before the old one reaches its end. The new one is made ready in the
 * background and taken into use in a moment of silence, so that no word is lost and nothing is
 * heard of it.
 */

/** A session of the API lasts this long at most (OpenAI's guide, November 2026). */
const LONGEST_MS = 3_600_000;
/** Preparing begins this long before the end, or at three quarters of a shorter session. */
const LEAD_MS = 60_000;
/** When no silence has come by then, it need not be silence any more. */
const LATEST_MS = 5000;
const RETRY_MS = 5000;
const LOOK_MS = 50;
/** Silence must have lasted this long: a person may only be taking breath. */
const QUIET_MS = 600;

export class Rollover {
  #host;
  #timer = null;
  #next = null;
  /** Counts the sessions, so that what was begun for an old one comes to nothing. */
  #round = 0;

  constructor(host) {
    this.#host = host;
  }

  /**
   * Watches over a session that has just begun. `endsInMs` is by this device's clock, which may be
   * wrong; a session cannot last longer than the API allows. The answer is the time it counts on.
   */
  begin(endsInMs) {
    this.end();
    const lasts = endsInMs > 0 ? Math.min(endsInMs, LONGEST_MS) : LONGEST_MS;
    const due = this.#host.now() + lasts - Math.min(LATEST_MS, lasts / 10);
    const lead = Math.min(LEAD_MS, lasts / 4);
    this.#after(lasts - lead, () => void this.#prepare(due));
    return lasts;
  }

  /** The prepared connection, for somebody who needs it sooner; it is theirs then. */
  take() {
    const next = this.#next;
    this.#next = null;
    this.end();
    return next?.over === true ? null : next;
  }

  end() {
    this.#round += 1;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#next?.close();
    this.#next = null;
  }

  async #prepare(due) {
    const round = this.#round;
    try {
      const next = await this.#host.prepare();
      if (round !== this.#round) return next.close();
      this.#next = next;
      this.#watch(due, this.#host.now());
    } catch {
      // The old session still runs; there is time to try again.
      if (round === this.#round && this.#host.now() + RETRY_MS < due) {
        this.#after(RETRY_MS, () => void this.#prepare(due));
      }
    }
  }

  #watch(due, quietSince) {
    const next = this.#next;
    const now = this.#host.now();
    if (next === null) return;
    if (next.over) {
      this.#next = null;
      void this.#prepare(due);
    } else if (now - quietSince >= QUIET_MS || (now >= due && this.#host.isFree())) {
      this.#next = null;
      this.#host.swap(next);
    } else {
      const since = this.#host.isQuiet() ? quietSince : now + LOOK_MS;
      this.#after(LOOK_MS, () => this.#watch(due, since));
    }
  }

  #after(ms, act) {
    this.#timer = setTimeout(act, ms);
  }
}
