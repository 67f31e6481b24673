/**
 * Who may call in production: fill this in before you go live. A call costs money, so as long as
 * it says `closed`, POST /session answers 403 to everybody.
 *
 * The page sends its cookies along, so the usual answer is the login you have:
 *
 *     export const authorise: Authorise = async (request) => {
 *       const session = await readSession(request.headers.get("cookie"));
 *       return session?.userId ?? null;
 *     };
 *
 * Behind a proxy that signs people in and that alone can reach this service, its header will do:
 *
 *     export const authorise: Authorise = (request) => request.headers.get("x-auth-request-user");
 *
 * What you return is counted against the limits of one person, and reaches OpenAI as a hash.
 */

import { closed } from "./access.ts";
import type { Authorise } from "./access.ts";

export const authorise: Authorise = closed;
