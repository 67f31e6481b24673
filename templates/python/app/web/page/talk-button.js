/** The one large button, and the space bar that does the same. */

import { isForTalking, Press } from "./press.js";

export function runButton(session, button) {
  const press = new Press(session);

  // Only holding needs to know when a press begins and ends; all else is a plain click.
  button.addEventListener("pointerdown", (event) => {
    if (!press.isHeld || event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    press.begin();
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    button.addEventListener(end, () => press.end());
  }
  button.addEventListener("click", (event) => press.click(event.detail));
  document.addEventListener("keydown", (event) => {
    if (event.code !== "Space" || !isForTalking(event.target, button)) return;
    event.preventDefault();
    if (!event.repeat) press.begin();
  });
  document.addEventListener("keyup", (event) => {
    if (event.code !== "Space" || !isForTalking(event.target, button)) return;
    // Without this a focused button is clicked as well.
    event.preventDefault();
    press.end();
  });
  button.addEventListener("contextmenu", (event) => {
    if (press.isHeld) event.preventDefault();
  });
  addEventListener("blur", () => press.end());
  // Until here a press would have done nothing, without a word.
  button.disabled = false;
}
