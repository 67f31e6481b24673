/** Which part of which answer is being heard. Pure: it counts frames that others play. */

export class PlaybackLedger {
  #rateHz;
  #pieces = [];
  #queued = 0;

  constructor(rateHz) {
    this.#rateHz = rateHz;
  }

  add(itemId, contentIndex, frames) {
    const last = this.#pieces.at(-1);
    if (last?.itemId === itemId && last.contentIndex === contentIndex) last.frames += frames;
    else this.#pieces.push({ itemId, contentIndex, from: this.#queued, frames });
    this.#queued += frames;
  }

  /**
   * Cuts the queue after this many played frames. The answer is what was heard of the piece that
   * was sounding, or null when none was: nothing was queued, or all of it had been played.
   */
  cut(played) {
    const sounding = this.#pieces.find(
      (piece) => played >= piece.from && played < piece.from + piece.frames,
    );
    this.#pieces = [];
    this.#queued = played;
    if (sounding === undefined) return null;
    return {
      itemId: sounding.itemId,
      contentIndex: sounding.contentIndex,
      audioEndMs: Math.floor(((played - sounding.from) * 1000) / this.#rateHz),
    };
  }

  /** Forgets what lies behind this many played frames. */
  forget(played) {
    while (this.#pieces.length > 1) {
      const [first] = this.#pieces;
      if (first === undefined || first.from + first.frames > played) return;
      this.#pieces.shift();
    }
  }
}
