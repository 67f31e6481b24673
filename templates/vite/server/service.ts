/**
 * The service on `node:http`: hands each request to the routes, or to the built page where there
 * is one, and logs what came of it.
 */

import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Readable } from "node:stream";

import { createAnswer, createGate, refused } from "./answers.ts";
import type { Answer, Gate } from "./answers.ts";
import type { Page } from "./page.ts";
import { refuse } from "./refusals.ts";
import type { Settings } from "./settings.ts";

/** One line for the log. Never a secret in it. */
export type Log = (line: string) => void;

export interface Parts {
  readonly gate?: Gate;
  /** The built page; while the app is developed, Vite serves it. */
  readonly page?: Page;
}

/** A server that is not listening yet. */
export function createService(settings: Settings, log: Log, parts: Parts = {}): Server {
  const { gate = createGate(settings), page } = parts;
  const answer = createAnswer(settings, gate);
  const server = createServer((request, response) => {
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    const note = noteOf(settings, log, path, request, response);
    if (page?.send(path, request, response) === true) return;
    run(answer, path, request, response).catch((error: unknown) => {
      note(String(error));
      const words = "The token service failed; its log says how.";
      void send(response, refused(refuse(500, "internal", words)));
    });
  });
  // Longer than a load balancer keeps a connection (60 s in most), or it would send into a closed
  // one now and then.
  server.keepAliveTimeout = 65_000;
  server.requestTimeout = 30_000;
  return server;
}

/** Logs the request when it is over: what was asked, what was answered, how long it took. */
function noteOf(
  settings: Settings,
  log: Log,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): (error: string) => void {
  const began = performance.now();
  const { method = "GET" } = request;
  const given = request.headers["x-request-id"];
  const id = typeof given === "string" && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
  if (settings.production) response.setHeader("x-request-id", id);
  let failed = "";
  response.on("close", () => {
    if (path === "/healthz" && failed === "") return;
    const ms = Math.round(performance.now() - began);
    const status = response.writableEnded ? response.statusCode : 0;
    if (settings.production) {
      const level = failed !== "" || status >= 500 ? "error" : "info";
      const error = failed === "" ? {} : { error: failed };
      log(lineOf(level, "request", { id, method, path, status, ms, ...error }));
    } else {
      log(`${method} ${path} ${status === 0 ? "aborted" : status} ${ms} ms`);
      if (failed !== "") log(`${method} ${path} failed: ${failed}`);
    }
  });
  return (error) => (failed = error);
}

/** A line that programs read: one JSON object. */
export function lineOf(level: "info" | "error", message: string, more: object = {}): string {
  return JSON.stringify({ time: new Date().toISOString(), level, message, ...more });
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
