/** The one large button, what the space bar does, and what stands beside and below them. */

"use client";

import { useEffect, useRef } from "react";
import type { MouseEvent, PointerEvent } from "react";

import { isForTalking, Press } from "./press.ts";
import { useSession, useSnapshot } from "./session-context.tsx";
import { deedOf, labelOf, statusOf } from "./words.ts";

export function Controls() {
  const session = useSession();
  const deed = useSnapshot(deedOf);
  const muted = useSnapshot((snapshot) => snapshot.muted);
  const canMute = useSnapshot((snapshot) => snapshot.phase === "live" && !snapshot.pushToTalk);
  return (
    <>
      <div className="controls">
        <TalkButton />
        <button
          id="mute"
          type="button"
          className="mute"
          aria-pressed={muted}
          hidden={!canMute}
          onClick={() => session?.setMuted(!muted)}
        >
          {muted ? "Unmute" : "Mute"}
        </button>
      </div>
      <div className="status">
        <p id="status" role="status">
          <Fresh>{useSnapshot(statusOf)}</Fresh>
        </p>
        <button
          id="hang-up"
          type="button"
          className="plain"
          // The large button does something else now, so the way out is shown here.
          hidden={deed !== "interrupt" && deed !== "hold"}
          onClick={() => session?.hangUp()}
        >
          Hang up
        </button>
      </div>
    </>
  );
}

function TalkButton() {
  const session = useSession();
  const deed = useSnapshot(deedOf);
  const label = useSnapshot(labelOf);
  const pressed = useSnapshot((snapshot) => snapshot.pressed);
  const button = useRef<HTMLButtonElement>(null);
  const press = useRef<Press | null>(null);

  useEffect(() => {
    const element = button.current;
    if (session === null || element === null) return undefined;
    const gone = new AbortController();
    const made = new Press(session, gone.signal);
    press.current = made;
    listenToKeys(made, element, gone.signal);
    return () => gone.abort();
  }, [session]);

  const hold = (event: PointerEvent<HTMLButtonElement>): void => {
    // Only holding needs to know when a press begins and ends; all else is a plain click.
    if (press.current?.isHeld !== true || event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    press.current.begin();
  };
  const letGo = (): void => press.current?.end();
  const keepMenuAway = (event: MouseEvent): void => {
    if (press.current?.isHeld === true) event.preventDefault();
  };

  return (
    <button
      id="talk"
      ref={button}
      type="button"
      className={pressed ? "talk pressed" : "talk"}
      data-state={deed}
      // Until the page has come alive a press would do nothing, without a word.
      disabled={session === null}
      onPointerDown={hold}
      onPointerUp={letGo}
      onPointerCancel={letGo}
      onLostPointerCapture={letGo}
      onClick={(event) => press.current?.click(event.detail)}
      onContextMenu={keepMenuAway}
    >
      <Fresh>{label}</Fresh>
    </button>
  );
}

/** Other words are another element: text that is changed in place counts as text that jumps. */
function Fresh({ children }: { readonly children: string }) {
  return <span key={children}>{children}</span>;
}

function listenToKeys(press: Press, button: HTMLElement, signal: AbortSignal): void {
  const isTalk = (event: KeyboardEvent): boolean =>
    event.code === "Space" && isForTalking(event.target, button);
  document.addEventListener(
    "keydown",
    (event) => {
      if (!isTalk(event)) return;
      event.preventDefault();
      if (!event.repeat) press.begin();
    },
    { signal },
  );
  document.addEventListener(
    "keyup",
    (event) => {
      if (!isTalk(event)) return;
      // Without this a focused button is clicked as well.
      event.preventDefault();
      press.end();
    },
    { signal },
  );
  addEventListener("blur", () => press.end(), { signal });
}
