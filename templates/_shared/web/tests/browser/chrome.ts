/** A browser with a microphone, and what a test needs to start an app beside it. */

import { existsSync } from "node:fs";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";

/** Next compiles a page before it answers for the first time. */
const READY_MS = 60_000;

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

/** Bytes before the samples of hello.wav: 16 kHz, mono, 16 bit. */
const WAV_HEAD = 44;
const BYTES_PER_SECOND = 32_000;

/** A browser that may use its microphone, which hears somebody say hello, again and again. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = PLACES.find((place) => place !== "" && existsSync(place));
  if (executablePath === undefined) {
    throw new Error("There is no Chrome here. Install it, or set CHROME_PATH to one.");
  }
  const microphone = await writeMicrophone();
  return chromium.launch({
    executablePath,
    args: [
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      `--use-file-for-fake-audio-capture=${microphone}`,
      ...(process.platform === "linux" ? ["--no-sandbox"] : []),
    ],
  });
}

/** A moment to connect, the words, and time for an answer. */
async function writeMicrophone(): Promise<string> {
  const hello = await readFile(join(import.meta.dirname, "hello.wav"));
  const sound = Buffer.concat([
    Buffer.alloc(BYTES_PER_SECOND),
    hello.subarray(WAV_HEAD),
    Buffer.alloc(8 * BYTES_PER_SECOND),
  ]);
  const head = Buffer.from(hello.subarray(0, WAV_HEAD));
  head.writeUInt32LE(WAV_HEAD - 8 + sound.length, 4);
  head.writeUInt32LE(sound.length, WAV_HEAD - 4);
  const path = join(await mkdtemp(join(tmpdir(), "microphone-")), "hello.wav");
  await writeFile(path, Buffer.concat([head, sound]));
  return path;
}

/** Where the emulator is. Throws with what to do when there is none. */
export function emulatorUrl(): string {
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

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Waits until somebody answers there. */
export async function answers(url: string): Promise<void> {
  const until = Date.now() + READY_MS;
  while (Date.now() < until) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok === true) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`${url} did not answer within ${READY_MS / 1000} seconds`);
}
