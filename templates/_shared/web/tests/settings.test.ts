import { afterEach, expect, test, vi } from "vitest";

import { keepSettings, keptSettings, readSettings } from "../src/page/kept.ts";
import { checkSettings, DEFAULTS, updateFor } from "../src/realtime/settings.ts";

function refuse(): never {
  throw new DOMException("Access is denied for this document.", "SecurityError");
}

afterEach(() => {
  vi.unstubAllGlobals();
});

test("what is stored is kept, what cannot be is as it was", () => {
  const stored = { voice: "cedar", transport: "pigeon", silenceMs: 9, threshold: "0.8" };

  expect(readSettings(JSON.stringify(stored), "")).toEqual({
    ...DEFAULTS,
    voice: "cedar",
    threshold: 0.8,
  });
});

test.each([null, "", "{", "[]", "7"])("%j in the store is no settings", (stored) => {
  expect(readSettings(stored, "")).toEqual(DEFAULTS);
});

test("the address is above the store", () => {
  const stored = JSON.stringify({ transport: "webrtc", voice: "ash" });

  expect(readSettings(stored, "?transport=websocket")).toEqual({
    ...DEFAULTS,
    voice: "ash",
    transport: "websocket",
  });
});

test("a browser that stores nothing for any page has the settings until it is closed", () => {
  vi.stubGlobal("location", { search: "" });
  vi.stubGlobal("localStorage", { getItem: refuse, setItem: refuse });

  keepSettings({ ...DEFAULTS, voice: "ash" });

  expect(keptSettings()).toEqual(DEFAULTS);
});

test("instructions of any length are cut", () => {
  expect(checkSettings({ instructions: "x".repeat(9000) }).instructions).toHaveLength(8000);
});

test("what the token service mints already is not told again", () => {
  expect(updateFor(DEFAULTS)).toBeNull();
});

test("only what changed is told", () => {
  expect(updateFor({ ...DEFAULTS, noise: "off", instructions: "Be brief." })).toEqual({
    type: "realtime",
    instructions: "Be brief.",
    audio: { input: { noise_reduction: null } },
  });
});

test("holding to talk turns the detection of turns off", () => {
  expect(updateFor({ ...DEFAULTS, turnTaking: "push_to_talk" })).toEqual({
    type: "realtime",
    audio: { input: { turn_detection: null } },
  });
});

test("going back to pauses tells all of them", () => {
  const holding = { ...DEFAULTS, turnTaking: "push_to_talk" } as const;

  expect(updateFor({ ...DEFAULTS, silenceMs: 800 }, holding)).toEqual({
    type: "realtime",
    audio: {
      input: {
        turn_detection: {
          type: "server_vad",
          threshold: 0.5,
          prefix_padding_ms: 300,
          silence_duration_ms: 800,
          create_response: true,
          interrupt_response: true,
        },
      },
    },
  });
});
