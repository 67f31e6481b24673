/** Both voices: the moving line and the level of each. */

"use client";

import { useEffect, useRef } from "react";
import type { RefObject } from "react";

import { isOn } from "../realtime/state.ts";
import { SILENCE_DBFS } from "../realtime/meter.ts";
import type { Session } from "../realtime/session.ts";
import { useSession, useSnapshot } from "./session-context.tsx";
import { VoiceLine } from "./voice-line.ts";
import { levelOf } from "./words.ts";

/** Levels are read on every frame, but written to the page only this often. */
const METER_MS = 100;

export function Voices() {
  const session = useSession();
  const connecting = useSnapshot((snapshot) => snapshot.phase === "connecting");
  const canvas = useRef<HTMLCanvasElement>(null);
  const you = useRef<HTMLSpanElement>(null);
  const reply = useRef<HTMLSpanElement>(null);
  const line = useRef<VoiceLine | null>(null);

  useEffect(() => {
    if (session === null || canvas.current === null) return undefined;
    const gone = new AbortController();
    const drawn = new VoiceLine(canvas.current, gone.signal);
    line.current = drawn;
    followLevels(session, drawn, { you: you.current, reply: reply.current }, gone.signal);
    return () => gone.abort();
  }, [session]);

  useEffect(() => {
    if (connecting) line.current?.clear();
  }, [connecting]);

  return (
    <section className="voice" aria-label="Sound levels">
      <Reading id="you" name="You" level={you} />
      <canvas id="line" ref={canvas} aria-hidden="true" />
      <Reading id="reply" name="Model" level={reply} />
    </section>
  );
}

interface ReadingProps {
  readonly id: string;
  readonly name: string;
  readonly level: RefObject<HTMLSpanElement | null>;
}

function Reading({ id, name, level }: ReadingProps) {
  return (
    <div className="reading">
      <span id={`${id}-name`}>{name}</span>
      <span
        ref={level}
        id={id}
        className="mono"
        role="meter"
        aria-labelledby={`${id}-name`}
        aria-valuemin={SILENCE_DBFS}
        aria-valuemax={0}
        aria-valuenow={SILENCE_DBFS}
        aria-valuetext="silent"
      />
    </div>
  );
}

interface Meters {
  readonly you: HTMLElement | null;
  readonly reply: HTMLElement | null;
}

/** Sixty times a second is no matter for React: the levels go to their elements directly. */
function followLevels(session: Session, line: VoiceLine, meters: Meters, gone: AbortSignal): void {
  let written = 0;
  const look = (nowMs: number): void => {
    if (gone.aborted) return;
    requestAnimationFrame(look);
    if (isOn(session.snapshot.phase)) {
      const you = session.microphoneLevel();
      const reply = session.modelLevel();
      line.add(nowMs, you, reply);
      if (nowMs - written < METER_MS) return;
      written = nowMs;
      write(meters.you, you.dbfs);
      write(meters.reply, reply.dbfs);
    } else if (written !== 0) {
      written = 0;
      write(meters.you, SILENCE_DBFS);
      write(meters.reply, SILENCE_DBFS);
    }
  };
  requestAnimationFrame(look);
}

function write(meter: HTMLElement | null, dbfs: number): void {
  if (meter === null) return;
  const words = levelOf(dbfs);
  meter.setAttribute("aria-valuenow", dbfs.toFixed(1));
  meter.setAttribute("aria-valuetext", words);
  const shown = words === "silent" ? "" : words;
  if (meter.textContent !== shown) meter.textContent = shown;
}
