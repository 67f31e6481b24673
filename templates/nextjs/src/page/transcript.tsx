/** The conversation as text: who in the margin, words in the column. */

"use client";

import { memo, useLayoutEffect, useRef, useState } from "react";

import type { Note, ToolTurn, Turn, Words } from "../realtime/conversation.ts";
import { useSession, useSnapshot } from "./session-context.tsx";
import { pretty, SPEAKERS, TOOL_STATES, wordsOf } from "./turn-words.ts";
import { timeOf } from "./words.ts";

export function Transcript() {
  const turns = useSnapshot((snapshot) => snapshot.turns);
  const list = useRef<HTMLElement>(null);
  const follows = useRef(true);

  // Follows the conversation unless the reader has scrolled back.
  useLayoutEffect(() => {
    const element = list.current;
    if (element !== null && follows.current) element.scrollTop = element.scrollHeight;
  }, [turns]);

  return (
    <section
      id="transcript"
      ref={list}
      className="transcript"
      role="log"
      aria-label="Conversation"
      data-empty="What you both say is written here."
      tabIndex={0}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        follows.current = scrollHeight - scrollTop - clientHeight < 48;
      }}
    >
      {turns.map((turn) => (
        <TurnRow key={turn.id} turn={turn} />
      ))}
    </section>
  );
}

/** A turn that did not change is the same object, so only the one being spoken renders again. */
const TurnRow = memo(function TurnRow({ turn }: { readonly turn: Turn }) {
  switch (turn.kind) {
    case "words":
      return <WordsRow turn={turn} />;
    case "tool":
      return <ToolRow turn={turn} />;
    case "note":
      return <NoteRow turn={turn} />;
  }
});

function WordsRow({ turn }: { readonly turn: Words }) {
  const isCut = turn.state === "interrupted";
  const cut = isCut ? turn.text.slice(turn.heard) : "";
  return (
    <div className="turn" data-speaker={turn.speaker} data-state={turn.state}>
      <p className="speaker">
        {SPEAKERS[turn.speaker]}
        <span className="mono" title="From the end of your words to the first sound">
          {turn.latencyMs > 0 ? timeOf(turn.latencyMs) : ""}
        </span>
      </p>
      <p className="words">
        <span>{isCut ? turn.text.slice(0, turn.heard) : wordsOf(turn)}</span>
        {cut !== "" && (
          <s className="cut" title="Not heard">
            {cut}
          </s>
        )}
      </p>
    </div>
  );
}

function ToolRow({ turn }: { readonly turn: ToolTurn }) {
  const session = useSession();
  const asks = turn.state === "asking";
  const isOver = turn.state === "done" || turn.state === "failed";
  const [isOpen, setOpen] = useState(asks);
  const [asked, setAsked] = useState(asks);
  // Who is asked sees what for; answered, it folds again.
  if (asked !== asks) {
    setAsked(asks);
    setOpen(asks);
  }
  const time = isOver ? timeOf(turn.tookMs) : "";
  return (
    <div className="turn tool" data-state={turn.state}>
      <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary className="mono">
          <span>{turn.name}</span>
          <span className="quiet">{`${TOOL_STATES[turn.state]} ${time}`.trim()}</span>
        </summary>
        <pre className="mono">{pretty(turn.given)}</pre>
        <pre className="mono">{pretty(turn.output)}</pre>
      </details>
      <div className="question" hidden={!asks}>
        <p>The model wants to use {turn.name}.</p>
        <button type="button" onClick={() => session?.decide(turn.callId, true)}>
          Allow
        </button>
        <button type="button" onClick={() => session?.decide(turn.callId, false)}>
          Refuse
        </button>
      </div>
    </div>
  );
}

function NoteRow({ turn }: { readonly turn: Note }) {
  return (
    <div className="turn note" data-code={turn.code}>
      <p className="words">{turn.text}</p>
    </div>
  );
}
