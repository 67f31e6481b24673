/**
 * Runs Next's own command with its statistics off, on every system alike: `node scripts/next.ts dev`.
 * Without the variable each run is reported to Next's makers.
 */

import { globSync, rmSync, statSync } from "node:fs";

const DEV_TYPES = ".next/dev/types";

// A development server that was ended while it wrote its types leaves an empty file, and no build or
// check passes with it. The next server writes them anew.
const isCut = globSync(`${DEV_TYPES}/*`).some((file) => statSync(file).size === 0);
if (isCut && process.argv[2] !== "dev") rmSync(DEV_TYPES, { recursive: true });

process.env["NEXT_TELEMETRY_DISABLED"] ??= "1";
await import("next/dist/bin/next");
