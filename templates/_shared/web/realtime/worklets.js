// @ts-check
/**
 * The two parts that run beside the page, on the audio thread: one records, one plays. Plain
 * JavaScript in one file without imports, because it is loaded by address and never bundled.
 *
 * @typedef {{ type: "add", samples: Float32Array } | { type: "end" } | { type: "stop", ask: number }} Order
 */

/** Sound is handed to the page in portions of this length. */
const PORTION_S = 0.02;
/** Every beginning and end is drawn over this long; a jump between two samples is a click. */
const FADE_S = 0.005;
/** So much is collected before a sound begins, for packets that come late. */
const AHEAD_S = 0.06;
const TELL_EVERY_S = 0.05;

/** Hands the microphone's samples to the page, at the rate of the context. */
class Capture extends AudioWorkletProcessor {
  #length = Math.round(PORTION_S * sampleRate);
  #portion = new Float32Array(this.#length);
  #filled = 0;

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    const samples = inputs[0]?.[0];
    if (samples === undefined) return true;
    let taken = 0;
    while (taken < samples.length) {
      const count = Math.min(samples.length - taken, this.#length - this.#filled);
      this.#portion.set(samples.subarray(taken, taken + count), this.#filled);
      this.#filled += count;
      taken += count;
      if (this.#filled === this.#length) {
        // A portion that was handed over is empty from then on.
        this.port.postMessage(this.#portion, [this.#portion.buffer]);
        this.#portion = new Float32Array(this.#length);
        this.#filled = 0;
      }
    }
    return true;
  }
}

/** Plays what it is handed, in order and without gaps, and knows to the sample what was played. */
class Playback extends AudioWorkletProcessor {
  /** @type {Float32Array[]} */
  #queue = [];
  #offset = 0;
  #queued = 0;
  #played = 0;
  #gain = 0;
  #sounding = false;
  /** True when the sound in the queue is whole, so that there is nothing to wait for. */
  #whole = false;
  /** @type {number[]} */
  #stops = [];
  #told = 0;
  #step = 1 / Math.round(FADE_S * sampleRate);

  constructor() {
    super();
    this.port.onmessage = ({ data }) => this.#take(data);
  }

  /** @param {Order} order */
  #take(order) {
    if (order.type === "add") {
      this.#queue.push(order.samples);
      this.#queued += order.samples.length;
      this.#whole = false;
    } else if (order.type === "end") {
      this.#whole = true;
    } else {
      // What is left is just enough to fade out on.
      this.#keep(this.#sounding ? Math.ceil(this.#gain / this.#step) : 0);
      this.#whole = true;
      this.#stops.push(order.ask);
      if (this.#queued === 0) this.#rest();
    }
  }

  /** @param {Float32Array[][]} _inputs @param {Float32Array[][]} outputs */
  process(_inputs, outputs) {
    const output = outputs[0]?.[0];
    if (output === undefined) return true;
    if (!this.#sounding && this.#queued > 0) {
      if (!this.#whole && this.#queued < AHEAD_S * sampleRate) return true;
      this.#sounding = true;
      this.port.postMessage({ type: "begun", played: this.#played });
    }
    if (!this.#sounding) return true;

    for (let index = 0; index < output.length && this.#queued > 0; index += 1) {
      // The nearer the end of the queue, the softer: a gap is faded into and out of by itself.
      const target = Math.min(1, this.#queued * this.#step);
      this.#gain += Math.max(-this.#step, Math.min(this.#step, target - this.#gain));
      output[index] = this.#pull() * this.#gain;
    }
    if (this.#queued === 0) this.#rest();
    else if (currentTime - this.#told > TELL_EVERY_S) {
      this.#told = currentTime;
      this.port.postMessage({ type: "played", played: this.#played });
    }
    return true;
  }

  #pull() {
    const block = /** @type {Float32Array} */ (this.#queue[0]);
    const sample = /** @type {number} */ (block[this.#offset]);
    this.#offset += 1;
    if (this.#offset === block.length) {
      this.#queue.shift();
      this.#offset = 0;
    }
    this.#queued -= 1;
    this.#played += 1;
    return sample;
  }

  /** Drops all but the next frames. @param {number} frames */
  #keep(frames) {
    /** @type {Float32Array[]} */
    const kept = [];
    let room = Math.min(frames, this.#queued);
    this.#queued = room;
    for (const [index, block] of this.#queue.entries()) {
      if (room === 0) break;
      const from = index === 0 ? this.#offset : 0;
      const part = block.subarray(from, from + room);
      kept.push(part);
      room -= part.length;
    }
    this.#queue = kept;
    this.#offset = 0;
  }

  #rest() {
    if (this.#sounding) {
      const type = this.#whole ? "ended" : "starved";
      this.port.postMessage({ type, played: this.#played });
    }
    this.#sounding = false;
    this.#gain = 0;
    for (const ask of this.#stops.splice(0)) {
      this.port.postMessage({ type: "stopped", ask, played: this.#played });
    }
  }
}

registerProcessor("capture", Capture);
registerProcessor("playback", Playback);
