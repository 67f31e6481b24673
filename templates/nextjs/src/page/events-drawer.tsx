/** The list of messages: filter, pause, copy. It works only while its drawer is open. */

"use client";

import { Fragment, memo, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useSyncExternalStore } from "react";

import type { LogEntry } from "../realtime/log.ts";
import { useSession } from "./session-context.tsx";

const SHOWN = 500;
const ARROWS = { in: "\u2190", out: "\u2192", note: "\u00b7" } as const;
const NONE: readonly LogEntry[] = [];

export function EventsDrawer() {
  const [isOpen, setOpen] = useState(false);
  const count = useNewest();
  return (
    <details id="events" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Events{" "}
        <span className="mono quiet" id="event-count">
          {count === 0 ? "" : count}
        </span>
      </summary>
      {isOpen && <EventList newest={count} />}
    </details>
  );
}

/** The number of the newest message; 0 when there is none. */
function useNewest(): number {
  const session = useSession();
  const subscribe = useCallback(
    (changed: () => void) => session?.subscribe(changed) ?? (() => undefined),
    [session],
  );
  return useSyncExternalStore(
    subscribe,
    () => session?.log.after(0).at(-1)?.number ?? 0,
    () => 0,
  );
}

function EventList({ newest }: { readonly newest: number }) {
  const session = useSession();
  const [wanted, setWanted] = useState("");
  /** The newest that is shown while paused. */
  const [pausedAt, setPausedAt] = useState<number | null>(null);
  const list = useRef<HTMLOListElement>(null);
  const follows = useRef(true);

  const last = pausedAt ?? newest;
  const all = session?.log.after(0) ?? NONE;
  const passing = all.filter((entry) => entry.number <= last && passes(entry, wanted));

  useLayoutEffect(() => {
    const element = list.current;
    if (element !== null && follows.current) element.scrollTop = element.scrollHeight;
  }, [last]);

  return (
    <>
      <div className="tools">
        <input
          id="event-filter"
          type="search"
          placeholder="Filter"
          aria-label="Filter events"
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
        />
        <button
          id="event-pause"
          type="button"
          aria-pressed={pausedAt !== null}
          onClick={() => setPausedAt(pausedAt === null ? newest : null)}
        >
          {pausedAt === null ? "Pause" : "Go on"}
        </button>
        <CopyButton entries={all.filter((entry) => passes(entry, wanted))} />
      </div>
      <ol
        id="event-list"
        ref={list}
        className="events mono"
        tabIndex={0}
        aria-label="Events"
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          follows.current = scrollHeight - scrollTop - clientHeight < 40;
        }}
      >
        {passing.slice(-SHOWN).map((entry) => (
          <EventRow key={entry.number} entry={entry} />
        ))}
      </ol>
    </>
  );
}

function passes(entry: LogEntry, wanted: string): boolean {
  const words = wanted.trim().toLowerCase();
  return words === "" || JSON.stringify(entry.body).toLowerCase().includes(words);
}

function CopyButton({ entries }: { readonly entries: readonly LogEntry[] }) {
  const [label, setLabel] = useState("Copy");
  useEffect(() => {
    if (label === "Copy") return undefined;
    const back = setTimeout(() => setLabel("Copy"), 1500);
    return () => clearTimeout(back);
  }, [label]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(entries.map(lineOf).join("\n"));
      setLabel("Copied");
    } catch {
      setLabel("Not allowed");
    }
  };
  return (
    <button id="event-copy" type="button" onClick={() => void copy()}>
      {label}
    </button>
  );
}

function lineOf({ atMs, direction, body }: LogEntry): string {
  return JSON.stringify({ ms: Math.round(atMs), way: direction, ...body });
}

const EventRow = memo(function EventRow({ entry }: { readonly entry: LogEntry }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <li>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <span className="at">{(entry.atMs / 1000).toFixed(3)}</span>
          <span className="way">{ARROWS[entry.direction]}</span>
          <span className="type">
            {entry.type.split(/(?<=[._])/).map((part, index) => (
              // A name may be broken where its parts meet. Its parts never change.
              <Fragment key={`${index} ${part}`}>
                {part}
                <wbr />
              </Fragment>
            ))}
          </span>
        </summary>
        {isOpen && <pre>{JSON.stringify(entry.body, null, 2)}</pre>}
      </details>
    </li>
  );
});
