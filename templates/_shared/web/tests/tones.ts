/** Tones to feed and measures to take, for tests of sound. */

export function tone(
  frequencyHz: number,
  rateHz: number,
  seconds: number,
  amplitude = 0.5,
): Float32Array<ArrayBuffer> {
  const step = (2 * Math.PI * frequencyHz) / rateHz;
  return Float32Array.from(
    { length: Math.round(seconds * rateHz) },
    (_, index) => amplitude * Math.sin(step * index),
  );
}

/** The size of one frequency in a sound, by projection onto it; the ends are windowed away. */
export function amplitudeAt(samples: Float32Array, frequencyHz: number, rateHz: number): number {
  let real = 0;
  let imaginary = 0;
  let weights = 0;
  for (const [index, sample] of samples.entries()) {
    const weight = 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / (samples.length - 1));
    const angle = (2 * Math.PI * frequencyHz * index) / rateHz;
    real += weight * sample * Math.cos(angle);
    imaginary += weight * sample * Math.sin(angle);
    weights += weight;
  }
  return (2 * Math.hypot(real, imaginary)) / weights;
}

export function rms(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

export function decibels(ratio: number): number {
  return 20 * Math.log10(ratio);
}

/** The sound without its first and last part, where a filter swings in and out. */
export function middle(samples: Float32Array): Float32Array {
  const edge = Math.round(samples.length * 0.1);
  return samples.subarray(edge, samples.length - edge);
}

/** The largest step between two neighbours: a click is a step that the sound itself has not. */
export function largestStep(samples: Float32Array): number {
  let largest = 0;
  for (let index = 1; index < samples.length; index += 1) {
    const step = Math.abs((samples[index] as number) - (samples[index - 1] as number));
    if (step > largest) largest = step;
  }
  return largest;
}

export function join(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Cuts a sound into blocks of odd sizes, as a network delivers them. */
export function* blocks(samples: Float32Array, sizes: readonly number[]): Generator<Float32Array> {
  let at = 0;
  for (let turn = 0; at < samples.length; turn += 1) {
    const size = sizes[turn % sizes.length] as number;
    yield samples.subarray(at, at + size);
    at += size;
  }
}
