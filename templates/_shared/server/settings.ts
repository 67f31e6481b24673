/** What the token service is told by its environment. Nothing else in the app reads a key. */

import { defaults } from "./assistant.ts";

export interface Settings {
  /** The real key. It goes into one header of one request and nowhere else. */
  readonly key: string;
  readonly port: number;
  /** Where secrets are minted, without a slash at the end. */
  readonly apiUrl: string;
  /** Where the page calls; may be relative to the page's own address. */
  readonly realtimeUrl: string;
  readonly model: string;
  readonly voice: string;
  /** True when an emulator on this machine answers in place of OpenAI. */
  readonly emulated: boolean;
  /** Names, besides this machine's own, that a request may be addressed to. */
  readonly hosts: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the environment. Throws an Error that names the variable when a value cannot be used. */
export function readSettings(environment: Environment): Settings {
  const value = (name: string, otherwise: string): string =>
    environment[name]?.trim() || otherwise;

  return {
    key: value("OPENAI_API_KEY", ""),
    port: readPort(value("TOKEN_PORT", "8787")),
    apiUrl: readUrl("OPENAI_BASE_URL", value("OPENAI_BASE_URL", "https://api.openai.com/v1")),
    realtimeUrl: value("REALTIME_URL", "https://api.openai.com/v1/realtime").replace(/\/+$/, ""),
    model: value("REALTIME_MODEL", defaults.model),
    voice: value("REALTIME_VOICE", defaults.voice),
    emulated: value("RTSTART_EMULATED", "") === "1",
    hosts: value("RTSTART_PUBLIC_HOSTS", "")
      .split(",")
      .map((host) => host.trim().toLowerCase())
      .filter((host) => host !== ""),
  };
}

/** What is wrong with the look of a key, or null. It is looked at before anybody is called. */
export function keyTrouble(key: string): "key_missing" | "key_shape" | null {
  if (key === "") return "key_missing";
  // Keys are sk-…, today with at least 20 characters of letters, digits, - and _ behind it.
  // "sk-test-emulated" is what an emulator is given, so the length is not held against it.
  return /^sk-[A-Za-z0-9_-]{8,}$/.test(key) && !/your|replace|placeholder|xxxx/i.test(key)
    ? null
    : "key_shape";
}

function readPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`TOKEN_PORT is "${text}", which is not a port. Use a number up to 65535.`);
  }
  return port;
}

function readUrl(name: string, text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new Error(`${name} is "${text}", which is not an address. It begins with https://.`);
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new Error(`${name} is "${text}", which is not an address. It begins with https://.`);
  }
  return url.href.replace(/\/+$/, "");
}
