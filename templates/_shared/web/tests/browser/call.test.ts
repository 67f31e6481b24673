import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import type { AxeResults } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { startApp } from "./app.ts";
import { startBrowser } from "./chrome.ts";
import type { RunningApp } from "./chrome.ts";

let app: RunningApp;
let browser: Browser;
let axe: string;
let complaints: string[];

beforeAll(async () => {
  app = await startApp();
  browser = await startBrowser();
  axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
});

afterAll(async () => {
  await browser?.close();
  app?.close();
});

afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
});

async function open(
  query = "",
  look: { width?: number; height?: number; colorScheme?: "dark" | "light" } = {},
): Promise<Page> {
  const { width = 1280, height = 800, colorScheme = "light" } = look;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    // A colour on its way to another would now and then be caught without enough contrast.
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (["warning", "error"].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(`${app.url}/${query}`);
  return page;
}

/** Waits until what the microphone hears was answered, and the model's voice has been heard. */
async function hearAnAnswer(page: Page): Promise<void> {
  await page.locator('body[data-phase="live"]').waitFor({ timeout: 20_000 });
  await page.locator('.turn[data-speaker="user"]').first().waitFor({ timeout: 20_000 });
  await page.locator('body[data-activity="speaking"]').waitFor({ timeout: 20_000 });
  await page.waitForFunction(
    () => Number(document.querySelector("#reply")?.getAttribute("aria-valuenow")) > -50,
  );
  await page.locator('.turn[data-speaker="assistant"]').first().waitFor();
}

async function barriers(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  const results = (await page.evaluate("axe.run()")) as AxeResults;
  return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`);
}

test.each(["webrtc", "websocket"])("a call over %s is answered with sound", async (transport) => {
  const page = await open(`?transport=${transport}`);
  await page.locator("#talk").click();

  await hearAnAnswer(page);

  expect(await page.locator("#failure").isVisible()).toBe(false);
  const stages = page.locator("#stages [data-stage]");
  const states = await stages.evaluateAll((rows) =>
    rows.map((row) => (row as HTMLElement).dataset["state"]),
  );
  expect(new Set(states)).toEqual(new Set(["done"]));
  expect(complaints).toEqual([]);
});

test.each([
  ["on a phone", 390, 844, "light"],
  ["on a phone in the dark", 390, 844, "dark"],
  ["on a desk", 1280, 800, "light"],
  ["on a desk in the dark", 1280, 800, "dark"],
] as const)("nothing on the page is a barrier %s", async (_name, width, height, colorScheme) => {
  const page = await open("?transport=websocket", { width, height, colorScheme });
  await page.locator("#model").getByText("gpt").waitFor();
  const idle = await barriers(page);
  await page.keyboard.press("Space");
  await hearAnAnswer(page);
  const live = await barriers(page);
  for (const drawer of ["events", "settings", "numbers"]) {
    await page.locator(`#${drawer} > summary`).click();
  }
  const opened = await barriers(page);

  expect({ idle, live, opened }).toEqual({ idle: [], live: [], opened: [] });
});

test("a microphone that is refused is named with what to do", async () => {
  const page = await open();
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () =>
      Promise.reject(new DOMException("Permission denied", "NotAllowedError"));
  });
  await page.locator("#talk").click();

  await page.locator('#failure[data-code="RT601"]').waitFor();
  expect(await page.locator("#failure").textContent()).toContain("Allow the microphone");
});
