/** What a browser may do for the page in production: load its own files, and call. */

import type { Settings } from "./settings.ts";

/** The headers that come with every file of the page. `scripts` are the scripts that may run. */
export function policyFor(
  settings: Settings,
  scripts = "'self'",
): Readonly<Record<string, string>> {
  const calls = /^https?:/.test(settings.realtimeUrl) ? new URL(settings.realtimeUrl).origin : "";
  // A call goes there by HTTP for WebRTC, and by WebSocket. 'self' alone lets both through.
  const connect = ["'self'", ...(calls === "" ? [] : [calls, calls.replace(/^http/, "ws")])];
  const content = [
    "default-src 'none'",
    `script-src ${scripts}`,
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "media-src 'self' blob:",
    "worker-src 'self'",
    "manifest-src 'self'",
    `connect-src ${connect.join(" ")}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  const isSecure = settings.publicOrigin.startsWith("https:");
  return {
    "content-security-policy": content.join("; "),
    "permissions-policy":
      "microphone=(self), autoplay=(self), speaker-selection=(self), " +
      "camera=(), display-capture=(), geolocation=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    ...(isSecure ? { "strict-transport-security": "max-age=31536000" } : {}),
  };
}
