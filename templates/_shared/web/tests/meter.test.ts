import { expect, test } from "vitest";

import { measure, SILENCE_DBFS } from "../src/realtime/meter.ts";
import { tone } from "./tones.ts";

test("a tone at half of full scale is 9 decibels below it", () => {
  const { dbfs, peak } = measure(tone(1000, 48_000, 0.1));

  expect(dbfs).toBeCloseTo(-9.03, 1);
  expect(peak).toBeCloseTo(0.5, 2);
});

test("silence is the floor, not minus infinity", () => {
  expect(measure(new Float32Array(128))).toEqual({ peak: 0, dbfs: SILENCE_DBFS });
});

test("no samples are silence", () => {
  expect(measure(new Float32Array())).toEqual({ peak: 0, dbfs: SILENCE_DBFS });
});
