/** The app's two processes, for the length of a test file. */

import { spawn } from "node:child_process";

import { answers, emulatorUrl, freePort } from "./chrome.ts";
import type { RunningApp } from "./chrome.ts";

/** Starts the app as it is developed, asking the emulator. Rejects with what to do. */
export async function startApp(): Promise<RunningApp> {
  const apiUrl = emulatorUrl();
  const [tokenPort, webPort] = [await freePort(), await freePort()];
  const env = {
    ...process.env,
    OPENAI_API_KEY: "sk-test-emulated",
    REALTIME_URL: `${apiUrl}/realtime`,
    RTSTART_EMULATED: "1",
    TOKEN_PORT: String(tokenPort),
    WEB_PORT: String(webPort),
  };
  const processes = [["server/token.ts"], ["node_modules/vite/bin/vite.js"]].map((words) =>
    spawn(process.execPath, words, { env, stdio: ["ignore", "ignore", "inherit"] }),
  );
  const url = `http://localhost:${webPort}`;
  const close = (): void => processes.forEach((running) => running.kill());
  try {
    await answers(`http://127.0.0.1:${tokenPort}/healthz`);
    await answers(`${url}/session/config`);
  } catch (error) {
    close();
    throw error;
  }
  return { url, close };
}
