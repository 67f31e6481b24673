/** The app's two processes and a browser with a microphone, for the length of a test file. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";

const READY_MS = 20_000;

/** Where Chrome or Chromium usually is; CHROME_PATH says another place. */
const PLACES = [
  process.env["CHROME_PATH"] ?? "",
  "/usr/bin/google-chrome",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

export interface RunningApp {
  readonly url: string;
  close(): void;
}

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
  const close = (): void => processes.forEach((running: ChildProcess) => running.kill());
  try {
    await answers(`http://127.0.0.1:${tokenPort}/healthz`);
    await answers(`${url}/session/config`);
  } catch (error) {
    close();
    throw error;
  }
  return { url, close };
}

/** A browser whose microphone beeps, and that may use it. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = PLACES.find((place) => place !== "" && existsSync(place));
  if (executablePath === undefined) {
    throw new Error("There is no Chrome here. Install it, or set CHROME_PATH to one.");
  }
  return chromium.launch({
    executablePath,
    args: [
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      ...(process.platform === "linux" ? ["--no-sandbox"] : []),
    ],
  });
}

function emulatorUrl(): string {
  const apiUrl = process.env["OPENAI_BASE_URL"] ?? "";
  const isHere = apiUrl !== "" && ["127.0.0.1", "localhost", "[::1]"].includes(new URL(apiUrl).hostname);
  if (!isHere) {
    throw new Error(
      "These tests call an emulator on this machine and never the API:\n\n" +
        "  uvx rtstart emulate -- npm run test:browser\n",
    );
  }
  return apiUrl.replace(/\/+$/, "");
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function answers(url: string): Promise<void> {
  const until = Date.now() + READY_MS;
  while (Date.now() < until) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok === true) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`${url} did not answer within ${READY_MS / 1000} seconds`);
}
