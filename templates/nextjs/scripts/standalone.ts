/**
 * Completes `.next/standalone` after a build, so that the folder alone runs anywhere: Next leaves
 * out the files a content network could serve, and puts in every `.env` it has read.
 */

import { cpSync, globSync, rmSync } from "node:fs";

const folder = ".next/standalone";

cpSync(".next/static", `${folder}/.next/static`, { recursive: true });
// For the container's health check.
cpSync("scripts/healthy.ts", `${folder}/healthy.ts`);
// A key belongs to the place where the app runs, never into what is shipped there.
for (const file of globSync(`${folder}/.env*`)) rmSync(file);
