/** The settings that this browser keeps; an address may ask for a transport above them. */

import { checkSettings } from "../realtime/settings.ts";
import type { Settings } from "../realtime/settings.ts";

const KEY = "voice-settings";

/** The settings in this text, and what the query asks for above them. */
export function readSettings(stored: string | null, query: string): Settings {
  const kept = checkSettings(parse(stored));
  return checkSettings(Object.fromEntries(new URLSearchParams(query)), kept);
}

/** What this page begins with. */
export function keptSettings(): Settings {
  // Only the transport: an address that somebody sends must not bring its own instructions.
  const asked = new URLSearchParams(location.search).get("transport");
  return readSettings(textInStore(), asked === null ? "" : `transport=${asked}`);
}

export function keepSettings(settings: Settings): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // They hold until the page is closed.
  }
}

/** What this browser keeps. One that keeps nothing for anybody throws when it is asked. */
function textInStore(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function parse(text: string | null): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
