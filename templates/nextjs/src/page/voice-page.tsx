/**
 * The page. The session (`src/realtime/`) holds the truth; each component shows a part of its
 * snapshot.
 *
 * What tests, and other programs that watch the page, may rely on:
 * - `#talk[data-state]`: talk, cancel, hold, interrupt or hang-up: what a press would do;
 * - `body[data-phase]`: idle, connecting, live, reconnecting, ended or failed;
 *   `body[data-activity]` while live: listening, hearing, thinking or speaking;
 *   `body[data-session]`: the number of the session in this call;
 * - `#stages [data-stage]` with `data-state` (waiting, active, done, failed) and `data-ms`;
 * - `#you` and `#reply` (role meter): `aria-valuenow` is the measured level in dBFS, -60 to 0;
 * - `#transcript .turn[data-speaker][data-state]`, `.turn.tool[data-state]`, `.turn.note[data-code]`;
 * - `#failure[data-code]`: the code of what ended the call, or of the last trouble in it;
 * - `?transport=webrtc` or `?transport=websocket` in the address chooses the transport.
 */

"use client";

import { useLayoutEffect } from "react";

import type { Config } from "../realtime/token.ts";
import { EventsDrawer } from "./events-drawer.tsx";
import { FailureBox } from "./failure-box.tsx";
import { NumbersDrawer } from "./numbers-drawer.tsx";
import { SessionProvider, useSnapshot } from "./session-context.tsx";
import { SettingsDrawer } from "./settings-drawer.tsx";
import { StageList } from "./stage-list.tsx";
import { Controls } from "./controls.tsx";
import { Transcript } from "./transcript.tsx";
import { Voices } from "./voices.tsx";

interface Props {
  readonly name: string;
  readonly config: Pick<Config, "model" | "voice" | "emulated">;
}

export function VoicePage({ name, config }: Props) {
  return (
    <SessionProvider>
      <aside className="emulated" id="emulated" aria-label="Emulated" hidden={!config.emulated}>
        <p>
          <strong>Emulated.</strong> Your own voice answers. For the model, put OPENAI_API_KEY into
          .env and run <code>rtstart dev</code>
        </p>
      </aside>
      <main>
        <header>
          <h1>{name}</h1>
          <p id="model" className="mono quiet">
            {`${config.model} \u00b7 ${config.voice}`}
          </p>
        </header>
        <Voices />
        <Controls />
        <FailureBox />
        <StageList />
        <Transcript />
        <div className="drawers">
          <EventsDrawer />
          <SettingsDrawer />
          <NumbersDrawer />
        </div>
      </main>
      <PhaseOnBody />
    </SessionProvider>
  );
}

/** The stylesheet, tests and onlookers read the phase from the document's body. */
function PhaseOnBody() {
  const phase = useSnapshot((snapshot) => snapshot.phase);
  const activity = useSnapshot((snapshot) => (snapshot.phase === "live" ? snapshot.activity : ""));
  const number = useSnapshot((snapshot) => snapshot.sessionNumber);
  useLayoutEffect(() => {
    Object.assign(document.body.dataset, { phase, activity, session: String(number) });
  }, [phase, activity, number]);
  return null;
}
