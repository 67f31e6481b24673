/**
 * The page's audio: one context, the microphone, the model's sound, and a meter on each. It is
 * opened by a click, because browsers start sound only then.
 */

import { CallError, failure } from "./failures.js";
import { Meter, SILENT } from "./meter.js";
import { openMicrophone } from "./microphone.js";
import { Capture, loadWorklets, Player } from "./sound.js";

const RESUME_MS = 3000;

export class AudioEngine {
  onTrouble = () => undefined;
  onMicrophoneLost = () => undefined;
  onDevices = () => undefined;

  #context = null;
  #microphone = null;
  #source = null;
  #microphoneMeter = null;
  #modelMeter = null;
  /** Where the model's sound passes on its way to the meter. */
  #model = null;
  #muted = false;
  #speaker = "";
  #playing = new Set();
  /**
   * Another program may take the sound away (a phone call does on iOS), and a browser may hold it
   * back until the next touch. It is asked for again whenever there is a chance.
   */
  #keepRunning = () => {
    const context = this.#context;
    if (context === null || context.state === "closed") return;
    if (context.state !== "running") void context.resume().catch(() => undefined);
    for (const element of this.#playing) {
      if (element.paused) element.play().catch(() => undefined);
    }
  };
  #listDevices = () => void listDevices().then((devices) => this.onDevices(devices));
  #worklets = null;
  /** Who is given the microphone's samples, and by which node. */
  #takers = new Map();

  async open() {
    if (this.#context !== null) return;
    // iOS: without it the sound of a call follows the ringer switch and leaves the loudspeaker.
    const session = navigator.audioSession;
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

  async useMicrophone(deviceId) {
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

  async useSpeaker(deviceId) {
    this.#speaker = deviceId;
    const players = [this.#context, ...this.#playing];
    try {
      await Promise.all(players.map((player) => player?.setSinkId?.(deviceId)));
    } catch (error) {
      this.onTrouble(failure("soundBlocked", String(error)));
    }
  }

  microphoneTrack() {
    return this.#microphone?.getAudioTracks()[0] ?? null;
  }

  /** A muted microphone sends silence, not nothing: turn detection needs time to pass. */
  setMuted(muted) {
    this.#muted = muted;
    const track = this.microphoneTrack();
    if (track !== null) track.enabled = !muted;
  }

  play(stream) {
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
    element.play().catch((error) => {
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

  prepare() {
    const context = this.#context;
    if (context?.audioWorklet === undefined) throw new CallError("browserTooOld", "AudioWorklet");
    this.#worklets ??= loadWorklets(context);
    return this.#worklets;
  }

  capture(take) {
    this.#record(take);
    return () => {
      this.#takers.get(take)?.stop();
      this.#takers.delete(take);
    };
  }

  makePlayer(sounding) {
    const context = this.#context;
    const model = this.#model;
    if (context === null || model === null)
      throw new CallError("unexpected", "the audio is closed");
    const player = new Player(context, sounding);
    player.node.connect(context.destination);
    player.node.connect(model);
    return player;
  }

  microphoneLevel() {
    return this.#microphoneMeter?.read() ?? SILENT;
  }

  modelLevel() {
    return this.#modelMeter?.read() ?? SILENT;
  }

  close() {
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

  #record(take) {
    this.#takers.get(take)?.stop();
    const context = this.#context;
    const source = this.#source;
    const capture = context === null || source === null ? null : new Capture(context, source, take);
    this.#takers.set(take, capture);
  }

  #dropMicrophone() {
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

async function listDevices() {
  const all = await navigator.mediaDevices.enumerateDevices();
  const canChoose = "setSinkId" in HTMLMediaElement.prototype;
  const ofKind = (kind) =>
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

function stopTracks(stream) {
  for (const track of stream.getTracks()) track.stop();
}
