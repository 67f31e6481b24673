/**
 * The token service as a request handler: which requests it takes and what it answers.
 *
 * It is safe when it stands alone: it mints for its own page only (JSON by POST, which no other
 * site's page can send without a preflight that is never answered), never more often than a
 * person could click, and nothing it says may be stored.
 */

import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";

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

/** One line for the log: what was asked, what was answered, how long it took. Never a secret. */
export type Log = (line: string) => void;

/** A server that is not listening yet. */
export function createService(settings: Settings, log: Log): Server {
  const limit = createLimit(MINTS_PER_MINUTE, 60_000);
  return createServer((request, response) => {
    const began = performance.now();
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    response.on("close", () => {
      if (path === "/healthz") return;
      const ms = Math.round(performance.now() - began);
      const outcome = response.writableEnded ? String(response.statusCode) : "aborted";
      log(`${request.method} ${path} ${outcome} ${ms} ms`);
    });
    answer(settings, limit, path, request, response).catch((error: unknown) => {
      log(`${request.method} ${path} failed: ${String(error)}`);
      send(response, refuse(500, "internal", "The token service failed; its log says how."));
    });
  });
}

async function answer(
  settings: Settings,
  limit: Limit,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (path === "/healthz") {
    sendJson(response, 200, { ok: true });
  } else if (!isOurs(settings, request.headers.host)) {
    const host = request.headers.host ?? "";
    send(response, refuse(403, "host_refused", `This service does not answer for "${host}".`));
  } else if (path === "/session/config") {
    if (request.method === "GET") sendJson(response, 200, configOf(settings));
    else sendNotAllowed(response, "GET");
  } else if (path === "/session") {
    if (request.method === "POST") await answerMint(settings, limit, request, response);
    else sendNotAllowed(response, "POST");
  } else {
    send(response, refuse(404, "not_found", `There is nothing at "${path}".`));
  }
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

async function answerMint(
  settings: Settings,
  limit: Limit,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") {
    return send(response, refuse(403, "origin_refused", "Only this app's own page may ask."));
  }
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? "")) {
    return send(response, refuse(415, "not_json", "Send application/json, an empty object will do."));
  }
  const trouble = await readBody(request);
  if (trouble !== null) return send(response, trouble);
  const waitS = limit.take(performance.now());
  if (waitS > 0) {
    const words = `Too many calls were started; the next may start in ${waitS} seconds.`;
    return send(response, { ...refuse(429, "too_many_calls", words), retryAfter: String(waitS) });
  }

  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const outcome = await mint(settings, gone.signal);
  if ("error" in outcome) send(response, outcome);
  else sendJson(response, 200, outcome satisfies Minted);
}

/** Reads the body to its end: it must be a JSON object. Its fields are not used yet. */
async function readBody(request: IncomingMessage): Promise<Refusal | null> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    const bytes = part as Buffer;
    size += bytes.length;
    if (size > BODY_LIMIT_BYTES) return refuse(413, "too_large", "The request is over 16 KiB.");
    parts.push(bytes);
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(parts).toString("utf8"));
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
function isOurs(settings: Settings, host: string | undefined): boolean {
  const name = (host ?? "").toLowerCase().replace(/:\d+$/, "");
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

function send(response: ServerResponse, refusal: Refusal): void {
  const waits = refusal.retryAfter === undefined ? {} : { "retry-after": refusal.retryAfter };
  sendJson(response, refusal.status, { error: refusal.error }, waits);
}

function sendNotAllowed(response: ServerResponse, allow: string): void {
  const refusal = refuse(405, "method_not_allowed", `Use ${allow} here.`);
  sendJson(response, refusal.status, { error: refusal.error }, { allow });
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { ...ALWAYS, ...headers });
  response.end(JSON.stringify(body));
}
