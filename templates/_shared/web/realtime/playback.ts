/** Which part of which answer is being heard. Pure: it counts frames that others play. */

/** How much of an answer was heard when it was cut off. */
export interface Heard {
  readonly itemId: string;
  readonly contentIndex: number;
  /** Never more than the sound that arrived, because the API refuses more. */
  readonly audioEndMs: number;
}

interface Piece {
  readonly itemId: string;
  readonly contentIndex: number;
  readonly from: number;
  frames: number;
}

export class PlaybackLedger {
  readonly #rateHz: number;
  #pieces: Piece[] = [];
  #queued = 0;

  constructor(rateHz: number) {
    this.#rateHz = rateHz;
  }

  add(itemId: string, contentIndex: number, frames: number): void {
    const last = this.#pieces.at(-1);
    if (last?.itemId === itemId && last.contentIndex === contentIndex) last.frames += frames;
    else this.#pieces.push({ itemId, contentIndex, from: this.#queued, frames });
    this.#queued += frames;
  }

  /**
   * Cuts the queue after this many played frames. The answer is what was heard of the piece that
   * was sounding, or null when none was: nothing was queued, or all of it had been played.
   */
  cut(played: number): Heard | null {
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
  forget(played: number): void {
    while (this.#pieces.length > 1) {
      const [first] = this.#pieces;
      if (first === undefined || first.from + first.frames > played) return;
      this.#pieces.shift();
    }
  }
}
