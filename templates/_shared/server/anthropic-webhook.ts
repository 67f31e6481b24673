/**
 * POST /webhooks/anthropic: events of agent sessions and of administration (beta; the Messages API
 * sends none). They are thin: ask the API for what happened. Source: @anthropic-ai/sdk 1.12,
 * `beta.webhooks`, November 2026.
 */

import Anthropic from "@anthropic-ai/sdk";

import { createWebhook, hasKey } from "./webhooks.ts";
import type { Parts, Unwrap } from "./webhooks.ts";

export function createAnthropicWebhook(parts: Parts): (request: Request) => Promise<Response> {
  const key = process.env["ANTHROPIC_WEBHOOK_SIGNING_KEY"]?.trim() ?? "";
  return createWebhook(hasKey(key) ? unwrapBy(key) : null, parts, async (event) => {
    const { data } = event as { data?: { type?: unknown; id?: unknown } };
    // Here the app acts on it.
    parts.log(`anthropic event ${String(data?.type)} ${String(data?.id)}`);
  });
}

function unwrapBy(key: string): Unwrap {
  // Checks a signature, calls nobody: the API's key is not needed for it.
  const client = new Anthropic({ apiKey: "", webhookKey: key });
  return (body, headers) =>
    client.beta.webhooks.unwrap(body, { headers: Object.fromEntries(headers), key });
}
