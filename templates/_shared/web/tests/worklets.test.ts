/** The worklets run here outside a browser, block by block, as its audio thread would run them. */

import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";

import { beforeEach, expect, test } from "vitest";

import { decibels, join, largestStep, rms, tone } from "./tones.ts";

const RATE = 48_000;
const BLOCK = 128;

interface Processor {
  readonly port: {
    readonly posted: unknown[];
    onmessage: ((message: { data: unknown }) => void) | null;
  };
  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean;
}

let kinds: Map<string, new () => Processor>;
let clock: { currentTime: number; sampleRate: number };

beforeEach(() => {
  kinds = new Map();
  clock = { currentTime: 0, sampleRate: RATE };
  class AudioWorkletProcessor {
    readonly port = {
      posted: [] as unknown[],
      onmessage: null,
      /** As a real port does: what is transferred is gone from the sender. */
      postMessage(message: unknown, transfer: Transferable[] = []): void {
        this.posted.push(structuredClone(message, { transfer }));
      },
    };
  }
  const registerProcessor = (name: string, kind: new () => Processor): void => {
    kinds.set(name, kind);
  };
  const source = readFileSync(new URL("../src/realtime/worklets.js", import.meta.url), "utf8");
  const globals = Object.assign(clock, { AudioWorkletProcessor, registerProcessor, Float32Array });
  runInNewContext(source, globals);
});

function make(name: string): Processor {
  const Kind = kinds.get(name);
  if (Kind === undefined) throw new Error(`no processor "${name}"`);
  return new Kind();
}

function order(player: Processor, data: unknown): void {
  player.port.onmessage?.({ data });
}

function play(player: Processor, seconds: number): Float32Array {
  const parts: Float32Array[] = [];
  for (let done = 0; done < seconds * RATE; done += BLOCK) {
    const output = new Float32Array(BLOCK);
    player.process([], [[output]]);
    clock.currentTime += BLOCK / RATE;
    parts.push(output);
  }
  return join(parts);
}

function news(player: Processor, type: string): unknown[] {
  return player.port.posted.filter((message) => (message as { type?: string }).type === type);
}

test("capture hands over every sample once, in portions of 20 ms", () => {
  const capture = make("capture");
  const sound = tone(440, RATE, 0.1);

  for (let at = 0; at < sound.length; at += BLOCK) {
    capture.process([[sound.subarray(at, at + BLOCK)]], [[new Float32Array(BLOCK)]]);
  }

  const portions = capture.port.posted as Float32Array[];
  expect(portions.map((portion) => portion.length)).toEqual([960, 960, 960, 960, 960]);
  expect(join(portions)).toEqual(sound);
});

test("capture waits while no microphone is connected", () => {
  const capture = make("capture");

  expect(capture.process([[]], [[]])).toBe(true);
  expect(capture.port.posted).toEqual([]);
});

test("a sound in pieces is played whole and without a click", () => {
  const player = make("playback");
  const sound = tone(440, RATE, 0.5);
  for (let at = 0; at < sound.length; at += 4801) {
    order(player, { type: "add", samples: sound.slice(at, at + 4801) });
  }
  order(player, { type: "end" });

  const heard = play(player, 0.6);

  expect(largestStep(heard)).toBeLessThan(largestStep(sound) * 1.01);
  expect(heard.subarray(480, 23_000)).toEqual(sound.subarray(480, 23_000));
  expect(news(player, "begun")).toEqual([{ type: "begun", played: 0 }]);
  expect(news(player, "ended")).toEqual([{ type: "ended", played: 24_000 }]);
});

test("a sound begins only when there is enough ahead, or all of it", () => {
  const player = make("playback");
  order(player, { type: "add", samples: tone(440, RATE, 0.03) });

  expect(rms(play(player, 0.1))).toBe(0);
  order(player, { type: "end" });
  expect(rms(play(player, 0.02))).toBeGreaterThan(0.1);
});

test("a stop is silent within 5 ms, has no click, and tells what was heard", () => {
  const player = make("playback");
  const sound = tone(440, RATE, 1);
  order(player, { type: "add", samples: sound.slice() });
  const before = play(player, 0.2);
  order(player, { type: "stop", ask: 7 });
  const after = play(player, 0.1);

  const whole = join([before, after]);
  expect(largestStep(whole)).toBeLessThan(largestStep(sound) * 1.01);
  expect(rms(after.subarray(Math.ceil(0.005 * RATE)))).toBe(0);
  const played = before.length + 240;
  expect(news(player, "stopped")).toEqual([{ type: "stopped", ask: 7, played }]);
});

test("a stop while nothing sounds is answered at once", () => {
  const player = make("playback");

  order(player, { type: "stop", ask: 1 });

  expect(news(player, "stopped")).toEqual([{ type: "stopped", ask: 1, played: 0 }]);
});

test("a stop just after another one is answered too", () => {
  const player = make("playback");
  order(player, { type: "add", samples: tone(440, RATE, 1) });
  play(player, 0.1);
  order(player, { type: "stop", ask: 1 });
  order(player, { type: "stop", ask: 2 });
  play(player, 0.05);

  expect(news(player, "stopped")).toHaveLength(2);
});

test("what was cut off does not come back with the next sound", () => {
  const player = make("playback");
  order(player, { type: "add", samples: tone(440, RATE, 1) });
  play(player, 0.1);
  order(player, { type: "stop", ask: 1 });
  play(player, 0.1);
  order(player, { type: "add", samples: new Float32Array(RATE / 2) });
  order(player, { type: "end" });

  expect(rms(play(player, 0.6))).toBe(0);
});

test("a gap in the delivery is faded, not clicked, and the sound goes on after it", () => {
  const player = make("playback");
  const sound = tone(440, RATE, 0.4);
  order(player, { type: "add", samples: sound.slice(0, 9601) });
  const first = play(player, 0.3);
  order(player, { type: "add", samples: sound.slice(9601) });
  order(player, { type: "end" });
  const second = play(player, 0.3);

  const whole = join([first, second]);
  expect(largestStep(whole)).toBeLessThan(largestStep(sound) * 1.01);
  expect(news(player, "starved")).toEqual([{ type: "starved", played: 9601 }]);
  expect(news(player, "ended")).toEqual([{ type: "ended", played: sound.length }]);
  expect(decibels(rms(second.subarray(480, 9000)) / rms(sound))).toBeGreaterThan(-0.5);
});
