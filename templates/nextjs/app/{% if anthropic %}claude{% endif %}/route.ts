/** POST /claude: the voice model's question to Claude. The rules are in server/claude.ts. */

import { answer } from "../../server/on-node.ts";

// As in ../session/route.ts. A route and no server action, because Next runs a page's actions one
// after the other, and Claude may think for half a minute; this one also ends when the page goes.
export const runtime = "nodejs";
export const dynamic = "force-dynamic";

export const POST = answer;

/** Answered with 405 in words; Next's own has no body. */
export const GET = answer;
