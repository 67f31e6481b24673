/**
 * The page's audio: one context, the microphone, the model's sound, and a meter on each. It is
 * opened by a click, because browsers start sound only then.
 */

import { CallError, failure } from "./failures.ts";
import type { Failure } from "./failures.ts";
import { Meter, SILENT } from "./meter.ts";
import type { Level } from "./meter.ts";
import { openMicrophone } from "./microphone.ts";
import type { Device, Devices } from "./state.ts";
import { Capture, loadWorklets, Player } from "./sound.ts";
import type { WebRtcAudio } from "./webrtc.ts";
import type { SoundQueue, WebSocketAudio } from "./websocket.ts";

const RESUME_MS = 3000;

/** What a session needs of the page's audio. */
export interface CallAudio {
  /** Called inside the click, before anything else is waited for. */
  open(): Promise<void>;
  /** Records from this device, or the system's choice when it is empty; the answer is its name. */
  useMicrophone(deviceId: string): Promise<string>;
  /** Plays on this device, or the system's choice when it is empty, where the browser lets us. */
  useSpeaker(deviceId: string): Promise<void>;
  setMuted(muted: boolean): void;
  microphoneLevel(): Level;
  modelLevel(): Level;
  /** Told when the sound of either direction fails during a call. */
  onTrouble: (failure: Failure) => void;
  /** Told when the microphone in use was unplugged; it is given the device's name. */
  onMicrophoneLost: (label: string) => void;
  /** Told what there is to choose from, whenever that changes. */
  onDevices: (devices: Devices) => void;
  close(): void;
}

export class AudioEngine implements CallAudio, WebRtcAudio, WebSocketAudio {
  onTrouble: (failure: Failure) => void = () => undefined;
  onMicrophoneLost: (label: string) => void = () => undefined;
  onDevices: (devices: Devices) => void = () => undefined;

  #context: AudioContext | null = null;
  #microphone: MediaStream | null = null;
  #source: MediaStreamAudioSourceNode | null = null;
  #microphoneMeter: Meter | null = null;
  #modelMeter: Meter | null = null;
  /** Where the model's sound passes on its way to the meter. */
  #model: GainNode | null = null;
  #muted = false;
  #speaker = "";
  readonly #playing = new Set<HTMLAudioElement>();
  /**
   * Another program may take the sound away (a phone call does on iOS), and a browser may hold it
   * back until the next touch. It is asked for again whenever there is a chance.
   */
  readonly #keepRunning = (): void => {
    const context = this.#context;
    if (context === null || context.state === "closed") return;
    if (context.state !== "running") void context.resume().catch(() => undefined);
    for (const element of this.#playing) {
      if (element.paused) element.play().catch(() => undefined);
    }
  };
  readonly #listDevices = (): void => void listDevices().then((devices) => this.onDevices(devices));
  #worklets: Promise<void> | null = null;
  /** Who is given the microphone's samples, and by which node. */
  readonly #takers = new Map<(bytes: Uint8Array) => void, Capture | null>();

  async open(): Promise<void> {
    if (this.#context !== null) return;
    // iOS: without it the sound of a call follows the ringer switch and leaves the loudspeaker.
    const session = (navigator as { audioSession?: { type: string } }).audioSession;
    if (session !== undefined) session.type = "play-and-record";

    const context = new AudioContext({ latencyHint: "interactive" });
    this.#context = context;
    this.#model = new GainNode(context);
    this.#microphoneMeter = new Meter(context);
    this.#modelMeter = new Meter(context);
    this.#modelMeter.listenTo(this.#model);
    // Missing, like all of mediaDevices, on a page that is not secure.
    globalThis.navigator.mediaDevices?.addEventListener("devicechange", this.#listDevices);
    void this.useSpeaker(this.#speaker);
    context.addEventListener("statechange", this.#keepRunning);
    addEventListener("pointerdown", this.#keepRunning);
    addEventListener("visibilitychange", this.#keepRunning);
    // Where a click is missing, resume() neither resolves nor rejects.
    await Promise.race([context.resume(), new Promise((done) => setTimeout(done, RESUME_MS))]);
    if (context.state !== "running") throw new CallError("soundBlocked", context.state);
  }

  async useMicrophone(deviceId: string): Promise<string> {
    const stream = await openMicrophone(deviceId === "" ? null : deviceId);
    const context = this.#context;
    if (context === null) {
      // The call ended while the browser was asking.
      stopTracks(stream);
      return "";
    }
    this.#dropMicrophone();
    this.#microphone = stream;
    for (const track of stream.getAudioTracks()) {
      track.enabled = !this.#muted;
      track.addEventListener("ended", () => {
        if (this.#microphone === stream) this.onMicrophoneLost(track.label);
      });
    }
    this.#source = context.createMediaStreamSource(stream);
    this.#microphoneMeter?.listenTo(this.#source);
    for (const take of this.#takers.keys()) this.#record(take);
    // Only now does the browser tell the devices' names.
    this.#listDevices();
    return this.microphoneTrack()?.label ?? "";
  }

  async useSpeaker(deviceId: string): Promise<void> {
    this.#speaker = deviceId;
    const players = [this.#context, ...this.#playing] as readonly (object | null)[];
    try {
      await Promise.all(players.map((player) => (player as Choosing | null)?.setSinkId?.(deviceId)));
    } catch (error) {
      this.onTrouble(failure("soundBlocked", String(error)));
    }
  }

  microphoneTrack(): MediaStreamTrack | null {
    return this.#microphone?.getAudioTracks()[0] ?? null;
  }

  /** A muted microphone sends silence, not nothing: turn detection needs time to pass. */
  setMuted(muted: boolean): void {
    this.#muted = muted;
    const track = this.microphoneTrack();
    if (track !== null) track.enabled = !muted;
  }

  play(stream: MediaStream): () => void {
    const context = this.#context;
    const model = this.#model;
    if (context === null || model === null) return () => undefined;
    // An element, not the graph, plays it: only so do all browsers subtract it from the microphone.
    const element = document.createElement("audio");
    element.autoplay = true;
    element.setAttribute("playsinline", "");
    element.hidden = true;
    element.srcObject = stream;
    document.body.append(element);
    this.#playing.add(element);
    if (this.#speaker !== "") void this.useSpeaker(this.#speaker);
    element.play().catch((error: unknown) => {
      if (element.isConnected) this.onTrouble(failure("soundBlocked", String(error)));
    });
    const source = context.createMediaStreamSource(stream);
    source.connect(model);
    return () => {
      source.disconnect();
      this.#playing.delete(element);
      element.srcObject = null;
      element.remove();
    };
  }

  prepare(): Promise<void> {
    const context = this.#context;
    if (context?.audioWorklet === undefined) throw new CallError("browserTooOld", "AudioWorklet");
    this.#worklets ??= loadWorklets(context);
    return this.#worklets;
  }

  capture(take: (bytes: Uint8Array) => void): () => void {
    this.#record(take);
    return () => {
      this.#takers.get(take)?.stop();
      this.#takers.delete(take);
    };
  }

  makePlayer(sounding: (is: boolean) => void): SoundQueue {
    const context = this.#context;
    const model = this.#model;
    if (context === null || model === null) throw new CallError("unexpected", "the audio is closed");
    const player = new Player(context, sounding);
    player.node.connect(context.destination);
    player.node.connect(model);
    return player;
  }

  microphoneLevel(): Level {
    return this.#microphoneMeter?.read() ?? SILENT;
  }

  modelLevel(): Level {
    return this.#modelMeter?.read() ?? SILENT;
  }

  close(): void {
    this.#dropMicrophone();
    this.#microphoneMeter = null;
    this.#modelMeter = null;
    this.#model = null;
    this.#takers.clear();
    removeEventListener("pointerdown", this.#keepRunning);
    removeEventListener("visibilitychange", this.#keepRunning);
    globalThis.navigator.mediaDevices?.removeEventListener("devicechange", this.#listDevices);
    this.#worklets = null;
    void this.#context?.close();
    this.#context = null;
    this.#muted = false;
  }

  #record(take: (bytes: Uint8Array) => void): void {
    this.#takers.get(take)?.stop();
    const context = this.#context;
    const source = this.#source;
    const capture = context === null || source === null ? null : new Capture(context, source, take);
    this.#takers.set(take, capture);
  }

  #dropMicrophone(): void {
    for (const [take, capture] of this.#takers) {
      capture?.stop();
      this.#takers.set(take, null);
    }
    this.#microphoneMeter?.listenTo(null);
    this.#source?.disconnect();
    this.#source = null;
    if (this.#microphone !== null) stopTracks(this.#microphone);
    this.#microphone = null;
  }
}

/** What plays, where the browser may let a page choose the device (not in Safari). */
interface Choosing {
  setSinkId?: (deviceId: string) => Promise<void>;
}

async function listDevices(): Promise<Devices> {
  const all = await navigator.mediaDevices.enumerateDevices();
  const canChoose = "setSinkId" in HTMLMediaElement.prototype;
  const ofKind = (kind: MediaDeviceKind): readonly Device[] =>
    all
      // Chromium lists the system's choice once more under names of its own.
      .filter(({ deviceId }) => !["", "default", "communications"].includes(deviceId))
      .filter((device) => device.kind === kind)
      .map(({ deviceId, label }) => ({ id: deviceId, label }));
  return {
    microphones: ofKind("audioinput"),
    speakers: canChoose ? ofKind("audiooutput") : [],
  };
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
