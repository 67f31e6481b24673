/** The steps of a connection with their times, folded into one line once it stands. */

"use client";

import { useState } from "react";

import { slowest } from "../realtime/stages.ts";
import { useSnapshot } from "./session-context.tsx";
import { stagesInShort, timeOf } from "./words.ts";

export function StageList() {
  const phase = useSnapshot((snapshot) => snapshot.phase);
  const stages = useSnapshot((snapshot) => snapshot.stages);
  const [isOpen, setOpen] = useState(false);
  const [seenPhase, setSeenPhase] = useState(phase);
  // Opens and folds with the phase; in between it is the reader's.
  if (seenPhase !== phase) {
    setSeenPhase(phase);
    setOpen(phase === "connecting" || stages.some(({ state }) => state === "failed"));
  }
  const slow = slowest(stages);
  return (
    <details
      id="stages"
      className="stages"
      hidden={phase === "idle"}
      open={isOpen}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>{stagesInShort({ phase, stages })}</summary>
      <ol>
        {stages.map(({ name, state, tookMs }) => (
          <li
            key={name}
            className={name === slow ? "slow" : undefined}
            data-stage={name}
            data-state={state}
            data-ms={Math.round(tookMs)}
          >
            <span>{name}</span>
            <span className="mono">
              {state === "done" || state === "failed" ? timeOf(tookMs) : ""}
            </span>
          </li>
        ))}
      </ol>
    </details>
  );
}
