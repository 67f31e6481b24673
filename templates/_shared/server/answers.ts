/**
 * What the token routes take and what they answer, as a function from Request to Response.
 *
 * It is safe when it stands alone: it mints for its own page only (JSON by POST, which no other
 * site's page can send without a preflight that is never answered), never more often than a
 * person could click, and nothing it says may be stored.
 */

import { visitorOf } from "./access.ts";
import type { Authorise } from "./access.ts";
import { authorise as hook } from "./authorise.ts";
import { createLimits } from "./limits.ts";
import type { Limits } from "./limits.ts";
import { mint } from "./mint.ts";
import type { Minted } from "./mint.ts";
import { isRefusal, refuse } from "./refusals.ts";
import type { Refusal } from "./refusals.ts";
import type { Settings } from "./settings.ts";

const BODY_LIMIT_BYTES = 16 * 1024;

const ALWAYS = {
  "cache-control": "no-store",
  "content-type": "application/json; charset=utf-8",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

/** Answers one request. `path` is the request's, without its query. */
export type Answer = (path: string, request: Request) => Promise<Response>;

/** Who may call, and how often. */
export interface Gate {
  readonly authorise: Authorise;
  readonly limits: Limits;
}

/** The gate of this app, with limits of this process alone unless others are given. */
export function createGate(settings: Settings, limits = createLimits(settings)): Gate {
  return { authorise: hook, limits };
}

/** Answers to all of the token routes, which share one gate. */
export function createAnswer(settings: Settings, gate = createGate(settings)): Answer {
  return async (path, request) => {
    if (path === "/healthz") return json(200, { ok: true });
    const host = request.headers.get("host") ?? "";
    if (!isOurs(settings, host)) return refused(hostRefused(host));
    if (path === "/session/config") {
      return request.method === "GET" ? json(200, configOf(settings)) : notAllowed("GET");
    }
    if (path === "/session") {
      return request.method === "POST" ? answerMint(settings, gate, request) : notAllowed("POST");
    }
    return refused(refuse(404, "not_found", `There is nothing at "${path}".`));
  };
}

/** A refusal as a response. */
export function refused(refusal: Refusal): Response {
  const waits = refusal.retryAfter === undefined ? {} : { "retry-after": refusal.retryAfter };
  return json(refusal.status, { error: refusal.error }, waits);
}

/** What the page may know before a call. Nothing here is secret. */
export interface Config {
  readonly model: string;
  readonly voice: string;
  readonly emulated: boolean;
  readonly realtime_url: string;
}

export function configOf(settings: Settings): Config {
  return {
    model: settings.model,
    voice: settings.voice,
    emulated: settings.emulated,
    realtime_url: settings.realtimeUrl,
  };
}

/**
 * Whether a request that costs money may be answered: it comes from this app's own page, is JSON,
 * is from somebody who may call, and is not one too many. The answer is who sent it, or a refusal.
 */
export async function admit(
  settings: Settings,
  { authorise, limits }: Gate,
  request: Request,
  kind = "calls",
): Promise<{ readonly visitor: string | null; readonly body: Body } | Refusal> {
  const host = request.headers.get("host") ?? "";
  if (!isOurs(settings, host)) return hostRefused(host);
  if (!isFromOurPage(settings, request)) {
    return refuse(403, "origin_refused", "Only this app's own page may ask.");
  }
  if (!/^application\/json\b/i.test(request.headers.get("content-type") ?? "")) {
    return refuse(415, "not_json", "Send application/json, an empty object will do.");
  }
  const body = await readBody(request);
  if (isRefusal(body)) return body;
  const visitor = await visitorOf(settings, authorise, request);
  if (isRefusal(visitor)) return visitor;
  let waitS: number;
  try {
    waitS = await limits.take(visitor, kind);
  } catch {
    const words = "The limits cannot be counted at the moment, so no call may begin.";
    return refuse(503, "limits_unavailable", words);
  }
  if (waitS === 0) return { visitor, body };
  const words = `Too many ${kind} were started; the next may start in ${waitS} seconds.`;
  return { ...refuse(429, "too_many_calls", words), retryAfter: String(waitS) };
}

async function answerMint(settings: Settings, gate: Gate, request: Request): Promise<Response> {
  const admitted = await admit(settings, gate, request);
  if (isRefusal(admitted)) return refused(admitted);
  const outcome = await mint(settings, admitted.visitor, request.signal);
  return isRefusal(outcome) ? refused(outcome) : json(200, outcome satisfies Minted);
}

/** What a page sent along. */
export type Body = Readonly<Record<string, unknown>>;

function isFromOurPage(settings: Settings, request: Request): boolean {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") return false;
  const origin = request.headers.get("origin");
  const isPublic = settings.publicOrigin !== "" && !isLocal(request.headers.get("host") ?? "");
  return origin === null || !isPublic || origin === settings.publicOrigin;
}

/** Reads the body to its end: it must be a JSON object. */
async function readBody(request: Request): Promise<Body | Refusal> {
  const text = await readText(request, BODY_LIMIT_BYTES);
  if (isRefusal(text)) return text;
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as Body;
  } catch {
    // Said below, in the same words as for JSON of another kind.
  }
  return refuse(400, "bad_json", "The body is not a JSON object.");
}

/** Reads the body to its end, and no further than to the limit. */
export async function readText(request: Request, limitBytes: number): Promise<string | Refusal> {
  const tooLarge = refuse(413, "too_large", `The request is over ${limitBytes / 1024} KiB.`);
  if (Number(request.headers.get("content-length") ?? 0) > limitBytes) return tooLarge;
  // Read by hand: leaving a loop over the body would close the connection before the answer.
  const reader = request.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    size += part.value.length;
    if (size > limitBytes) return tooLarge;
    text += decoder.decode(part.value, { stream: true });
  }
  return text + decoder.decode();
}

/**
 * Whether the request is addressed to us by a name we know. A name that a stranger points at
 * this machine (DNS rebinding) would otherwise let the stranger's page mint here.
 */
function isOurs(settings: Settings, host: string): boolean {
  return isLocal(host) || settings.hosts.includes(nameIn(host));
}

function hostRefused(host: string): Refusal {
  return refuse(403, "host_refused", `This service does not answer for "${host}".`);
}

function isLocal(host: string): boolean {
  const name = nameIn(host);
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    name === "[::1]" ||
    /^127(\.\d{1,3}){3}$/.test(name)
  );
}

function nameIn(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, "");
}

function notAllowed(allow: string): Response {
  const refusal = refuse(405, "method_not_allowed", `Use ${allow} here.`);
  return json(refusal.status, { error: refusal.error }, { allow });
}

/** An answer that nobody may store. */
export function json(
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...ALWAYS, ...headers } });
}
