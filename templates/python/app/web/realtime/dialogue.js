/**
 * What goes on within a live call: who speaks, what the model is asked and told, what its tools
 * do. It is given one connection at a time to speak through; how that came about is not its
 * business.
 */

import {
  isUnanswered,
  itemsOf,
  listen,
  withLatency,
  withoutUnsaid,
  withToolCall,
} from "./conversation.js";
import { failure, failureOfApi } from "./failures.js";
import { SoundWatch } from "./sound-watch.js";
import { begin, finish } from "./stages.js";
import { addUsage } from "./usage.js";

const ALREADY_ANSWERING = "conversation_already_has_active_response";
/** Errors that only say that two messages crossed on their way. */
const CROSSED = new Set([
  "response_cancel_not_active",
  "conversation_already_has_active_response",
  "input_audio_buffer_commit_empty",
  "item_truncate_invalid_item_id",
]);
/** The end of a word is still on its way when the button is let go. */
const TAIL_MS = 150;
/** The API refuses less than a tenth of a second. */
const SHORTEST_PRESS_MS = 200;
const QUIET_DBFS = -45;

export class Dialogue {
  #store;
  #audio;
  #now;
  #tools;
  #soundWatch;
  #connection = null;
  /** The one before, while its last words are still heard. */
  #retiring = null;
  #answering = null;
  /** The id of the last answer that began. */
  #newest = "";
  /** Outputs of tools were sent while an answer was under way; the next one is due after it. */
  #owesAnswer = false;
  #spokenMs = null;
  #pressedMs = 0;

  constructor(store, audio, now, makeToolbox) {
    this.#store = store;
    this.#audio = audio;
    this.#now = now;
    this.#tools = makeToolbox({
      now,
      changed: (call) => store.set({ turns: withToolCall(store.snapshot.turns, call) }),
      send: (event) => this.#connection?.send(event),
    });
    this.#soundWatch = new SoundWatch(() => audio.modelLevel(), now);
  }

  /** What each new session is told besides the settings, when there is something. */
  async sessionUpdate() {
    return (await this.#tools.sessionUpdate?.()) ?? null;
  }

  /** Every message of any connection, before it is acted on. */
  overhear(connection, event) {
    if (connection === this.#connection) this.#tools.overhear?.(event);
  }

  /**
   * Speaks through this connection from now on. The one before may play its last words; what the
   * caller is in the middle of saying is told again.
   */
  carryOn(connection) {
    const unheard = this.#connection?.unheard() ?? [];
    const wasLost = this.#connection?.over === true;
    this.#retire();
    this.#connection = connection;
    this.#answering = null;
    this.#owesAnswer = false;
    this.#store.set({
      activity: this.#retiring === null ? "listening" : "speaking",
      turns: withoutUnsaid(this.#store.snapshot.turns),
    });
    this.letMicrophone(unheard);
    const { turns, pushToTalk } = this.#store.snapshot;
    // Speech that is told again is answered by itself, unless a button decides.
    if (wasLost && isUnanswered(turns) && (unheard.length === 0 || pushToTalk)) this.#askAnswer();
  }

  /** The connection has gone; another may come. */
  pause() {
    this.#answering = null;
    this.#soundWatch.end();
    const sounds = this.#connection?.sounds === true;
    this.#store.set({ activity: sounds ? "speaking" : "listening" });
  }

  end() {
    this.#connection?.close();
    this.#connection = null;
    this.#retiring?.close();
    this.#retiring = null;
    this.#answering = null;
    this.#spokenMs = null;
    this.#soundWatch.end();
    this.#tools.end();
    this.#store.set({ activity: "listening", pressed: false });
  }

  received(connection, event) {
    const turns = listen(this.#store.snapshot.turns, event);
    if (turns !== this.#store.snapshot.turns) this.#store.set({ turns });
    if (connection === this.#connection) this.#act(event);
  }

  sounding(connection, is) {
    if (connection === this.#retiring && !is) {
      this.#retiring = null;
      connection.close();
    } else if (connection !== this.#connection) return;
    const { activity } = this.#store.snapshot;
    if (is) this.#store.set({ activity: "speaking" });
    else if (activity === "speaking") {
      this.#store.set({ activity: this.#answering === null ? "listening" : "thinking" });
    }
  }

  /** Whether nobody speaks and nothing is under way. */
  isQuiet() {
    const { activity, turns } = this.#store.snapshot;
    return (
      activity === "listening" &&
      this.isFree() &&
      this.#answering === null &&
      !turns.some((turn) => turn.kind === "words" && turn.state === "partial") &&
      this.#audio.microphoneLevel().dbfs < QUIET_DBFS
    );
  }

  /** Whether another connection could take over with nothing lost, though it may be noticed. */
  isFree() {
    const { activity, pressed, turns } = this.#store.snapshot;
    const atWork = turns.some(
      (turn) => turn.kind === "tool" && (turn.state === "running" || turn.state === "asking"),
    );
    return (activity === "listening" || activity === "speaking") && !pressed && !atWork;
  }

  /** Stops the answer that is being given. */
  interrupt() {
    if (this.#answering !== null) this.#connection?.send({ type: "response.cancel" });
    this.#connection?.silence();
    this.#retiring?.silence();
  }

  /** Opens the microphone, unless it waits for a button to be held. */
  letMicrophone(first = []) {
    const { pushToTalk, pressed } = this.#store.snapshot;
    if (pushToTalk && !pressed) this.#connection?.closeMicrophone();
    else this.#connection?.openMicrophone(first);
  }

  /** Push to talk: the caller begins to speak. */
  press() {
    this.interrupt();
    this.#pressedMs = this.#now();
    this.#connection?.send({ type: "input_audio_buffer.clear" });
    this.#store.set({ pressed: true, activity: "hearing" });
    this.letMicrophone();
  }

  /** Push to talk: the caller has spoken. */
  release() {
    const spoke = this.#now() - this.#pressedMs >= SHORTEST_PRESS_MS;
    this.#spokenMs = this.#now();
    this.#store.set({ pressed: false, activity: spoke ? "thinking" : "listening" });
    if (!spoke) {
      this.letMicrophone();
      this.#store.trouble(failure("heldTooShort"));
      return;
    }
    setTimeout(() => {
      if (this.#store.snapshot.pressed) return;
      this.letMicrophone();
      this.#connection?.send({ type: "input_audio_buffer.commit" });
      this.#connection?.send({ type: "response.create" });
    }, TAIL_MS);
  }

  /** What the caller said to a tool that asks. */
  decide(callId, allowed) {
    this.#tools.decide(callId, allowed);
  }

  /** Lets go of the connection, at once or when what has arrived of its sound was heard. */
  #retire() {
    const old = this.#connection;
    if (old === null) return;
    this.#connection = null;
    this.#retiring?.close();
    this.#retiring = old.sounds ? old : null;
    old.closeMicrophone();
    if (!old.sounds) old.close();
  }

  #act(event) {
    switch (event.type) {
      case "error": {
        const { code = null, message = "" } = event.error;
        // That answer was begun before ours was asked for, so it may not know what ours is about.
        if (code === ALREADY_ANSWERING) this.#owesAnswer = true;
        if (code === null || !CROSSED.has(code)) {
          this.#store.trouble(failureOfApi(code, 400, message));
        }
        break;
      }
      case "input_audio_buffer.speech_started":
        this.#retiring?.silence();
        this.#store.set({ activity: "hearing" });
        break;
      case "input_audio_buffer.speech_stopped":
        this.#spokenMs = this.#now();
        this.#store.set({ activity: "thinking" });
        break;
      case "response.created":
        this.#answering = event.response.id;
        this.#newest = event.response.id;
        this.#timeSound();
        if (this.#store.snapshot.activity !== "hearing") this.#store.set({ activity: "thinking" });
        break;
      case "response.output_item.done":
        // Begun at once, told only when the answer is over.
        if (event.item.type === "function_call" && event.item.status !== "incomplete") {
          void this.#run(event.item);
        }
        break;
      case "response.done":
        this.#answered(event.response);
        break;
      case "server.tool":
        this.#store.set({ turns: withToolCall(this.#store.snapshot.turns, event.call) });
        break;
    }
  }

  #answered(response) {
    this.#answering = null;
    const { snapshot } = this.#store;
    if (response.usage) this.#store.set({ tokens: addUsage(snapshot.tokens, response.usage) });
    if (response.status === "failed") {
      const { code = null, message = "" } = response.status_details?.error ?? {};
      this.#store.trouble(
        code === null ? failure("answerFailed", message) : failureOfApi(code, 500, message),
      );
    }
    if (snapshot.activity === "thinking" && response.status !== "completed") {
      this.#store.set({ activity: "listening" });
    }
    const calls = (response.output ?? []).flatMap((item) =>
      item.type === "function_call" && item.status !== "incomplete" ? [item] : [],
    );
    if (calls.length > 0) void this.#tellOutputs(calls, response.status === "completed");
    else if (this.#owesAnswer) this.#askAnswer();
  }

  #run(call) {
    return this.#tools.call(call.call_id, call.name, call.arguments);
  }

  /** All outputs of one answer first, then one request for the next. */
  async #tellOutputs(calls, answers) {
    const asked = this.#connection;
    const outputs = await Promise.all(calls.map((call) => this.#run(call)));
    for (const [index, call] of calls.entries()) {
      const { call_id: callId, name, arguments: given } = call;
      const items = itemsOf({ callId, name, given, output: outputs[index] ?? "" });
      // A session that has taken over since knows nothing of the call.
      for (const item of this.#connection === asked ? items.slice(1) : items) {
        this.#connection?.send({ type: "conversation.item.create", item });
      }
    }
    if (answers) this.#askAnswer();
  }

  #askAnswer() {
    this.#owesAnswer = this.#answering !== null;
    // Whoever is speaking now gets an answer anyway, and it will know the outputs.
    if (this.#owesAnswer || this.#store.snapshot.activity === "hearing") return;
    this.#connection?.send({ type: "response.create" });
  }

  #timeSound() {
    const since = this.#spokenMs ?? this.#now();
    this.#spokenMs = null;
    this.#store.set({ stages: begin(this.#store.snapshot.stages, "first sound", since) });
    this.#soundWatch.begin((heardMs) => {
      const { stages, latenciesMs, activity, turns } = this.#store.snapshot;
      this.#store.set({
        // An answer of tool calls alone has no sound; what is heard is the one after it.
        turns: withLatency(turns, this.#newest, heardMs - since),
        stages: finish(stages, "first sound", heardMs),
        latenciesMs: [...latenciesMs, heardMs - since],
        activity: activity === "hearing" ? "hearing" : "speaking",
      });
    });
  }
}
