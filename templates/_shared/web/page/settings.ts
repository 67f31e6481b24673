/** What the visitor may choose. Kept in this browser; an address may ask for something else. */

import type { SessionSettings } from "../realtime/session.ts";
import { byId } from "./dom.ts";

const KEY = "voice-settings";

export const DEFAULTS: SessionSettings = { transport: "webrtc" };

/** The settings in this text and this query, each checked; what is not understood is left out. */
export function readSettings(stored: string | null, query: string): SessionSettings {
  const kept = parse(stored);
  const asked = new URLSearchParams(query).get("transport");
  return { transport: transportOf(asked) ?? transportOf(kept["transport"]) ?? DEFAULTS.transport };
}

/** Shows the settings in their drawer and tells of every change. */
export function runSettings(changed: (settings: SessionSettings) => void): void {
  const settings = readSettings(localStorage.getItem(KEY), location.search);
  const transport = byId("transport", HTMLSelectElement);
  transport.value = settings.transport;
  const keep = (): void => {
    const chosen = readSettings(JSON.stringify({ transport: transport.value }), "");
    localStorage.setItem(KEY, JSON.stringify(chosen));
    changed(chosen);
  };
  transport.addEventListener("change", keep);
  changed(settings);
}

function parse(text: string | null): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function transportOf(value: unknown): SessionSettings["transport"] | null {
  return value === "webrtc" || value === "websocket" ? value : null;
}
