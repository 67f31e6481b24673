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
  /** True when strangers can reach it: then only those may call whom `authorise.ts` knows. */
  readonly production: boolean;
  /** Where the page is, in production: `https://voice.example.com`, or empty. */
  readonly publicOrigin: string;
  /** Where copies of the app keep their limits together; empty for a single copy. */
  readonly redisUrl: string;
  readonly callsPerMinute: number;
  readonly callsPerVisitor: number;
  /** Mixed into what OpenAI is told of a visitor, so that it cannot be guessed back. */
  readonly safetySalt: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the environment. Throws an Error that names the variable when a value cannot be used. */
export function readSettings(environment: Environment): Settings {
  const value = (name: string, otherwise: string): string =>
    environment[name]?.trim() || otherwise;

  const origin = value("PUBLIC_ORIGIN", "");
  const publicOrigin = origin === "" ? "" : new URL(readUrl("PUBLIC_ORIGIN", origin)).origin;
  const hosts = value("RTSTART_PUBLIC_HOSTS", "")
    .split(",")
    .map((host) => host.trim().toLowerCase())
    .filter((host) => host !== "");
  return {
    key: value("OPENAI_API_KEY", ""),
    port: readPort(value("TOKEN_PORT", "8787")),
    apiUrl: readUrl("OPENAI_BASE_URL", value("OPENAI_BASE_URL", "https://api.openai.com/v1")),
    realtimeUrl: value("REALTIME_URL", "https://api.openai.com/v1/realtime").replace(/\/+$/, ""),
    model: value("REALTIME_MODEL", defaults.model),
    voice: value("REALTIME_VOICE", defaults.voice),
    emulated: value("RTSTART_EMULATED", "") === "1",
    hosts: publicOrigin === "" ? hosts : [...hosts, new URL(publicOrigin).hostname],
    production: value("NODE_ENV", "") === "production",
    publicOrigin,
    redisUrl: value("REDIS_URL", ""),
    callsPerMinute: readCount("CALLS_PER_MINUTE", value("CALLS_PER_MINUTE", "30")),
    callsPerVisitor: readCount("CALLS_PER_VISITOR", value("CALLS_PER_VISITOR", "6")),
    safetySalt: value("SAFETY_SALT", "voice-app"),
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

function readCount(name: string, text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) {
    throw new Error(`${name} is "${text}". Use a whole number, 1 or more.`);
  }
  return count;
}

export function readPort(text: string, name = "TOKEN_PORT"): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`${name} is "${text}", which is not a port. Use a number up to 65535.`);
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
