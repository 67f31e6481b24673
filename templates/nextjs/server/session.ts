/**
 * The token routes as this app runs them. `server-only` makes the build fail when something of
 * the page imports it.
 */

import "server-only";

import { closed } from "./access.ts";
import { configOf, createAnswer, createGate, refused } from "./answers.ts";
import type { Answer, Config } from "./answers.ts";
import { authorise } from "./authorise.ts";
import { createLimits } from "./limits.ts";
import { noteRequest, say, warn } from "./log.ts";
import { refuse } from "./refusals.ts";
import { keyTrouble, readSettings } from "./settings.ts";
import type { Settings } from "./settings.ts";

// Read at the first request and not before: a build has no key, and needs none.
let made: Promise<Answer> | null = null;

/** Answers a request of one of the token routes, and logs what came of it. */
export async function answer(request: Request): Promise<Response> {
  const path = new URL(request.url).pathname;
  const note = noteRequest(path, request);
  // The Edge runtime starts a new process wherever it likes, so no limit would hold there.
  if (process.env["NEXT_RUNTIME"] === "edge") {
    const words = 'This route must run on Node: set `runtime = "nodejs"` in its route.ts.';
    return note(refused(refuse(500, "edge_runtime", words)));
  }
  try {
    made ??= makeAnswer(readSettings(process.env));
    return note(await (await made)(path, request));
  } catch (error) {
    made = null;
    const words = "The token service failed; its log says how.";
    return note(refused(refuse(500, "internal", words)), error);
  }
}

/** What the page may know before a call. */
export function config(): Config {
  return configOf(readSettings(process.env));
}

/** Says at the start what will be missed later. Throws when a setting cannot be used. */
export function announce(): void {
  const settings = readSettings(process.env);
  if (!settings.production) return;
  const { model, publicOrigin, redisUrl } = settings;
  say("settings", { model, publicOrigin, limits: redisUrl === "" ? "this process" : "redis" });
  if (keyTrouble(settings.key) !== null) warn("OPENAI_API_KEY is missing or not a key");
  if (publicOrigin === "") warn("PUBLIC_ORIGIN is not set: only localhost is answered");
  if (authorise === closed) warn("POST /session is closed: fill in server/authorise.ts");
}

async function makeAnswer(settings: Settings): Promise<Answer> {
  if (settings.redisUrl === "") return createAnswer(settings, createGate(settings, createLimits(settings)));
  const { createRedisLimits } = await import("./redis-limits.ts");
  const limits = createRedisLimits(settings, settings.redisUrl, warn);
  return createAnswer(settings, createGate(settings, limits));
}
