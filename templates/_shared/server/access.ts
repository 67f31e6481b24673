/**
 * Who may call. While the app is developed, whoever reaches the page; in production, whom
 * `authorise.ts` knows. Until that file is filled in, nobody.
 */

import { createHmac } from "node:crypto";

import { refuse } from "./refusals.ts";
import type { Refusal } from "./refusals.ts";
import type { Settings } from "./settings.ts";

/**
 * Tells who sends a request: a name that stays the same for the same person (an account's id, not
 * an address of the network), or null for somebody who may not call.
 */
export type Authorise = (request: Request) => string | null | Promise<string | null>;

/** Lets nobody in, and marks a hook that was not filled in yet. */
export const closed: Authorise = () => null;

/** Who calls: null while the app is developed, or the refusal to answer with. */
export async function visitorOf(
  settings: Settings,
  authorise: Authorise,
  request: Request,
): Promise<string | null | Refusal> {
  if (!settings.production) return null;
  if (authorise === closed) {
    return refuse(403, "closed", "Nobody may call until server/authorise.ts says who may.");
  }
  const visitor = await authorise(request);
  if (visitor === null || visitor === "") {
    return refuse(401, "not_authorised", "Sign in before you call.");
  }
  return visitor;
}

/**
 * What OpenAI is told of a visitor, so that misuse by one does not count against all: the same for
 * the same person, and of no use to anybody who reads it.
 */
export function safetyIdentifier(settings: Settings, visitor: string): string {
  return createHmac("sha256", settings.safetySalt).update(visitor).digest("hex");
}
