/**
 * POST /webhooks/openai: a telephone call comes in by SIP, and the model answers it or not. The
 * sound goes between the telephone and OpenAI. Source of the shapes: OpenAI's API reference,
 * `realtime.call.incoming` and `/v1/realtime/calls/{id}/…`, November 2026.
 */

import { safetyIdentifier } from "./access.ts";
import { isAnswered } from "./incoming.ts";
import type { IncomingCall } from "./incoming.ts";
import { sessionFor } from "./mint.ts";
import type { Settings } from "./settings.ts";
import { createWebhook, hasKey, unwrapSigned } from "./webhooks.ts";
import type { Parts } from "./webhooks.ts";

const API_TIMEOUT_MS = 10_000;
/** SIP's "Decline". */
const DECLINE = { status_code: 603 };

export function createOpenAiWebhook(
  settings: Settings,
  parts: Parts,
): (request: Request) => Promise<Response> {
  const secret = process.env["OPENAI_WEBHOOK_SECRET"]?.trim() ?? "";
  return createWebhook(hasKey(secret) ? unwrapSigned(secret) : null, parts, async (event) => {
    const call = callIn(event);
    if (call === null) return;
    const deed = isAnswered(call) ? "accept" : "reject";
    const status = await tell(settings, call, deed);
    parts.log(`call ${call.callId} from ${call.from}: ${deed} ${status}`);
  });
}

/** The call that an event is of, or null for events of other kinds. */
export function callIn(event: unknown): IncomingCall | null {
  const { type, data } = (event ?? {}) as { type?: unknown; data?: unknown };
  if (type !== "realtime.call.incoming") return null;
  const { call_id: callId, sip_headers: headers } = (data ?? {}) as {
    call_id?: unknown;
    sip_headers?: unknown;
  };
  if (typeof callId !== "string" || !/^[\w-]+$/.test(callId)) return null;
  const list = Array.isArray(headers) ? (headers as { name?: unknown; value?: unknown }[]) : [];
  const value = (wanted: string): string => {
    const found = list.find(({ name }) => String(name).toLowerCase() === wanted)?.value;
    return typeof found === "string" ? found : "";
  };
  return { callId, from: value("from"), to: value("to") };
}

async function tell(
  settings: Settings,
  { callId, from }: IncomingCall,
  deed: "accept" | "reject",
): Promise<number> {
  const response = await fetch(`${settings.apiUrl}/realtime/calls/${callId}/${deed}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${settings.key}`,
      "content-type": "application/json",
      "openai-safety-identifier": safetyIdentifier(settings, from),
    },
    body: JSON.stringify(deed === "accept" ? phoneSession(settings) : DECLINE),
    redirect: "error",
    signal: AbortSignal.timeout(API_TIMEOUT_MS),
  });
  return response.status;
}

/**
 * The page's session without what a telephone lacks: its tools run in a page, and a call by SIP
 * brings its own sound format and takes no numbers for turn detection.
 */
function phoneSession(settings: Settings): object {
  const { model, instructions } = sessionFor(settings);
  return {
    type: "realtime",
    model,
    instructions,
    output_modalities: ["audio"],
    audio: {
      input: { transcription: { model: "gpt-transcribe" } },
      output: { voice: settings.voice },
    },
  };
}
