/**
 * Ties the session to the page. No framework: every state is a change of the snapshot, and each
 * part of the page is told the whole of it.
 *
 * What tests, and other programs that watch the page, may rely on:
 * - `#talk[data-state]`: talk, cancel, interrupt or hang-up, which is what a press would do;
 * - `body[data-phase]`: idle, connecting, live, ended or failed; `body[data-activity]` while live;
 * - `#stages [data-stage]` with `data-state` (waiting, active, done, failed) and `data-ms`;
 * - `#you` and `#reply` (role meter): `aria-valuenow` is the measured level in dBFS, -60 to 0;
 * - `#transcript .turn[data-speaker][data-state]`;
 * - `#failure[data-code]`: the code of what ended the call.
 */

import { fetchConfig } from "../realtime/token.ts";
import type { Session, Snapshot } from "../realtime/session.ts";
import { slowest } from "../realtime/stages.ts";
import { byId, make, say } from "./dom.ts";
import { EventListView } from "./event-list.ts";
import { runSettings } from "./settings.ts";
import { TranscriptView } from "./transcript.ts";
import { VoiceLine } from "./voice-line.ts";
import { deedOf, LABELS, levelOf, stagesInShort, statusOf, timeOf } from "./words.ts";
import type { Deed } from "./words.ts";

/** Meters are read on every frame, but written to the page only this often. */
const METER_MS = 100;
/** A press meant for "Interrupt" may come just after the answer has ended by itself. */
const HANG_UP_GUARD_MS = 700;

export function startPage(session: Session): void {
  const talk = byId("talk", HTMLButtonElement);
  const mute = byId("mute", HTMLButtonElement);
  const hangUp = byId("hang-up", HTMLButtonElement);
  const transcript = new TranscriptView(byId("transcript", HTMLElement));
  const events = new EventListView(session.log);
  const line = new VoiceLine(byId("line", HTMLCanvasElement));
  let interruptible = 0;
  let shown: Snapshot | null = null;

  const press = (): void => {
    const deed = deedOf(session.snapshot);
    if (deed === "talk") {
      line.clear();
      void session.start();
    } else if (deed === "interrupt") {
      session.interrupt();
    } else if (deed === "cancel" || performance.now() - interruptible > HANG_UP_GUARD_MS) {
      session.hangUp();
    }
  };

  const show = (): void => {
    const snapshot = session.snapshot;
    const before = shown;
    shown = snapshot;
    const deed = deedOf(snapshot);
    if (before !== null && deedOf(before) === "interrupt" && deed !== "interrupt") {
      interruptible = performance.now();
    }
    showPhase(snapshot, deed, talk);
    mute.hidden = snapshot.phase !== "live";
    // The large button interrupts now, so the other way out is shown.
    hangUp.hidden = deed !== "interrupt";
    mute.setAttribute("aria-pressed", String(snapshot.muted));
    say(mute, snapshot.muted ? "Unmute" : "Mute");
    if (before?.turns !== snapshot.turns) transcript.show(snapshot.turns);
    if (before?.stages !== snapshot.stages || before.phase !== snapshot.phase) {
      showStages(snapshot, before?.phase !== snapshot.phase);
    }
    if (before?.failure !== snapshot.failure || before?.troubles !== snapshot.troubles) {
      showFailure(snapshot);
    }
    if (before?.latenciesMs !== snapshot.latenciesMs) showNumbers(snapshot);
    events.show();
  };

  talk.addEventListener("click", press);
  // Until here a press would have done nothing, without a word.
  talk.disabled = false;
  hangUp.addEventListener("click", () => session.hangUp());
  mute.addEventListener("click", () => session.setMuted(!session.snapshot.muted));
  document.addEventListener("keydown", (event) => {
    if (event.code !== "Space" || event.repeat || isForTyping(event.target)) return;
    event.preventDefault();
    press();
  });
  addEventListener("pagehide", () => session.hangUp());
  runSettings((settings) => (session.settings = settings));
  session.subscribe(show);
  show();
  runMeters(session, line);
  void showConfig();
}

function showPhase(snapshot: Snapshot, deed: Deed, talk: HTMLButtonElement): void {
  document.body.dataset["phase"] = snapshot.phase;
  document.body.dataset["activity"] = snapshot.phase === "live" ? snapshot.activity : "";
  talk.dataset["state"] = deed;
  say(talk, LABELS[deed]);
  say(byId("status", HTMLElement), statusOf(snapshot));
}

function showStages(snapshot: Snapshot, phaseChanged: boolean): void {
  const { phase, stages } = snapshot;
  const drawer = byId("stages", HTMLDetailsElement);
  drawer.hidden = phase === "idle";
  if (phaseChanged) drawer.open = phase === "connecting" || phase === "failed";
  const summary = drawer.querySelector("summary");
  const list = drawer.querySelector("ol");
  if (summary === null || list === null) return;
  say(summary, stagesInShort(stages));
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

function stageRow(name: string): HTMLLIElement {
  const row = make("li");
  row.dataset["stage"] = name;
  row.append(make("span", "", name), make("span", "mono"));
  return row;
}

function showFailure(snapshot: Snapshot): void {
  const failure = snapshot.failure ?? snapshot.troubles.at(-1) ?? null;
  const box = byId("failure", HTMLElement);
  box.hidden = failure === null;
  if (failure === null) return;
  box.dataset["code"] = failure.code;
  const write = (selector: string, text: string): void => {
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
}

function showNumbers({ latenciesMs }: Snapshot): void {
  const rows = latenciesMs.flatMap((ms, index) => [
    make("dt", "", `answer ${index + 1}`),
    make("dd", "", timeOf(ms)),
  ]);
  byId("number-list", HTMLElement).replaceChildren(...rows);
}

function runMeters(session: Session, line: VoiceLine): void {
  const you = byId("you", HTMLElement);
  const reply = byId("reply", HTMLElement);
  let written = 0;
  const look = (nowMs: number): void => {
    const { phase } = session.snapshot;
    if (phase === "connecting" || phase === "live") {
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

function writeMeter(meter: HTMLElement, dbfs: number): void {
  const words = levelOf(dbfs);
  meter.setAttribute("aria-valuenow", dbfs.toFixed(1));
  meter.setAttribute("aria-valuetext", words);
  say(meter, words === "silent" ? "" : words);
}

async function showConfig(): Promise<void> {
  try {
    const config = await fetchConfig(new AbortController().signal);
    say(byId("model", HTMLElement), `${config.model} \u00b7 ${config.voice}`);
    byId("emulated", HTMLElement).hidden = !config.emulated;
  } catch {
    // Said in full when Talk is pressed: the token service may be up by then.
    say(byId("model", HTMLElement), "the token service does not answer");
  }
}

/** Where Space has a meaning of its own. */
function isForTyping(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest("input, textarea, select, button, summary, a, [contenteditable]") !== null
  );
}
