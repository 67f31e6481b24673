/**
 * What the token routes take and what they answer, as a function from Request to Response.
 *
 * It is safe when it stands alone: it mints for its own page only (JSON by POST, which no other
 * site's page can send without a preflight that is never answered), never more often than a
 * person could click, and nothing it says may be stored.
 */

import { mint, refuse } from "./mint.ts";
import type { Minted, Refusal } from "./mint.ts";
import type { Settings } from "./settings.ts";

const BODY_LIMIT_BYTES = 16 * 1024;
/** Secrets for everybody together in a minute; a page needs one for each click. */
const MINTS_PER_MINUTE = 30;

const ALWAYS = {
  "cache-control": "no-store",
  "content-type": "application/json; charset=utf-8",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

/** Answers one request. `path` is the request's, without its query. */
export type Answer = (path: string, request: Request) => Promise<Response>;

/** Answers to all of the token routes, which share one limit. */
export function createAnswer(settings: Settings): Answer {
  const limit = createLimit(MINTS_PER_MINUTE, 60_000);
  return async (path, request) => {
    if (path === "/healthz") return json(200, { ok: true });
    const host = request.headers.get("host") ?? "";
    if (!isOurs(settings, host)) {
      return refused(refuse(403, "host_refused", `This service does not answer for "${host}".`));
    }
    if (path === "/session/config") {
      return request.method === "GET" ? json(200, configOf(settings)) : notAllowed("GET");
    }
    if (path === "/session") {
      return request.method === "POST" ? answerMint(settings, limit, request) : notAllowed("POST");
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
function configOf(settings: Settings): object {
  return {
    model: settings.model,
    voice: settings.voice,
    emulated: settings.emulated,
    realtime_url: settings.realtimeUrl,
  };
}

async function answerMint(settings: Settings, limit: Limit, request: Request): Promise<Response> {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") {
    return refused(refuse(403, "origin_refused", "Only this app's own page may ask."));
  }
  if (!/^application\/json\b/i.test(request.headers.get("content-type") ?? "")) {
    return refused(refuse(415, "not_json", "Send application/json, an empty object will do."));
  }
  const trouble = await readBody(request);
  if (trouble !== null) return refused(trouble);
  const waitS = limit.take(performance.now());
  if (waitS > 0) {
    const words = `Too many calls were started; the next may start in ${waitS} seconds.`;
    return refused({ ...refuse(429, "too_many_calls", words), retryAfter: String(waitS) });
  }

  const outcome = await mint(settings, request.signal);
  return "error" in outcome ? refused(outcome) : json(200, outcome satisfies Minted);
}

/** Reads the body to its end: it must be a JSON object. Its fields are not used yet. */
async function readBody(request: Request): Promise<Refusal | null> {
  const tooLarge = refuse(413, "too_large", "The request is over 16 KiB.");
  if (Number(request.headers.get("content-length") ?? 0) > BODY_LIMIT_BYTES) return tooLarge;
  // Read by hand: leaving a loop over the body would close the connection before the answer.
  const reader = request.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    size += part.value.length;
    if (size > BODY_LIMIT_BYTES) return tooLarge;
    text += decoder.decode(part.value, { stream: true });
  }
  try {
    const body: unknown = JSON.parse(text + decoder.decode());
    if (typeof body === "object" && body !== null && !Array.isArray(body)) return null;
  } catch {
    // Said below, in the same words as for JSON of another kind.
  }
  return refuse(400, "bad_json", "The body is not a JSON object.");
}

/**
 * Whether the request is addressed to us by a name we know. A name that a stranger points at
 * this machine (DNS rebinding) would otherwise let the stranger's page mint here.
 */
function isOurs(settings: Settings, host: string): boolean {
  const name = host.toLowerCase().replace(/:\d+$/, "");
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    name === "[::1]" ||
    /^127(\.\d{1,3}){3}$/.test(name) ||
    settings.hosts.includes(name)
  );
}

interface Limit {
  /** Takes one; answers 0, or the whole seconds after which there is one again. */
  take(nowMs: number): number;
}

/** At most `count` in any span of `spanMs`. */
function createLimit(count: number, spanMs: number): Limit {
  let taken: number[] = [];
  return {
    take(nowMs) {
      taken = taken.filter((at) => nowMs - at < spanMs);
      const oldest = taken[0];
      if (taken.length >= count && oldest !== undefined) {
        return Math.max(1, Math.ceil((oldest + spanMs - nowMs) / 1000));
      }
      taken.push(nowMs);
      return 0;
    },
  };
}

function notAllowed(allow: string): Response {
  const refusal = refuse(405, "method_not_allowed", `Use ${allow} here.`);
  return json(refusal.status, { error: refusal.error }, { allow });
}

function json(
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...ALWAYS, ...headers } });
}
