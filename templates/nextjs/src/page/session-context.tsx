/** The one session of the page, for the components that show it and give it orders. */

"use client";

import { createContext, useCallback, useContext, useEffect, useState } from "react";
import { useSyncExternalStore } from "react";
import type { ReactNode } from "react";

import { createSession } from "../realtime/browser.ts";
import type { Session } from "../realtime/session.ts";
import { IDLE } from "../realtime/state.ts";
import type { Snapshot } from "../realtime/state.ts";
import { tools } from "../tools.ts";
import { keptSettings } from "./kept.ts";

const SessionContext = createContext<Session | null>(null);

/**
 * Makes the session when the page is shown and ends it when the page goes. An effect may run
 * twice (StrictMode), and runs again when this file is edited: each time the old one lets go of
 * the microphone, the call and the other tabs before there is a new one.
 */
export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const [session, setSession] = useState<Session | null>(null);
  useEffect(() => {
    const gone = new AbortController();
    const made = createSession(tools, gone.signal);
    const kept = keptSettings();
    // Another app of this address may have kept what this one does not offer.
    made.change(kept.transport === "server" ? { ...kept, transport: "websocket" } : kept);
    // oxlint-disable-next-line react/set-state-in-effect -- only a browser can make one
    setSession(made);
    addEventListener("pagehide", () => made.hangUp(), { signal: gone.signal });
    return () => gone.abort();
  }, []);
  return <SessionContext value={session}>{children}</SessionContext>;
}

/** The session, or null on the server and until the page has come alive. */
export function useSession(): Session | null {
  return useContext(SessionContext);
}

/**
 * A part of the snapshot; the component renders again only when that part changes. `select` must
 * answer a part itself or a plain value, not a new object each time.
 */
export function useSnapshot<T>(select: (snapshot: Snapshot) => T): T {
  const session = useSession();
  const subscribe = useCallback(
    (changed: () => void) => session?.subscribe(changed) ?? (() => undefined),
    [session],
  );
  return useSyncExternalStore(
    subscribe,
    () => select(session?.snapshot ?? IDLE),
    () => select(IDLE),
  );
}
