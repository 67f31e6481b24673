/** The page's side of the audio worklets: microphone samples in, the model's samples out. */

import { PlaybackLedger } from "./playback.js";
import { fromPcm16, toPcm16, WIRE_RATE_HZ } from "./pcm.js";
import { Resampler } from "./resampler.js";

/** Samples go out in portions of this length: fewer messages, and still no delay to speak of. */
const SEND_MS = 40;

/** Loads the worklets into a context; once for each context. */
export function loadWorklets(context) {
  return context.audioWorklet.addModule(new URL("./worklets.js", import.meta.url));
}

/** Turns the microphone's sound into bytes for the wire, whatever rate the device has. */
export class Capture {
  #node;
  #source;
  #resampler;
  #portion = new Float32Array((WIRE_RATE_HZ * SEND_MS) / 1000);
  #filled = 0;

  /** Begins at once; `take` gets 40 ms of 16-bit samples at 24 kHz at a time. */
  constructor(context, source, take) {
    this.#resampler = new Resampler(context.sampleRate, WIRE_RATE_HZ);
    this.#node = new AudioWorkletNode(context, "capture", {
      numberOfInputs: 1,
      numberOfOutputs: 1,
      channelCount: 1,
      channelCountMode: "explicit",
    });
    this.#node.port.onmessage = ({ data }) => {
      this.#gather(this.#resampler.push(data), take);
    };
    this.#source = source;
    source.connect(this.#node);
    // It gives no sound; a node that leads nowhere may not be run.
    this.#node.connect(context.destination);
  }

  stop() {
    this.#node.port.onmessage = null;
    this.#source.disconnect(this.#node);
    this.#node.disconnect();
  }

  #gather(samples, take) {
    let taken = 0;
    while (taken < samples.length) {
      const count = Math.min(samples.length - taken, this.#portion.length - this.#filled);
      this.#portion.set(samples.subarray(taken, taken + count), this.#filled);
      this.#filled += count;
      taken += count;
      if (this.#filled === this.#portion.length) {
        take(toPcm16(this.#portion));
        this.#filled = 0;
      }
    }
  }
}

/** Plays the model's samples in the order they come, and knows what of them was heard. */
export class Player {
  node;
  #context;
  #ledger;
  #sounding;
  #asked = new Map();
  #resampler;
  #asks = 0;
  /** Sound that came while a stop was under way: where it begins is known only then. */
  #waiting = [];
  #last = { itemId: "", contentIndex: 0 };

  /** `sounding` is told when sound begins and when the queue has come to its end. */
  constructor(context, sounding) {
    this.#context = context;
    this.#sounding = sounding;
    this.#ledger = new PlaybackLedger(context.sampleRate);
    this.#resampler = new Resampler(WIRE_RATE_HZ, context.sampleRate);
    this.node = new AudioWorkletNode(context, "playback", {
      numberOfInputs: 0,
      numberOfOutputs: 1,
      outputChannelCount: [1],
    });
    this.node.port.onmessage = ({ data }) => this.#hear(data);
  }

  /** Queues samples as they come over the wire. Throws a CallError when they are not samples. */
  add(itemId, contentIndex, bytes) {
    const samples = fromPcm16(bytes);
    this.#whenStopped(() => {
      this.#last = { itemId, contentIndex };
      this.#queue(this.#resampler.push(samples));
    });
  }

  /** Says that the sound queued last is whole. */
  end() {
    this.#whenStopped(() => {
      this.#queue(this.#resampler.flush());
      this.node.port.postMessage({ type: "end" });
    });
  }

  /** Falls silent within 5 ms. The answer is what was heard, or null when nothing was sounding. */
  async stop() {
    this.#asks += 1;
    const ask = this.#asks;
    this.#waiting = [];
    const played = await new Promise((resolve) => {
      this.#asked.set(ask, resolve);
      this.node.port.postMessage({ type: "stop", ask });
    });
    const heard = this.#ledger.cut(played);
    if (this.#asked.size === 0) {
      this.#resampler = new Resampler(WIRE_RATE_HZ, this.#context.sampleRate);
      for (const act of this.#waiting.splice(0)) act();
    }
    return heard;
  }

  close() {
    this.node.port.onmessage = null;
    this.node.disconnect();
    this.#asked.clear();
    this.#waiting = [];
  }

  #whenStopped(act) {
    if (this.#asked.size === 0) act();
    else this.#waiting.push(act);
  }

  #queue(samples) {
    if (samples.length === 0) return;
    this.#ledger.add(this.#last.itemId, this.#last.contentIndex, samples.length);
    this.node.port.postMessage({ type: "add", samples }, [samples.buffer]);
  }

  #hear(news) {
    switch (news.type) {
      case "begun":
        this.#sounding(true);
        break;
      case "ended":
      case "starved":
        this.#sounding(false);
        break;
      case "stopped":
        this.#asked.get(news.ask)?.(news.played);
        this.#asked.delete(news.ask);
        break;
      case "played":
        break;
    }
    this.#ledger.forget(news.played);
  }
}
