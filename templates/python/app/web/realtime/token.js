/** Asks this app's own token service for a secret: one for each call, at the moment of the call. */

import { CallError, failureOfApi } from "./failures.js";

const TIMEOUT_MS = 20_000;

/** Mints a secret for a call of this kind. Throws a CallError that names the cause. */
export async function fetchSecret(signal, transport = "webrtc", route = "/session") {
  const body = JSON.stringify({ transport });
  const answer = await ask(route, { method: "POST", body }, signal);
  return readSecret(answer);
}

function readSecret({ response, text }) {
  const body = readJson(response.status, text);
  if (!response.ok) throw refused(response.status, body);

  const { value, expires_at, realtime_url, model, emulated } = body;
  if (typeof value !== "string" || typeof realtime_url !== "string" || typeof model !== "string") {
    throw new CallError("notJson", "the answer has no secret in it");
  }
  return {
    value,
    expiresAt: typeof expires_at === "number" ? expires_at : 0,
    realtimeUrl: new URL(realtime_url, location.href).href.replace(/\/+$/, ""),
    model,
    emulated: emulated === true,
    callsUrl: response.headers.get("x-calls-url") ?? "",
  };
}

/** Reads what the page shows before a call. Throws a CallError that names the cause. */
export async function fetchConfig(signal, route = "/session/config") {
  const { response, text } = await ask(route, { method: "GET" }, signal);
  const body = readJson(response.status, text);
  if (!response.ok) throw refused(response.status, body);
  return {
    model: typeof body["model"] === "string" ? body["model"] : "",
    voice: typeof body["voice"] === "string" ? body["voice"] : "",
    emulated: body["emulated"] === true,
    throughServer: body["through_server"] === true,
  };
}

async function ask(route, init, signal) {
  try {
    const response = await fetch(route, {
      ...init,
      headers: { "content-type": "application/json", accept: "application/json" },
      cache: "no-store",
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    // An answer that begins may still end too early, or not at all.
    return { response, text: await response.text() };
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof DOMException && error.name === "TimeoutError") {
      throw new CallError("tokenServiceSlow", "", { cause: error });
    }
    throw new CallError("tokenServiceDown", "", { cause: error });
  }
}

function readJson(status, text) {
  try {
    const value = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // A page of HTML, or the empty 500 of a dev server whose upstream is not running.
  }
  if (status === 401 || status === 403) throw new CallError("notInvited");
  if (status >= 500) throw new CallError("tokenServiceDown", `status ${status}`);
  throw new CallError("notJson", `status ${status}`);
}

function refused(status, body) {
  const error = body["error"];
  const said = typeof error === "object" && error !== null ? error : {};
  const code = "code" in said && typeof said.code === "string" ? said.code : null;
  const message = "message" in said && typeof said.message === "string" ? said.message : "";
  return new CallError(failureOfApi(code, status, message).name, message || `status ${status}`);
}
