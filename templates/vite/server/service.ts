/** The token service on `node:http`: hands each request to `answers.ts` and logs what came of it. */

import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Readable } from "node:stream";

import { createAnswer, refused } from "./answers.ts";
import type { Answer } from "./answers.ts";
import { refuse } from "./mint.ts";
import type { Settings } from "./settings.ts";

/** One line for the log: what was asked, what was answered, how long it took. Never a secret. */
export type Log = (line: string) => void;

/** A server that is not listening yet. */
export function createService(settings: Settings, log: Log): Server {
  const answer = createAnswer(settings);
  return createServer((request, response) => {
    const began = performance.now();
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    response.on("close", () => {
      if (path === "/healthz") return;
      const ms = Math.round(performance.now() - began);
      const outcome = response.writableEnded ? String(response.statusCode) : "aborted";
      log(`${request.method} ${path} ${outcome} ${ms} ms`);
    });
    run(answer, path, request, response).catch((error: unknown) => {
      log(`${request.method} ${path} failed: ${String(error)}`);
      const words = "The token service failed; its log says how.";
      void send(response, refused(refuse(500, "internal", words)));
    });
  });
}

async function run(
  answer: Answer,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  await send(response, await answer(path, asRequest(request, gone.signal)));
}

function asRequest(request: IncomingMessage, signal: AbortSignal): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    headers.set(name, Array.isArray(value) ? value.join(", ") : (value ?? ""));
  }
  // A Request cannot hold TRACE; nothing here takes it, nor OPTIONS.
  const method = request.method === "TRACE" ? "OPTIONS" : (request.method ?? "GET");
  const hasBody = method !== "GET" && method !== "HEAD";
  return new Request("http://token.localhost/", {
    method,
    headers,
    signal,
    ...(hasBody ? { body: Readable.toWeb(request) as ReadableStream, duplex: "half" } : {}),
  });
}

async function send(response: ServerResponse, answer: Response): Promise<void> {
  const body = await answer.text();
  if (response.headersSent || response.destroyed) return;
  response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(body);
}
