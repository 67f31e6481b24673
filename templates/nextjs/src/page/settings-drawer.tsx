/** The settings drawer. What is chosen is kept in this browser. */

"use client";

import { useEffect, useRef, useState } from "react";
import type { ReactNode } from "react";

import { checkSettings, DEFAULTS, LIMITS, VOICES } from "../realtime/settings.ts";
import type { Settings } from "../realtime/settings.ts";
import type { Session } from "../realtime/session.ts";
import type { Device } from "../realtime/state.ts";
import { keepSettings } from "./kept.ts";
import { useSession, useSnapshot } from "./session-context.tsx";

export function SettingsDrawer() {
  const session = useSession();
  /** Counts the resets: fields hold their own values, so a reset makes new ones. */
  const [resets, setResets] = useState(0);
  return (
    <details id="settings">
      <summary>Settings</summary>
      {session !== null && (
        <SettingsForm key={resets} session={session} onReset={() => setResets(resets + 1)} />
      )}
    </details>
  );
}

interface FormProps {
  readonly session: Session;
  readonly onReset: () => void;
}

function SettingsForm({ session, onReset }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [settings, setSettings] = useState(session.settings);

  // The browser's own "change": React's onChange comes with every letter, and what is half typed
  // must not reach a running call.
  useEffect(() => {
    const element = form.current;
    const take = (): void => {
      if (element === null) return;
      const values = Object.fromEntries(new FormData(element));
      const next = checkSettings(values, session.settings);
      keepSettings(next);
      session.change(next);
      setSettings(next);
    };
    element?.addEventListener("change", take);
    return () => element?.removeEventListener("change", take);
  }, [session]);

  const reset = (): void => {
    keepSettings(DEFAULTS);
    session.change(DEFAULTS);
    onReset();
  };

  return (
    <form id="settings-form" ref={form} className="fields" onSubmit={(e) => e.preventDefault()}>
      <Select id="voice" label="Voice" value={settings.voice}>
        <option value="">As the app has it</option>
        {VOICES.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </Select>
      <TurnFields settings={settings} />
      <DeviceFields settings={settings} />
      <Select id="noise" label="Noise filter" value={settings.noise}>
        <option value="far_field">For a laptop or a phone on the table</option>
        <option value="near_field">For a headset</option>
        <option value="off">None</option>
      </Select>
      <Select id="transport" label="Transport" value={settings.transport}>
        <option value="webrtc">WebRTC, WebSocket if it must be</option>
        <option value="websocket">WebSocket</option>
      </Select>
      <label htmlFor="instructions">Instructions</label>
      <textarea
        id="instructions"
        name="instructions"
        rows={4}
        maxLength={LIMITS.instructions.most}
        placeholder="As the app has them"
        defaultValue={settings.instructions}
      />
      <p className="quiet">Voice and transport change with the next call, all else at once.</p>
      <button id="settings-reset" type="button" onClick={reset}>
        As the app has it
      </button>
    </form>
  );
}

/** How turns are taken, and of the finer settings those that fit. */
function TurnFields({ settings }: { readonly settings: Settings }) {
  const byPauses = settings.turnTaking === "server_vad";
  const byMeaning = settings.turnTaking === "semantic_vad";
  return (
    <>
      <Select id="turn-taking" name="turnTaking" label="Turns" value={settings.turnTaking}>
        <option value="server_vad">By pauses</option>
        <option value="semantic_vad">By meaning</option>
        <option value="push_to_talk">Hold to talk</option>
      </Select>
      <label htmlFor="silence" hidden={!byPauses}>
        Pause that ends a turn
      </label>
      <span className="unit" hidden={!byPauses}>
        <input
          id="silence"
          name="silenceMs"
          type="number"
          min={LIMITS.silenceMs.least}
          max={LIMITS.silenceMs.most}
          step={50}
          defaultValue={settings.silenceMs}
        />{" "}
        ms
      </span>
      <label htmlFor="threshold" hidden={!byPauses}>
        Loudness that counts as speech
      </label>
      <input
        id="threshold"
        name="threshold"
        type="range"
        min={LIMITS.threshold.least}
        max={LIMITS.threshold.most}
        step={0.05}
        defaultValue={settings.threshold}
        hidden={!byPauses}
      />
      <Select
        id="eagerness"
        label="Eagerness to answer"
        value={settings.eagerness}
        hidden={!byMeaning}
      >
        <option value="auto">Automatic</option>
        <option value="low">Low: lets you think</option>
        <option value="medium">Medium</option>
        <option value="high">High: answers soon</option>
      </Select>
    </>
  );
}

function DeviceFields({ settings }: { readonly settings: Settings }) {
  const { microphones, speakers } = useSnapshot((snapshot) => snapshot.devices);
  return (
    <>
      <DeviceSelect
        id="microphone"
        label="Microphone"
        devices={microphones}
        chosen={settings.microphone}
      />
      <DeviceSelect
        id="speaker"
        label="Loudspeaker"
        devices={speakers}
        chosen={settings.speaker}
        // Empty where the browser does not let a page choose.
        hidden={speakers.length === 0}
      />
    </>
  );
}

interface DeviceProps {
  readonly id: "microphone" | "speaker";
  readonly label: string;
  readonly devices: readonly Device[];
  readonly chosen: string;
  readonly hidden?: boolean;
}

/** A chosen device stays chosen while it is away. */
function DeviceSelect({ id, label, devices, chosen, hidden = false }: DeviceProps) {
  const isAway = chosen !== "" && !devices.some((device) => device.id === chosen);
  const known = devices.map((device) => device.id).join();
  return (
    <Select key={known} id={id} label={label} value={chosen} hidden={hidden}>
      <option value="">The system's choice</option>
      {devices.map((device, index) => (
        <option key={device.id} value={device.id}>
          {device.label || `Device ${index + 1}`}
        </option>
      ))}
      {isAway && <option value={chosen}>Not connected</option>}
    </Select>
  );
}

interface SelectProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly name?: string;
  readonly hidden?: boolean;
  readonly children: ReactNode;
}

function Select({ id, label, value, name = id, hidden = false, children }: SelectProps) {
  return (
    <>
      <label htmlFor={id} hidden={hidden}>
        {label}
      </label>
      <select id={id} name={name} defaultValue={value} hidden={hidden}>
        {children}
      </select>
    </>
  );
}
