/** Gives every answer its security headers in production. */

import { NextResponse } from "next/server";
import type { NextRequest } from "next/server";

import { policyFor } from "./server/policy.ts";
import { readSettings } from "./server/settings.ts";

export function proxy(request: NextRequest): NextResponse {
  // Next's tools for development need eval and inline styles, which the policy is there to forbid.
  if (process.env.NODE_ENV !== "production") return NextResponse.next();

  // Next begins its pages with inline scripts. It marks them with the nonce it finds in the policy
  // of the request; that is new for each, which is why no page may be made before it is asked for.
  const nonce = Buffer.from(crypto.randomUUID()).toString("base64");
  const policy = policyFor(readSettings(process.env), `'nonce-${nonce}' 'strict-dynamic'`);
  const headers = new Headers(request.headers);
  headers.set("content-security-policy", policy["content-security-policy"] ?? "");
  const response = NextResponse.next({ request: { headers } });
  for (const [name, value] of Object.entries(policy)) response.headers.set(name, value);
  return response;
}
