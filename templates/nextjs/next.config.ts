import type { NextConfig } from "next";

// Exact names of the addresses this page is reached by from outside, comma separated. Next gives
// its update socket to no other, and without that socket a page in development never comes alive.
// No wildcard: with one for a shared domain, any stranger's page there could read this server.
const publicHosts = (process.env["RTSTART_PUBLIC_HOSTS"] ?? "")
  .split(",")
  .map((host) => host.trim())
  .filter((host) => host !== "");

export default {
  allowedDevOrigins: publicHosts,
  // A folder with all that runs in production, for the Dockerfile.
  output: "standalone",
  // This folder is the whole project, whatever lock files lie above it.
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
  // Effects run twice in development, which shows a microphone that is not let go.
  reactStrictMode: true,
  devIndicators: false,
  poweredByHeader: false,
} satisfies NextConfig;
