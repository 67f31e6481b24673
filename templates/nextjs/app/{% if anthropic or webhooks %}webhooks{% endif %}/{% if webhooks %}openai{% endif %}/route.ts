/** POST /webhooks/openai: telephone calls that come in. The rules are in server/openai-webhook.ts. */

import { answer } from "../../../server/on-node.ts";

// As in ../../session/route.ts.
export const runtime = "nodejs";
export const dynamic = "force-dynamic";

export const POST = answer;

/** Answered with 405 in words; Next's own has no body. */
export const GET = answer;
