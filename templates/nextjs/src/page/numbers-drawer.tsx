/** The numbers drawer. It works only while it is open. */

"use client";

import { useEffect, useState } from "react";

import { numbersOf } from "./figures.ts";
import { useSnapshot } from "./session-context.tsx";

export function NumbersDrawer() {
  const [isOpen, setOpen] = useState(false);
  return (
    <details id="numbers" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Numbers</summary>
      {isOpen && <Numbers />}
    </details>
  );
}

function Numbers() {
  const snapshot = useSnapshot((whole) => whole);
  const [nowMs, setNowMs] = useState(() => performance.now());
  // The time that is left moves by itself.
  useEffect(() => {
    const clock = setInterval(() => setNowMs(performance.now()), 1000);
    return () => clearInterval(clock);
  }, []);
  return (
    <dl className="mono" id="number-list">
      {numbersOf(snapshot, nowMs).map(([name, value]) => (
        <NumberRow key={name} name={name} value={value} />
      ))}
    </dl>
  );
}

function NumberRow({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}
