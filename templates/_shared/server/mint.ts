/**
 * Asks the Realtime API for an ephemeral secret: one request, one answer.
 *
 * Source of the shapes: OpenAI's API reference, `POST /v1/realtime/client_secrets`, as of
 * November 2026.
 */

import { definitionOf } from "../src/realtime/tools.ts";
import { tools } from "../src/tools.ts";
import { safetyIdentifier } from "./access.ts";
import { instructions } from "./assistant.ts";
import { refuse } from "./refusals.ts";
import type { Refusal } from "./refusals.ts";
import { keyTrouble } from "./settings.ts";
import type { Settings } from "./settings.ts";

/** How long a secret may wait to be used. A running call is not ended by it. */
const SECRET_LIFETIME_S = 60;
const UPSTREAM_TIMEOUT_MS = 15_000;

/** What the page is given. */
export interface Minted {
  readonly value: string;
  readonly expires_at: number;
  readonly realtime_url: string;
  readonly model: string;
  readonly emulated: boolean;
}

/** What is said of it here is what is read elsewhere; the API's reference has the whole. */
interface Session {
  readonly type: "realtime";
  readonly model: string;
  readonly instructions: string;
  readonly [field: string]: unknown;
}

/** The session every visitor gets. The page can change what `session.update` allows, later. */
export function sessionFor(settings: Settings): Session {
  return {
    type: "realtime",
    model: settings.model,
    instructions,
    output_modalities: ["audio"],
    tools: tools.map(definitionOf),
    tool_choice: "auto",
    audio: {
      input: {
        format: { type: "audio/pcm", rate: 24_000 },
        // Without this there are no words of the caller in the transcript.
        transcription: { model: "gpt-transcribe" },
        // Laptops and phones on a table. "near_field" is better with a headset.
        noise_reduction: { type: "far_field" },
        turn_detection: {
          type: "server_vad",
          threshold: 0.5,
          prefix_padding_ms: 300,
          silence_duration_ms: 500,
          create_response: true,
          interrupt_response: true,
        },
      },
      output: { format: { type: "audio/pcm", rate: 24_000 }, voice: settings.voice },
    },
  };
}

/**
 * Mints one secret, for this visitor when there is a name. `signal` ends the request when the
 * visitor has gone.
 */
export async function mint(
  settings: Settings,
  visitor: string | null,
  signal: AbortSignal,
): Promise<Minted | Refusal> {
  const trouble = keyTrouble(settings.key);
  if (trouble === "key_missing") {
    return refuse(500, trouble, "OPENAI_API_KEY is not set for the token service.");
  }
  if (trouble === "key_shape") {
    return refuse(500, trouble, "OPENAI_API_KEY does not look like a key: it starts with sk-.");
  }

  let response: Response;
  let text: string;
  try {
    response = await fetch(`${settings.apiUrl}/realtime/client_secrets`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${settings.key}`,
        "content-type": "application/json",
        ...(visitor === null
          ? {}
          : { "openai-safety-identifier": safetyIdentifier(settings, visitor) }),
      },
      body: JSON.stringify({
        expires_after: { anchor: "created_at", seconds: SECRET_LIFETIME_S },
        session: sessionFor(settings),
      }),
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(UPSTREAM_TIMEOUT_MS)]),
    });
    text = await response.text();
  } catch (error) {
    return unreachable(settings, error);
  }
  return response.ok ? readSecret(settings, text) : passOn(response, text);
}

function readSecret(settings: Settings, text: string): Minted | Refusal {
  const body = parseObject(text);
  const value = body?.["value"];
  const expiresAt = body?.["expires_at"];
  if (typeof value !== "string" || typeof expiresAt !== "number") {
    return refuse(502, "upstream_shape", "The API answered without a secret in it.");
  }
  return {
    value,
    expires_at: expiresAt,
    realtime_url: settings.realtimeUrl,
    model: settings.model,
    emulated: settings.emulated,
  };
}

/** The API's own words reach the page: they name the cause better than we could. */
function passOn(response: Response, text: string): Refusal {
  const error = parseObject(text)?.["error"];
  const retryAfter = response.headers.get("retry-after");
  const waits = retryAfter === null ? {} : { retryAfter };
  if (!isObject(error) || typeof error["message"] !== "string") {
    const said = `The API answered with status ${response.status} and no message.`;
    return { ...refuse(response.status, "upstream_error", said), ...waits };
  }
  return {
    status: response.status,
    error: {
      message: error["message"],
      type: stringOr(error["type"], "api_error"),
      code: stringOr(error["code"], null),
      param: stringOr(error["param"], null),
    },
    ...waits,
  };
}

function unreachable(settings: Settings, error: unknown): Refusal {
  const host = new URL(settings.apiUrl).host;
  if (error instanceof Error && error.name === "TimeoutError") {
    const seconds = UPSTREAM_TIMEOUT_MS / 1000;
    return refuse(504, "upstream_timeout", `${host} did not answer within ${seconds} seconds.`);
  }
  const cause = error instanceof Error ? error.cause : undefined;
  const code = isObject(cause) && typeof cause["code"] === "string" ? ` (${cause["code"]})` : "";
  return refuse(502, "upstream_unreachable", `${host} could not be reached${code}.`);
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function stringOr<T>(value: unknown, otherwise: T): string | T {
  return typeof value === "string" ? value : otherwise;
}
