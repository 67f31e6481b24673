/**
 * Changes the sample rate of a stream of sound, block by block, with nothing lost or heard at the
 * seams: a windowed-sinc filter that keeps its state. Leaving samples out, or drawing straight
 * lines between them, would fold high tones down into speech.
 */

/** Zero crossings of the sinc on each side: with the window below, 80 dB of what must go is gone. */
const CROSSINGS = 32;
/** How much of the band below half the lower rate is kept; the rest is the filter's slope. */
const KEPT = 0.92;
const KAISER_BETA = 8;

export class Resampler {
  #step;
  #phases;
  #half;
  #kernels;
  /** Samples that later output still needs. */
  #held;
  /** The next output's place in `#held`, in units of 1 / `#phases` of a sample. */
  #next;

  /** From and to a rate in Hz, both whole numbers. */
  constructor(fromHz, toHz) {
    const divisor = greatestCommonDivisor(fromHz, toHz);
    this.#step = fromHz / divisor;
    this.#phases = toHz / divisor;
    const cutoff = Math.min(1, toHz / fromHz) * KEPT;
    this.#half = Math.ceil(CROSSINGS / cutoff);
    this.#kernels = Array.from({ length: this.#phases }, (_, phase) =>
      kernel(phase / this.#phases, cutoff, this.#half),
    );
    // The sound begins as if silence had come before it, so the first output is its first moment.
    this.#held = new Float32Array(this.#half - 1);
    this.#next = (this.#half - 1) * this.#phases;
  }

  /** The output that this block makes possible; the last millisecond waits for the next one. */
  push(block) {
    if (this.#step === this.#phases) return Float32Array.from(block);
    const samples = new Float32Array(this.#held.length + block.length);
    samples.set(this.#held);
    samples.set(block, this.#held.length);

    const lastCentre = samples.length - this.#half - 1;
    const span = (lastCentre + 1) * this.#phases - this.#next;
    const output = new Float32Array(Math.max(0, Math.ceil(span / this.#step)));
    for (let index = 0; index < output.length; index += 1) {
      const centre = Math.floor(this.#next / this.#phases);
      const taps = this.#kernels[this.#next % this.#phases];
      const first = centre - this.#half + 1;
      let sum = 0;
      for (let tap = 0; tap < taps.length; tap += 1) {
        sum += taps[tap] * samples[first + tap];
      }
      output[index] = sum;
      this.#next += this.#step;
    }
    const unneeded = Math.max(0, Math.floor(this.#next / this.#phases) - this.#half + 1);
    this.#held = samples.slice(unneeded);
    this.#next -= unneeded * this.#phases;
    return output;
  }

  /** What was still held back, as if silence followed. The next block begins a new sound. */
  flush() {
    if (this.#step === this.#phases) return new Float32Array();
    const rest = this.push(new Float32Array(this.#half));
    this.#held = new Float32Array(this.#half - 1);
    this.#next = (this.#half - 1) * this.#phases;
    return rest;
  }
}

/** The weights of the samples around a moment that lies `fraction` after one of them. */
function kernel(fraction, cutoff, half) {
  const taps = Float32Array.from({ length: 2 * half }, (_, index) => {
    const distance = index - half + 1 - fraction;
    return cutoff * sinc(cutoff * distance) * kaiser(distance / half);
  });
  // Each phase passes a constant unchanged; otherwise their differences would be heard as a tone.
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function kaiser(x) {
  return Math.abs(x) >= 1 ? 0 : bessel(KAISER_BETA * Math.sqrt(1 - x * x)) / bessel(KAISER_BETA);
}

/** The modified Bessel function of the first kind, order zero, by its series. */
function bessel(x) {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a, b) {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
