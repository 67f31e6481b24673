/** What a press of the large button does, whichever hand, key or aid it comes from. */

import { deedOf } from "./words.js";

/** A press meant for "Interrupt" may come just after the answer has ended by itself. */
const HANG_UP_GUARD_MS = 700;

export class Press {
  #session;
  #interruptible = Number.NEGATIVE_INFINITY;

  /** Follows the session until `gone` is aborted. */
  constructor(session, gone) {
    this.#session = session;
    let before = deedOf(session.snapshot);
    const leave = session.subscribe(() => {
      const deed = deedOf(session.snapshot);
      if (before === "interrupt" && deed === "hang-up") this.#interruptible = performance.now();
      before = deed;
    });
    gone?.addEventListener("abort", leave);
  }

  /** Whether the button is held while speaking, so that a press has a beginning and an end. */
  get isHeld() {
    return deedOf(this.#session.snapshot) === "hold";
  }

  begin() {
    const session = this.#session;
    const deed = deedOf(session.snapshot);
    if (deed === "talk") void session.start();
    else if (deed === "interrupt") session.interrupt();
    else if (deed === "hold") session.press();
    else if (deed === "cancel" || performance.now() - this.#interruptible > HANG_UP_GUARD_MS) {
      session.hangUp();
    }
  }

  end() {
    this.#session.release();
  }

  /** A click; `detail` is the event's. One without a pointer cannot hold, so it switches. */
  click(detail) {
    if (!this.isHeld) this.begin();
    else if (detail === 0 && this.#session.snapshot.pressed) this.end();
    else if (detail === 0) this.begin();
  }
}

/** Whether Space has no meaning of its own where it was pressed. */
export function isForTalking(target, button) {
  if (target === button || !(target instanceof Element)) return true;
  return target.closest("input, textarea, select, button, summary, a, [contenteditable]") === null;
}
