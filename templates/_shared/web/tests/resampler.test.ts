import { expect, test } from "vitest";

import { Resampler } from "../src/realtime/resampler.ts";
import { amplitudeAt, blocks, decibels, join, middle, rms, tone } from "./tones.ts";

const RATES = [8000, 16_000, 22_050, 44_100, 48_000, 96_000];

function resample(samples: Float32Array, from: number, to: number, sizes = [960]): Float32Array {
  const resampler = new Resampler(from, to);
  const parts = [...blocks(samples, sizes)].map((block) => resampler.push(block));
  return join([...parts, resampler.flush()]);
}

test.each(RATES)("a tone keeps its pitch and its loudness from %i Hz to 24 kHz", (rate) => {
  const output = middle(resample(tone(1000, rate, 1), rate, 24_000));

  const pitch = amplitudeAt(output, 1000, 24_000);
  expect(Math.abs(decibels(pitch / 0.5))).toBeLessThan(0.05);
  const rest = Math.sqrt(Math.max(0, rms(output) ** 2 - pitch ** 2 / 2));
  expect(decibels(rest / 0.5)).toBeLessThan(-70);
});

test.each(RATES)("a tone keeps its pitch and its loudness from 24 kHz to %i Hz", (rate) => {
  const output = middle(resample(tone(1000, 24_000, 1), 24_000, rate));

  expect(Math.abs(decibels(amplitudeAt(output, 1000, rate) / 0.5))).toBeLessThan(0.05);
});

test.each([300, 1000, 3400, 7000, 10_000])("%i Hz passes unchanged from 48 kHz", (frequency) => {
  const output = middle(resample(tone(frequency, 48_000, 1), 48_000, 24_000));

  expect(Math.abs(decibels(amplitudeAt(output, frequency, 24_000) / 0.5))).toBeLessThan(0.1);
});

test.each([12_500, 14_000, 16_000, 20_000])(
  "%i Hz does not fold down into what 24 kHz can carry",
  (frequency) => {
    const output = middle(resample(tone(frequency, 48_000, 1), 48_000, 24_000));

    expect(decibels(rms(output) / rms(tone(frequency, 48_000, 1)))).toBeLessThan(-70);
  },
);

test("leaves no mirror image above the old band when it goes up", () => {
  const output = middle(resample(tone(3000, 24_000, 1), 24_000, 48_000));

  expect(decibels(amplitudeAt(output, 21_000, 48_000) / 0.5)).toBeLessThan(-75);
});

test.each([
  [48_000, 24_000],
  [44_100, 24_000],
  [24_000, 44_100],
  [16_000, 24_000],
])("block sizes leave no trace, %i Hz to %i Hz", (from, to) => {
  const sound = tone(440, from, 0.5);

  const whole = resample(sound, from, to, [sound.length]);
  const pieces = resample(sound, from, to, [1, 127, 128, 960, 3]);

  expect(pieces).toEqual(whole);
});

test.each([
  [48_000, 24_000],
  [44_100, 24_000],
  [24_000, 44_100],
  [24_000, 48_000],
])("one second stays one second, %i Hz to %i Hz", (from, to) => {
  expect(resample(tone(440, from, 1), from, to)).toHaveLength(to);
});

test("begins with the first moment of the sound, not with the filter's delay", () => {
  const click = new Float32Array(4800);
  click[0] = 1;

  const output = resample(click, 48_000, 24_000);

  expect(output.indexOf(Math.max(...output))).toBe(0);
});

test("passes blocks through when the rates are the same", () => {
  const sound = tone(440, 24_000, 0.1);

  expect(resample(sound, 24_000, 24_000, [100])).toEqual(sound);
});
