/** GET /session/config: what a page may know before a call. Nothing in it is secret. */

import { answer } from "../../../server/on-node.ts";

// As in ../route.ts.
export const runtime = "nodejs";
export const dynamic = "force-dynamic";

export const GET = answer;
