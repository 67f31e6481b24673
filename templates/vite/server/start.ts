/**
 * The app in production, in one process: `npm run build`, then `npm start`. It serves the built
 * page and the token routes, and keeps nothing, so any number of copies may run.
 */

import { fileURLToPath } from "node:url";

import { closed } from "./access.ts";
import { createGate } from "./answers.ts";
import { authorise } from "./authorise.ts";
import { createLimits } from "./limits.ts";
import { listen, orEnd, settingsOrEnd } from "./listening.ts";
import { readPage } from "./page.ts";
import { createService, lineOf } from "./service.ts";
import { keyTrouble, readPort } from "./settings.ts";

const settings = await settingsOrEnd({ ...process.env, NODE_ENV: "production" });
const port = await orEnd(() => readPort(process.env["PORT"]?.trim() || "8080", "PORT"));
const host = process.env["HOST"]?.trim() || "0.0.0.0";
const page = await orEnd(() => readPage(settings, fileURLToPath(new URL("../dist/", import.meta.url))));

const say = (line: string): void => console.log(line);
const warn = (words: string): void => console.error(lineOf("error", words));

async function openLimits(): Promise<ReturnType<typeof createLimits>> {
  if (settings.redisUrl === "") return createLimits(settings);
  const { createRedisLimits } = await import("./redis-limits.ts");
  return createRedisLimits(settings, settings.redisUrl, warn);
}

const limits = await openLimits();
const server = createService(settings, say, { gate: createGate(settings, limits), page });

listen(
  server,
  { port, host, variable: "PORT" },
  (taken) => {
    const { model, publicOrigin, redisUrl } = settings;
    const kept = redisUrl === "" ? "this process" : "redis";
    say(lineOf("info", "listening", { host, port: taken, model, publicOrigin, limits: kept }));
    if (keyTrouble(settings.key) !== null) warn("OPENAI_API_KEY is missing or not a key");
    if (publicOrigin === "") warn("PUBLIC_ORIGIN is not set: only localhost is answered");
    if (authorise === closed) warn("POST /session is closed: fill in server/authorise.ts");
  },
  () => void limits.close(),
);
