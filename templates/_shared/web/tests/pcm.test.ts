import { expect, test } from "vitest";

import { CallError } from "../src/realtime/failures.ts";
import { checkSound, fromBase64, fromPcm16, toBase64, toPcm16 } from "../src/realtime/pcm.ts";
import { decibels, rms, tone } from "./tones.ts";

test("samples are 16 bits, low byte first, and what is too loud is clipped", () => {
  const bytes = toPcm16(Float32Array.of(0, 1, -1, 2, -2, 0.5));

  expect([...bytes]).toEqual([0, 0, 255, 127, 1, 128, 255, 127, 1, 128, 0, 64]);
});

test("a tone comes back with no more than the noise of 16 bits", () => {
  const sound = tone(1000, 24_000, 0.2);

  const back = fromPcm16(toPcm16(sound));

  const noise = sound.map((sample, index) => sample - (back[index] as number));
  expect(decibels(rms(noise) / rms(sound))).toBeLessThan(-80);
});

test("reads from the middle of a larger buffer", () => {
  const bytes = Uint8Array.of(9, 0, 64, 0, 192, 9).subarray(1, 5);

  expect([...fromPcm16(bytes)]).toEqual([0.5, -0.5]);
});

test("base64 goes there and back, also for a second of sound", () => {
  const bytes = Uint8Array.from({ length: 48_001 }, (_, index) => index % 256);

  const text = toBase64(bytes);

  expect(text).toBe(Buffer.from(bytes).toString("base64"));
  expect(fromBase64(text)).toEqual(bytes);
});

test.each([
  ["a WAV file", Buffer.from("RIFF\0\0\0\0WAVE"), 24_000, 1, "WAV"],
  ["what MediaRecorder gives", Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3), 24_000, 1, "WebM"],
  ["what Safari's MediaRecorder gives", Buffer.from("\0\0\0\x1cftypisom"), 24_000, 1, "MP4"],
  ["the rate of a sound card", new Uint8Array(4), 48_000, 1, "48000 Hz"],
  ["two channels", new Uint8Array(4), 24_000, 2, "2 channels"],
  ["half a sample", new Uint8Array(3), 24_000, 1, "3 bytes"],
])("names %s", (_what, bytes, rate, channels, word) => {
  const check = (): void => checkSound(bytes, rate, channels);

  expect(check).toThrow(CallError);
  expect(check).toThrow(word);
});

test("says nothing about sound in the right form", () => {
  expect(() => checkSound(toPcm16(tone(440, 24_000, 0.1)), 24_000, 1)).not.toThrow();
});
