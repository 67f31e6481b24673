/** The settings that this browser keeps; an address may ask for a transport above them. */

import { checkSettings } from "../realtime/settings.js";

const KEY = "voice-settings";

/** The settings in this text, and what the query asks for above them. */
export function readSettings(stored, query) {
  const kept = checkSettings(parse(stored));
  return checkSettings(Object.fromEntries(new URLSearchParams(query)), kept);
}

/** What this page begins with. */
export function keptSettings() {
  // Only the transport: an address that somebody sends must not bring its own instructions.
  const asked = new URLSearchParams(location.search).get("transport");
  return readSettings(textInStore(), asked === null ? "" : `transport=${asked}`);
}

export function keepSettings(settings) {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // They hold until the page is closed.
  }
}

/** What this browser keeps. One that keeps nothing for anybody throws when it is asked. */
function textInStore() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function parse(text) {
  try {
    const value = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
