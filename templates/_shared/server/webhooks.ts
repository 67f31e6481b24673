/**
 * Messages that another service sends by itself. They come without a cookie, so a signature over
 * the raw body says who sent them, and their id says whether they came before.
 */

import { createHmac, timingSafeEqual } from "node:crypto";

import { json, readText, refused } from "./answers.ts";
import type { Limits } from "./limits.ts";
import { isRefusal, refuse } from "./refusals.ts";

const BODY_LIMIT_BYTES = 256 * 1024;
/** How far the sender's clock may be from ours (standard-webhooks). */
const TOLERANCE_S = 300;

/** One line for the log. Never a secret in it. */
export type Log = (line: string) => void;

/** Throws when the signature is not the sender's. The answer is the event in the body. */
export type Unwrap = (body: string, headers: Headers) => unknown;

/** What the routes share beside the settings. */
export interface Parts {
  readonly limits: Limits;
  readonly log: Log;
  /** Told of work that goes on when the answer is sent, so that it may end. It never rejects. */
  readonly goOn: (work: Promise<void>) => void;
}

/**
 * A route for one sender. It answers before the event is acted on: a sender that waits sends
 * again. `act` is called once for each event, however often it comes.
 */
export function createWebhook(
  unwrap: Unwrap | null,
  { limits, log, goOn }: Parts,
  act: (event: unknown) => Promise<void>,
): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== "POST") return refused(refuse(405, "method_not_allowed", "Use POST here."));
    if (unwrap === null) {
      return refused(refuse(503, "no_webhook_secret", "This webhook has no secret to check it by."));
    }
    const body = await readText(request, BODY_LIMIT_BYTES);
    if (isRefusal(body)) return refused(body);
    let event: unknown;
    try {
      event = unwrap(body, request.headers);
    } catch {
      return refused(refuse(401, "bad_signature", "The signature is not the sender's."));
    }
    const id = request.headers.get("webhook-id") ?? "";
    // Without a memory of what came, answer so that it is sent again later.
    const isFirst = await limits.once(`webhook:${id}`).catch(() => null);
    if (isFirst === null) return refused(refuse(503, "limits_unavailable", "Try again later."));
    // Whatever it throws, the next event is taken.
    if (isFirst) goOn(act(event).catch((error: unknown) => log(`webhook ${id} failed: ${String(error)}`)));
    return json(200, { received: true, duplicate: !isFirst });
  };
}

/** Whether a secret holds a key. One without, "whsec_" alone, would let everybody sign. */
export function hasKey(secret: string): boolean {
  return keyOf(secret).length > 0;
}

/**
 * Checks a message as standard-webhooks has it: HMAC-SHA256 over `id.timestamp.body`, and a time
 * that is near. Source: OpenAI's guide and openai 7.57 `resources/webhooks`, November 2026.
 */
export function unwrapSigned(secret: string, now = () => Date.now() / 1000): Unwrap {
  const key = keyOf(secret);
  return (body, headers) => {
    const id = headers.get("webhook-id") ?? "";
    const sentAt = headers.get("webhook-timestamp") ?? "";
    const late = Math.abs(now() - Number(sentAt));
    if (id === "" || !/^\d+$/.test(sentAt) || late > TOLERANCE_S) throw new Error("not of now");
    const expected = createHmac("sha256", key).update(`${id}.${sentAt}.${body}`).digest();
    const given = (headers.get("webhook-signature") ?? "")
      .split(" ")
      .filter((one) => one.startsWith("v1,"))
      .map((one) => Buffer.from(one.slice("v1,".length), "base64"));
    const fits = given.some((one) => one.length === expected.length && timingSafeEqual(one, expected));
    if (!fits) throw new Error("signed by somebody else");
    return JSON.parse(body) as unknown;
  };
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.replace(/^whsec_/, ""), "base64");
}
