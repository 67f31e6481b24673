/**
 * Ties the session to the page. No framework: every state is a change of the snapshot, and each
 * part of the page is told the whole of it.
 *
 * What tests, and other programs that watch the page, may rely on:
 * - `#talk[data-state]`: talk, cancel, hold, interrupt or hang-up: what a press would do;
 * - `body[data-phase]`: idle, connecting, live, reconnecting, ended or failed;
 *   `body[data-activity]` while live: listening, hearing, thinking or speaking;
 *   `body[data-session]`: the number of the session in this call;
 * - `#stages [data-stage]` with `data-state` (waiting, active, done, failed) and `data-ms`;
 * - `#you` and `#reply` (role meter): `aria-valuenow` is the measured level in dBFS, -60 to 0;
 * - `#transcript .turn[data-speaker][data-state]`, `.turn.tool[data-state]`, `.turn.note[data-code]`;
 * - `#failure[data-code]`: the code of what ended the call, or of the last trouble in it;
 * - `?transport=webrtc`, `websocket` or `server` in the address chooses the transport.
 */

import { fetchConfig } from "../realtime/token.js";
import { slowest } from "../realtime/stages.js";
import { isOn } from "../realtime/state.js";
import { byId, make, say } from "./dom.js";
import { EventListView } from "./event-list.js";
import { NumbersView } from "./numbers.js";
import { SettingsDrawer } from "./settings.js";
import { TranscriptView } from "./transcript.js";
import { VoiceLine } from "./voice-line.js";
import { runButton } from "./talk-button.js";
import { deedOf, labelOf, levelOf, stagesInShort, statusOf, timeOf } from "./words.js";

/** Meters are read on every frame, but written to the page only this often. */
const METER_MS = 100;
export function startPage(session) {
  const mute = byId("mute", HTMLButtonElement);
  const hangUp = byId("hang-up", HTMLButtonElement);
  const transcript = new TranscriptView(byId("transcript", HTMLElement), (callId, allowed) =>
    session.decide(callId, allowed),
  );
  const events = new EventListView(session.log);
  const settings = new SettingsDrawer(session);
  const numbers = new NumbersView(session);
  const line = new VoiceLine(byId("line", HTMLCanvasElement));
  let shown = null;

  const show = () => {
    const snapshot = session.snapshot;
    const before = shown;
    shown = snapshot;
    const deed = deedOf(snapshot);
    showPhase(snapshot, deed);
    mute.hidden = snapshot.phase !== "live" || snapshot.pushToTalk;
    // The large button does something else now, so the way out is shown beside it.
    hangUp.hidden = deed !== "interrupt" && deed !== "hold";
    mute.setAttribute("aria-pressed", String(snapshot.muted));
    say(mute, snapshot.muted ? "Unmute" : "Mute");
    if (before?.phase !== "connecting" && snapshot.phase === "connecting") line.clear();
    if (before?.turns !== snapshot.turns) transcript.show(snapshot.turns);
    if (before?.stages !== snapshot.stages || before.phase !== snapshot.phase) {
      showStages(snapshot, before?.phase !== snapshot.phase);
    }
    if (before?.failure !== snapshot.failure || before?.troubles !== snapshot.troubles) {
      showFailure(snapshot);
    }
    settings.showDevices(snapshot.devices);
    numbers.show();
    events.show();
  };

  runButton(session, byId("talk", HTMLButtonElement));
  hangUp.addEventListener("click", () => session.hangUp());
  mute.addEventListener("click", () => session.setMuted(!session.snapshot.muted));
  byId("dismiss", HTMLButtonElement).addEventListener("click", () => session.dismiss());
  addEventListener("pagehide", () => session.hangUp());
  session.subscribe(show);
  show();
  runMeters(session, line);
  void showConfig(settings);
}

function showPhase(snapshot, deed) {
  const talk = byId("talk", HTMLButtonElement);
  document.body.dataset["phase"] = snapshot.phase;
  document.body.dataset["activity"] = snapshot.phase === "live" ? snapshot.activity : "";
  document.body.dataset["session"] = String(snapshot.sessionNumber);
  talk.dataset["state"] = deed;
  talk.classList.toggle("pressed", snapshot.pressed);
  say(talk, labelOf(snapshot));
  say(byId("status", HTMLElement), statusOf(snapshot));
}

function showStages(snapshot, phaseChanged) {
  const { phase, stages } = snapshot;
  const drawer = byId("stages", HTMLDetailsElement);
  drawer.hidden = phase === "idle";
  if (phaseChanged) {
    drawer.open = phase === "connecting" || stages.some(({ state }) => state === "failed");
  }
  const summary = drawer.querySelector("summary");
  const list = drawer.querySelector("ol");
  if (summary === null || list === null) return;
  say(summary, stagesInShort(snapshot));
  const slow = slowest(stages);
  const rows = [...list.querySelectorAll("li")];
  if (rows.map((row) => row.dataset["stage"]).join() !== stages.map(({ name }) => name).join()) {
    rows.splice(0, rows.length, ...stages.map(({ name }) => stageRow(name)));
    list.replaceChildren(...rows);
  }
  for (const [index, stage] of stages.entries()) {
    const row = rows[index];
    const time = row?.lastElementChild;
    if (row === undefined || time === null || time === undefined) continue;
    const over = stage.state === "done" || stage.state === "failed";
    row.dataset["state"] = stage.state;
    row.dataset["ms"] = String(Math.round(stage.tookMs));
    row.classList.toggle("slow", stage.name === slow);
    say(time, over ? timeOf(stage.tookMs) : "");
  }
}

function stageRow(name) {
  const row = make("li");
  row.dataset["stage"] = name;
  row.append(make("span", "", name), make("span", "mono"));
  return row;
}

function showFailure(snapshot) {
  const failure = snapshot.failure ?? snapshot.troubles.at(-1) ?? null;
  const box = byId("failure", HTMLElement);
  box.hidden = failure === null;
  if (failure === null) return;
  box.dataset["code"] = failure.code;
  const write = (selector, text) => {
    const element = box.querySelector(selector);
    if (element === null) return;
    say(element, text);
    element.toggleAttribute("hidden", text === "");
  };
  write("h2", failure.title);
  write(".detail", failure.detail);
  write(".why", failure.why);
  write(".next", failure.next);
  write(".code", failure.code);
  byId("dismiss", HTMLButtonElement).hidden = snapshot.failure !== null;
}

function runMeters(session, line) {
  const you = byId("you", HTMLElement);
  const reply = byId("reply", HTMLElement);
  let written = 0;
  const look = (nowMs) => {
    const { phase } = session.snapshot;
    if (isOn(phase)) {
      const microphone = session.microphoneLevel();
      const model = session.modelLevel();
      line.add(nowMs, microphone, model);
      if (nowMs - written >= METER_MS) {
        written = nowMs;
        writeMeter(you, microphone.dbfs);
        writeMeter(reply, model.dbfs);
      }
    } else if (written !== 0) {
      written = 0;
      writeMeter(you, -60);
      writeMeter(reply, -60);
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

function writeMeter(meter, dbfs) {
  const words = levelOf(dbfs);
  meter.setAttribute("aria-valuenow", dbfs.toFixed(1));
  meter.setAttribute("aria-valuetext", words);
  say(meter, words === "silent" ? "" : words);
}

async function showConfig(settings) {
  try {
    const config = await fetchConfig(new AbortController().signal);
    say(byId("model", HTMLElement), `${config.model} \u00b7 ${config.voice}`);
    byId("emulated", HTMLElement).hidden = !config.emulated;
    settings.offerServer(config.throughServer);
  } catch {
    // Said in full when Talk is pressed: the token service may be up by then.
    say(byId("model", HTMLElement), "the server does not answer");
  }
}
