/** The page's side of the audio worklets: microphone samples in, the model's samples out. */

import { PlaybackLedger } from "./playback.ts";
import type { Heard } from "./playback.ts";
import { fromPcm16, toPcm16, WIRE_RATE_HZ } from "./pcm.ts";
import { Resampler } from "./resampler.ts";

/** Samples go out in portions of this length: fewer messages, and still no delay to speak of. */
const SEND_MS = 40;

/** Loads the worklets into a context; once for each context. */
export function loadWorklets(context: AudioContext): Promise<void> {
  return context.audioWorklet.addModule(new URL("./worklets.js", import.meta.url));
}

/** Turns the microphone's sound into bytes for the wire, whatever rate the device has. */
export class Capture {
  readonly #node: AudioWorkletNode;
  readonly #source: AudioNode;
  readonly #resampler: Resampler;
  readonly #portion = new Float32Array((WIRE_RATE_HZ * SEND_MS) / 1000);
  #filled = 0;

  /** Begins at once; `take` gets 40 ms of 16-bit samples at 24 kHz at a time. */
  constructor(context: AudioContext, source: AudioNode, take: (bytes: Uint8Array) => void) {
    this.#resampler = new Resampler(context.sampleRate, WIRE_RATE_HZ);
    this.#node = new AudioWorkletNode(context, "capture", {
      numberOfInputs: 1,
      numberOfOutputs: 1,
      channelCount: 1,
      channelCountMode: "explicit",
    });
    this.#node.port.onmessage = ({ data }: MessageEvent<Float32Array>) => {
      this.#gather(this.#resampler.push(data), take);
    };
    this.#source = source;
    source.connect(this.#node);
    // It gives no sound; a node that leads nowhere may not be run.
    this.#node.connect(context.destination);
  }

  stop(): void {
    this.#node.port.onmessage = null;
    this.#source.disconnect(this.#node);
    this.#node.disconnect();
  }

  #gather(samples: Float32Array, take: (bytes: Uint8Array) => void): void {
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

type News =
  | { readonly type: "begun" | "played" | "ended" | "starved"; readonly played: number }
  | { readonly type: "stopped"; readonly ask: number; readonly played: number };

/** Plays the model's samples in the order they come, and knows what of them was heard. */
export class Player {
  readonly node: AudioWorkletNode;
  readonly #context: AudioContext;
  readonly #ledger: PlaybackLedger;
  readonly #sounding: (is: boolean) => void;
  readonly #asked = new Map<number, (played: number) => void>();
  #resampler: Resampler;
  #asks = 0;
  /** Sound that came while a stop was under way: where it begins is known only then. */
  #waiting: (() => void)[] = [];
  #last = { itemId: "", contentIndex: 0 };

  /** `sounding` is told when sound begins and when the queue has come to its end. */
  constructor(context: AudioContext, sounding: (is: boolean) => void) {
    this.#context = context;
    this.#sounding = sounding;
    this.#ledger = new PlaybackLedger(context.sampleRate);
    this.#resampler = new Resampler(WIRE_RATE_HZ, context.sampleRate);
    this.node = new AudioWorkletNode(context, "playback", {
      numberOfInputs: 0,
      numberOfOutputs: 1,
      outputChannelCount: [1],
    });
    this.node.port.onmessage = ({ data }: MessageEvent<News>) => this.#hear(data);
  }

  /** Queues samples as they come over the wire. Throws a CallError when they are not samples. */
  add(itemId: string, contentIndex: number, bytes: Uint8Array): void {
    const samples = fromPcm16(bytes);
    this.#whenStopped(() => {
      this.#last = { itemId, contentIndex };
      this.#queue(this.#resampler.push(samples));
    });
  }

  /** Says that the sound queued last is whole. */
  end(): void {
    this.#whenStopped(() => {
      this.#queue(this.#resampler.flush());
      this.node.port.postMessage({ type: "end" });
    });
  }

  /** Falls silent within 5 ms. The answer is what was heard, or null when nothing was sounding. */
  async stop(): Promise<Heard | null> {
    this.#asks += 1;
    const ask = this.#asks;
    this.#waiting = [];
    const played = await new Promise<number>((resolve) => {
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

  close(): void {
    this.node.port.onmessage = null;
    this.node.disconnect();
    this.#asked.clear();
    this.#waiting = [];
  }

  #whenStopped(act: () => void): void {
    if (this.#asked.size === 0) act();
    else this.#waiting.push(act);
  }

  #queue(samples: Float32Array<ArrayBuffer>): void {
    if (samples.length === 0) return;
    this.#ledger.add(this.#last.itemId, this.#last.contentIndex, samples.length);
    this.node.port.postMessage({ type: "add", samples }, [samples.buffer]);
  }

  #hear(news: News): void {
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
