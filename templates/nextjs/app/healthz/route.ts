/** GET /healthz: whether this process answers. It asks nobody else. */

import { answer } from "../../server/on-node.ts";

// As in ../session/route.ts.
export const runtime = "nodejs";
export const dynamic = "force-dynamic";

export const GET = answer;
