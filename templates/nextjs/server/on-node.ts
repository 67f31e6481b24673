/** What the route handlers answer with: the server on Node, or how to come back to it. */

import "server-only";

import { refuse } from "./refusals.ts";

/** Answers a request of one of the routes. */
export async function answer(request: Request): Promise<Response> {
  // The Edge runtime lacks Node's modules, so none may be loaded before this. Nor would a limit hold
  // there: it starts a new process wherever it likes.
  if (process.env["NEXT_RUNTIME"] === "edge") {
    const words = 'This route must run on Node: set `runtime = "nodejs"` in its route.ts.';
    const { status, error } = refuse(500, "edge_runtime", words);
    console.error(words);
    return Response.json({ error }, { status, headers: { "cache-control": "no-store" } });
  }
  const server = await import("./session.ts");
  return server.answer(request);
}
