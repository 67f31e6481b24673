/**
 * Runs Next's own command with its statistics off, on every system alike: `node scripts/next.ts dev`.
 * Without the variable each run is reported to Next's makers.
 */

process.env["NEXT_TELEMETRY_DISABLED"] ??= "1";
await import("next/dist/bin/next");
