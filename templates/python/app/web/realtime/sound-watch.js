/** Waits for the first moment that can be heard: what counts is what leaves the loudspeaker. */

/** Louder than this is sound, not the noise of an idle line. */
const SOUND_DBFS = -50;
const LOOK_MS = 15;
const GIVE_UP_MS = 30_000;

export class SoundWatch {
  #level;
  #now;
  #timer = null;

  constructor(level, now) {
    this.#level = level;
    this.#now = now;
  }

  /** Tells when there is sound; never, when there is none for half a minute. One at a time. */
  begin(heard) {
    if (this.#timer !== null) return;
    const giveUp = this.#now() + GIVE_UP_MS;
    this.#timer = setInterval(() => {
      const now = this.#now();
      const sounds = this.#level().dbfs > SOUND_DBFS;
      if (!sounds && now < giveUp) return;
      this.end();
      if (sounds) heard(now);
    }, LOOK_MS);
  }

  end() {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
