/**
 * One conversation with the model: from the click to the end, over whichever transport and through
 * as many sessions of the API as it takes. It holds the truth that a page shows (`snapshot`) and
 * takes the orders that a page gives (`start`, `hangUp`, `interrupt`, …). It knows no document and
 * no framework.
 */

import { Connection } from "./connection.js";
import { asHistory, settledIn } from "./conversation.js";
import { Dialogue } from "./dialogue.js";
import { CallError, failure, failureOf } from "./failures.js";
import { EventLog } from "./log.js";
import { Opening } from "./opening.js";
import { checkSound, toBase64 } from "./pcm.js";
import { Rollover } from "./rollover.js";
import { checkSettings, DEFAULTS, updateFor } from "./settings.js";
import { STAGES_OF, waitingStages } from "./stages.js";
import { IDLE, isOn, Store } from "./state.js";
import { ToolRunner } from "./tools.js";

/** Pauses before each attempt to get a lost call back. */
const ATTEMPTS_AFTER_MS = [0, 500, 1000, 2000, 4000, 8000, 15_000];
/** A second of sound in one message. */
const SAY_BYTES = 48_000;
/** A microphone that has not moved by then is switched off somewhere. */
const DEAD_MICROPHONE_MS = 8000;

export class Session {
  log = new EventLog();

  #ports;
  #store = new Store();
  #dialogue;
  #opening;
  #rollover;
  #settings = DEFAULTS;
  #attempt = null;
  #connection = null;
  /** How many turns a prepared connection has been told. */
  #told = 0;
  #beganMs = 0;
  #liveMs = null;
  #microphoneWatch = null;
  #unwatchNetwork = () => undefined;

  /** `tools` are run here, unless a toolbox is given that runs its own. */
  constructor(ports, tools = []) {
    this.#ports = ports;
    const makeToolbox =
      typeof tools === "function"
        ? tools
        : ({ now, changed }) => new ToolRunner(tools, now, changed);
    this.#dialogue = new Dialogue(this.#store, ports.audio, ports.now, makeToolbox);
    this.#opening = new Opening(this.#store, {
      useMicrophone: () => ports.audio.useMicrophone(this.#settings.microphone),
      mayUseMicrophone: ports.mayUseMicrophone,
      fetchSecret: ports.fetchSecret,
      connect: (name, secret, steps) =>
        this.#connect(name, secret, asHistory(this.snapshot.turns), steps),
      isOnline: () => ports.network.isOnline(),
      remark: (type, text) => this.#remark(type, text),
      now: ports.now,
    });
    this.#rollover = new Rollover({
      prepare: () => this.#prepareNext(),
      isQuiet: () => this.#dialogue.isQuiet(),
      isFree: () => this.#dialogue.isFree(),
      swap: (next) => this.#swap(next),
      now: ports.now,
    });
    ports.audio.onTrouble = (trouble) => this.#store.trouble(trouble);
    ports.audio.onMicrophoneLost = (label) => void this.#replaceMicrophone(label);
    ports.audio.onDevices = (devices) => this.#store.set({ devices });
  }

  get snapshot() {
    return this.#store.snapshot;
  }

  get settings() {
    return this.#settings;
  }

  /** Calls back after every change of the snapshot, until the answer is called. */
  subscribe(subscriber) {
    return this.#store.subscribe(subscriber);
  }

  microphoneLevel() {
    return this.#ports.audio.microphoneLevel();
  }

  modelLevel() {
    return this.#ports.audio.modelLevel();
  }

  /** Begins a call. Must be called inside a click or a key press, or there will be no sound. */
  async start() {
    if (isOn(this.snapshot.phase)) return;
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#beganMs = this.#ports.now();
    this.#liveMs = null;
    this.log.clear();
    this.#showBeginning();
    try {
      const opening = this.#ports.audio.open();
      const connection = await this.#opening.first(opening, this.#settings, attempt.signal);
      this.#liveMs = this.#ports.now();
      this.#adopt(connection);
      this.#watchMicrophone();
    } catch (error) {
      if (!attempt.signal.aborted) this.#end("failed", this.#named(failureOf(error)));
    }
  }

  /** Ends the call, or the attempt at one. */
  hangUp() {
    if (isOn(this.snapshot.phase)) this.#end("ended", null);
  }

  /** Ends the call because one was begun elsewhere on this device. */
  giveWay() {
    if (isOn(this.snapshot.phase)) this.#end("failed", failure("takenOver"));
  }

  /** Stops the answer that is being given. */
  interrupt() {
    if (this.snapshot.phase === "live") this.#dialogue.interrupt();
  }

  setMuted(muted) {
    if (!isOn(this.snapshot.phase)) return;
    this.#ports.audio.setMuted(muted);
    this.#store.set({ muted });
  }

  /** Push to talk: the caller begins to speak. */
  press() {
    const { phase, pushToTalk, pressed } = this.snapshot;
    if (phase === "live" && pushToTalk && !pressed) this.#dialogue.press();
  }

  /** Push to talk: the caller has spoken. */
  release() {
    if (this.snapshot.pressed) this.#dialogue.release();
  }

  /**
   * Says something that does not come from the microphone. Throws a CallError that names what is
   * wrong with it. Over WebRTC sound goes by its own track, so there this is refused.
   */
  say(sound, { rateHz, channels }) {
    checkSound(sound, rateHz, channels);
    if (this.snapshot.transport !== "websocket") {
      throw new CallError("audioFormat", "over WebRTC, sound is sent as a track");
    }
    for (let start = 0; start < sound.length; start += SAY_BYTES) {
      const audio = toBase64(sound.subarray(start, start + SAY_BYTES));
      this.#connection?.send({ type: "input_audio_buffer.append", audio });
    }
  }

  /** What the caller said to a tool that asks. */
  decide(callId, allowed) {
    this.#dialogue.decide(callId, allowed);
  }

  /** Takes the trouble that is shown off the page. */
  dismiss() {
    this.#store.set({ troubles: [] });
  }

  /** Takes new settings; what can change in a running call changes now, the rest in the next one. */
  change(given) {
    const before = this.#settings;
    const settings = checkSettings({ ...given });
    this.#settings = settings;
    if (settings.speaker !== before.speaker) void this.#ports.audio.useSpeaker(settings.speaker);
    if (!isOn(this.snapshot.phase)) return;
    if (settings.microphone !== before.microphone) void this.#useMicrophone(settings.microphone);
    // A voice that has spoken cannot change, and would take all other changes down with it.
    const update = updateFor({ ...settings, voice: before.voice }, before);
    if (update !== null) this.#connection?.send({ type: "session.update", session: update });
    const pushToTalk = settings.turnTaking === "push_to_talk";
    if (pushToTalk === this.snapshot.pushToTalk) return;
    this.#store.set({ pushToTalk, pressed: false });
    this.#dialogue.letMicrophone();
  }

  #showBeginning() {
    const { transport, turnTaking } = this.#settings;
    const { network } = this.#ports;
    this.#unwatchNetwork = network.watch(() => this.#store.set({ online: network.isOnline() }));
    this.#store.set({
      ...IDLE,
      phase: "connecting",
      transport,
      pushToTalk: turnTaking === "push_to_talk",
      online: network.isOnline(),
      devices: this.snapshot.devices,
      stages: waitingStages(STAGES_OF[transport]),
    });
  }

  /** A connection whose session has its settings and knows what was said before. */
  async #connect(name, secret, history, { signal, entered }) {
    const ifOn = (act) => {
      if (!signal.aborted) act();
    };
    const connection = new Connection(name, this.#ports.makeTransport, {
      logged: (direction, event) =>
        ifOn(() => {
          this.#logged(direction, event);
          if (direction === "in") this.#dialogue.overhear(connection, event);
        }),
      received: (event) => ifOn(() => this.#dialogue.received(connection, event)),
      sounding: (is) => ifOn(() => this.#dialogue.sounding(connection, is)),
      trouble: (trouble) => ifOn(() => this.#store.trouble(trouble)),
      lost: (why) => ifOn(() => this.#lost(connection, why)),
    });
    try {
      await connection.open(secret, signal, entered);
      const settings = updateFor(this.#settings);
      const more = await this.#dialogue.sessionUpdate();
      const update =
        settings === null || more === null ? (settings ?? more) : { ...more, ...settings };
      await connection.makeReady(update, history);
      signal.throwIfAborted();
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** From now on this connection carries the call. */
  #adopt(connection) {
    const { session } = connection;
    this.#connection = connection;
    connection.adopt();
    const endsInMs = ((session.expires_at ?? 0) - this.#ports.unixNow()) * 1000;
    this.#store.set({
      phase: "live",
      transport: connection.name,
      model: session.model ?? this.snapshot.model,
      voice: session.audio?.output?.voice ?? this.snapshot.voice,
      sessionNumber: this.snapshot.sessionNumber + 1,
      sessionEndsMs: this.#ports.now() + this.#rollover.begin(endsInMs),
    });
    this.#dialogue.carryOn(connection);
  }

  async #prepareNext() {
    const signal = this.#attempt?.signal;
    if (signal === undefined) throw new CallError("callLost");
    const secret = await this.#ports.fetchSecret(signal);
    const { turns, transport } = this.snapshot;
    const settled = settledIn(turns);
    this.#told = settled.length;
    const history = asHistory(settled);
    return this.#connect(transport, secret, history, { signal, entered: () => undefined });
  }

  #swap(next) {
    const news = asHistory(this.snapshot.turns.slice(this.#told));
    // Not waited for: it is taken in order, before anything that is said from now on.
    next.tell(news).catch(() => undefined);
    this.#remark("client.rollover", `session ${this.snapshot.sessionNumber + 1}`);
    this.#adopt(next);
  }

  #lost(connection, why) {
    if (connection !== this.#connection) return;
    // The server names the reason in an error just before it closes.
    const expired = this.snapshot.troubles.find(({ name }) => name === "sessionExpired");
    const next = this.#rollover.take();
    if (next !== null) this.#swap(next);
    else if (why.passing) void this.#reconnect(expired ?? why);
    else this.#end("failed", why);
  }

  async #reconnect(why) {
    const signal = this.#attempt?.signal;
    if (signal === undefined) return;
    const beganMs = this.#ports.now();
    this.#rollover.end();
    this.#dialogue.pause();
    this.#store.set({
      phase: "reconnecting",
      troubles: this.snapshot.troubles.filter(({ name }) => name !== "sessionExpired"),
    });
    let last = why;
    for (const pauseMs of ATTEMPTS_AFTER_MS) {
      await this.#pause(pauseMs, signal);
      if (signal.aborted) return;
      try {
        const { transport } = this.snapshot;
        this.#store.set({ stages: waitingStages(STAGES_OF[transport]) });
        const connection = await this.#opening.again(signal);
        this.#sayReconnected(why, this.#ports.now() - beganMs);
        return this.#adopt(connection);
      } catch (error) {
        if (signal.aborted) return;
        last = failureOf(error);
        if (!last.passing) break;
      }
    }
    this.#end("failed", this.#named(last.passing ? why : last));
  }

  #sayReconnected(why, tookMs) {
    const seconds = (tookMs / 1000).toFixed(1);
    const text =
      why.name === "sessionExpired"
        ? "The session reached its time limit; a new one goes on from here."
        : `The connection was lost and came back after ${seconds} s.`;
    this.#store.note(text, why.code);
  }

  /** Until this long has passed and there is a network, or the call was ended. */
  #pause(ms, signal) {
    const { network } = this.#ports;
    return new Promise((resolve) => {
      let unwatch = null;
      const goOn = () => {
        unwatch?.();
        signal.removeEventListener("abort", goOn);
        clearTimeout(timer);
        resolve();
      };
      const goOnIfOnline = () => {
        if (network.isOnline()) goOn();
      };
      const timer = setTimeout(() => {
        unwatch = network.watch(goOnIfOnline);
        goOnIfOnline();
      }, ms);
      signal.addEventListener("abort", goOn);
    });
  }

  async #useMicrophone(deviceId) {
    try {
      await this.#ports.audio.useMicrophone(deviceId);
      this.#dialogue.letMicrophone();
    } catch (error) {
      this.#store.trouble(failureOf(error));
    }
  }

  async #replaceMicrophone(label) {
    const attempt = this.#attempt;
    const { code } = failure("microphoneLost");
    try {
      const found = await this.#ports.audio.useMicrophone("");
      if (attempt === null || this.#attempt !== attempt) return;
      this.#dialogue.letMicrophone();
      this.#store.note(`The microphone "${label}" is gone; "${found}" is used now.`, code);
    } catch {
      this.#store.trouble(failure("microphoneLost", label));
    }
  }

  #watchMicrophone() {
    const since = this.#ports.now();
    const watch = setInterval(() => {
      const moves = this.snapshot.muted || this.microphoneLevel().peak > 0;
      const late = this.#ports.now() - since >= DEAD_MICROPHONE_MS;
      if (moves || late) clearInterval(watch);
      if (!moves && late) this.#store.trouble(failure("microphoneSilent"));
    }, 100);
    this.#microphoneWatch = watch;
  }

  /** Without a network, what could not be reached is not at fault. */
  #named(why) {
    const unreached = why.name === "tokenServiceDown" || why.name === "offerRefused";
    return unreached && !this.#ports.network.isOnline() ? failure("offline") : why;
  }

  #logged(direction, event) {
    this.log.add(direction, event, this.#ports.now() - this.#beganMs);
    if (direction === "in") this.#store.set({});
  }

  #remark(type, text) {
    this.log.add("note", { type, text }, this.#ports.now() - this.#beganMs);
  }

  #end(phase, why) {
    this.#attempt?.abort(new DOMException("the call was ended", "AbortError"));
    this.#attempt = null;
    this.#rollover.end();
    this.#dialogue.end();
    this.#connection = null;
    if (this.#microphoneWatch !== null) clearInterval(this.#microphoneWatch);
    this.#unwatchNetwork();
    this.#ports.audio.close();
    this.#store.set({
      phase,
      failure: why,
      muted: false,
      sessionEndsMs: 0,
      lastedMs: this.#liveMs === null ? 0 : this.#ports.now() - this.#liveMs,
    });
  }
}
