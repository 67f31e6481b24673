/** The one large button, and the space bar that does the same. */

import { deedOf } from "./words.js";

/** A press meant for "Interrupt" may come just after the answer has ended by itself. */
const HANG_UP_GUARD_MS = 700;

export function runButton(session, button) {
  let interruptible = Number.NEGATIVE_INFINITY;
  let before = deedOf(session.snapshot);
  session.subscribe(() => {
    const deed = deedOf(session.snapshot);
    if (before === "interrupt" && deed === "hang-up") interruptible = performance.now();
    before = deed;
  });

  const down = () => {
    const deed = deedOf(session.snapshot);
    if (deed === "talk") void session.start();
    else if (deed === "interrupt") session.interrupt();
    else if (deed === "hold") session.press();
    else if (deed === "cancel" || performance.now() - interruptible > HANG_UP_GUARD_MS) {
      session.hangUp();
    }
  };
  const up = () => session.release();

  // Only holding needs to know when a press begins and ends; all else is a plain click.
  button.addEventListener("pointerdown", (event) => {
    if (deedOf(session.snapshot) !== "hold" || event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    down();
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    button.addEventListener(end, up);
  }
  button.addEventListener("click", (event) => {
    const holds = deedOf(session.snapshot) === "hold";
    // A click without a pointer comes from Enter or an aid that cannot hold: it switches.
    if (!holds) down();
    else if (event.detail === 0 && session.snapshot.pressed) up();
    else if (event.detail === 0) down();
  });
  document.addEventListener("keydown", (event) => {
    if (event.code !== "Space" || !isForTalking(event.target, button)) return;
    event.preventDefault();
    if (!event.repeat) down();
  });
  document.addEventListener("keyup", (event) => {
    if (event.code !== "Space" || !isForTalking(event.target, button)) return;
    // Without this a focused button is clicked as well.
    event.preventDefault();
    up();
  });
  button.addEventListener("contextmenu", (event) => {
    if (deedOf(session.snapshot) === "hold") event.preventDefault();
  });
  addEventListener("blur", up);
  // Until here a press would have done nothing, without a word.
  button.disabled = false;
}

/** Whether Space has no meaning of its own there. */
function isForTalking(target, button) {
  if (target === button || !(target instanceof Element)) return true;
  return target.closest("input, textarea, select, button, summary, a, [contenteditable]") === null;
}
