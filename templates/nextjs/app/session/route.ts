/** POST /session: an ephemeral secret for one call. The rules are in server/answers.ts. */

import { answer } from "../../server/on-node.ts";

// On Node, because the limits of server/answers.ts are counted in one process, and because the
// Edge runtime is on its way out of Next. Node is also the default, so this line guards against a
// change of mind elsewhere. One case refuses it: with `cacheComponents: true` in next.config.ts
// any `runtime` here is a build error; delete the line then, the route stays on Node.
// (Next 16.4, November 2026)
export const runtime = "nodejs";

// A secret is for one visitor and one call: nothing is prerendered, and the answer is `no-store`.
export const dynamic = "force-dynamic";

export const POST = answer;

/** Answered with 405 in words; Next's own has no body. */
export const GET = answer;
