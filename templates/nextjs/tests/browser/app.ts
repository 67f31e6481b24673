/** The app as it is developed, for the length of a test file. */

import { spawn } from "node:child_process";

import { answers, emulatorUrl, freePort } from "./chrome.ts";
import type { RunningApp } from "./chrome.ts";

/** Starts the app as it is developed, asking the emulator. Rejects with what to do. */
export async function startApp(): Promise<RunningApp> {
  const apiUrl = emulatorUrl();
  const port = await freePort();
  const env = {
    ...process.env,
    OPENAI_API_KEY: "sk-test-emulated",
    REALTIME_URL: `${apiUrl}/realtime`,
    RTSTART_EMULATED: "1",
    PORT: String(port),
    // Vitest sets it to "test", which Next takes for a mistake.
    NODE_ENV: "development" as const,
  };
  const running = spawn(process.execPath, ["scripts/next.ts", "dev", "-H", "127.0.0.1"], {
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const url = `http://localhost:${port}`;
  const close = (): boolean => running.kill();
  try {
    // The page too: it is compiled when it is asked for.
    await answers(`${url}/healthz`);
    await answers(url);
  } catch (error) {
    close();
    throw error;
  }
  return { url, close };
}
