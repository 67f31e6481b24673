import { defineConfig } from "vitest/config";

const webPort = Number(process.env["WEB_PORT"] || 5173);
const tokenPort = Number(process.env["TOKEN_PORT"] || 8787);

// Exact names of the addresses this page is reached by from outside, comma separated. No wildcard:
// with one for a shared domain, any stranger's page there could read this server.
const publicHosts = (process.env["RTSTART_PUBLIC_HOSTS"] ?? "")
  .split(",")
  .map((host) => host.trim())
  .filter((host) => host !== "");

// The page asks its own origin for a token; this is the way there without rtstart's gateway.
// Nothing else is passed on.
const proxy = { "^/session(/|\\?|$)": { target: `http://127.0.0.1:${tokenPort}`, changeOrigin: true } };

export default defineConfig({
  // No .env is read on the page's side, so no key can end up in the bundle.
  envDir: false,
  server: {
    host: "127.0.0.1",
    port: webPort,
    // Another port would be another app behind the same tunnel.
    strictPort: true,
    allowedHosts: publicHosts,
    proxy,
    // `ws` and `hmr` stay at their defaults: the client takes protocol, host and port from the
    // address of its own module, which is right on localhost, on any port and behind any tunnel.
    // A fixed host or clientPort would break all but one of them.
  },
  preview: { host: "127.0.0.1", port: webPort, strictPort: true, allowedHosts: publicHosts, proxy },
  build: {
    // The audio worklets are loaded by address; inlined as data: they would need a looser policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: {
    include: ["tests/*.test.ts"],
    environment: "node",
  },
});
