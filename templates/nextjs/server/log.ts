/** The log: words while the app is developed, one JSON object a line in production. */

import { randomUUID } from "node:crypto";

const isProduction = (): boolean => process.env["NODE_ENV"] === "production";

export function say(message: string, more: object = {}): void {
  console.log(isProduction() ? lineOf("info", message, more) : message);
}

export function warn(message: string): void {
  console.error(isProduction() ? lineOf("error", message) : message);
}

/**
 * Begins to time a request. The answer logs what came of it, never a secret, and marks it with
 * the id that the log has. Next logs each request by itself in development, so there only what
 * failed is said.
 */
export function noteRequest(
  path: string,
  request: Request,
): (response: Response, error?: unknown) => Response {
  const began = performance.now();
  const given = request.headers.get("x-request-id") ?? "";
  const id = /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
  return (response, error) => {
    const { method } = request;
    const { status } = response;
    if (!isProduction()) {
      if (error !== undefined) console.error(`${method} ${path} failed: ${String(error)}`);
      return response;
    }
    response.headers.set("x-request-id", id);
    if (path === "/healthz" && error === undefined) return response;
    const ms = Math.round(performance.now() - began);
    const level = error !== undefined || status >= 500 ? "error" : "info";
    const failed = error === undefined ? {} : { error: String(error) };
    console.log(lineOf(level, "request", { id, method, path, status, ms, ...failed }));
    return response;
  };
}

function lineOf(level: "info" | "error", message: string, more: object = {}): string {
  return JSON.stringify({ time: new Date().toISOString(), level, message, ...more });
}
