/** The conversation as text: who in the margin, words in the column. */

import { make, say } from "./dom.js";
import { pretty, SPEAKERS, TOOL_STATES, wordsOf } from "./turn-words.js";
import { timeOf } from "./words.js";

export class TranscriptView {
  #list;
  #decide;
  #rows = new Map();

  /** `decide` is told what the person says to a tool that asks. */
  constructor(list, decide) {
    this.#list = list;
    this.#decide = decide;
  }

  show(turns) {
    // Follows the conversation unless the reader has scrolled back.
    const { scrollTop, scrollHeight, clientHeight } = this.#list;
    const follows = scrollHeight - scrollTop - clientHeight < 48;
    const ids = new Set(turns.map((turn) => turn.id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    for (const turn of turns) {
      const row = this.#rows.get(turn.id) ?? this.#add(turn);
      if (row.shown !== turn) row.show(turn);
      row.shown = turn;
    }
    if (follows) this.#list.scrollTop = this.#list.scrollHeight;
  }

  #add(turn) {
    const row = turn.kind === "words" ? wordsRow(turn) : this.#otherRow(turn);
    this.#rows.set(turn.id, row);
    this.#list.append(row.element);
    return row;
  }

  #otherRow(turn) {
    return turn.kind === "tool" ? toolRow(turn, this.#decide) : noteRow(turn);
  }
}

function wordsRow({ speaker }) {
  const element = make("div", "turn");
  element.dataset["speaker"] = speaker;
  const words = make("p", "words");
  const heard = make("span");
  const cut = make("s", "cut");
  cut.title = "Not heard";
  words.append(heard, cut);
  const margin = make("p", "speaker", SPEAKERS[speaker]);
  const latency = make("span", "mono");
  latency.title = "From the end of your words to the first sound";
  margin.append(latency);
  element.append(margin, words);
  const show = (turn) => {
    if (turn.kind !== "words") return;
    const interrupted = turn.state === "interrupted";
    element.dataset["state"] = turn.state;
    say(heard, interrupted ? turn.text.slice(0, turn.heard) : wordsOf(turn));
    say(cut, interrupted ? turn.text.slice(turn.heard) : "");
    cut.hidden = cut.textContent === "";
    say(latency, turn.latencyMs > 0 ? timeOf(turn.latencyMs) : "");
  };
  return { element, show, shown: null };
}

function toolRow(first, decide) {
  const element = make("div", "turn tool");
  const details = make("details");
  const summary = make("summary", "mono");
  const took = make("span", "quiet");
  summary.append(make("span", "", first.name), took);
  const given = make("pre", "mono", pretty(first.given));
  const output = make("pre", "mono");
  details.append(summary, given, output);
  const question = make("div", "question");
  const answer = (text, allowed) => {
    const button = make("button", "", text);
    button.type = "button";
    button.addEventListener("click", () => decide(first.callId, allowed));
    return button;
  };
  question.append(
    make("p", "", `The model wants to use ${first.name}.`),
    answer("Allow", true),
    answer("Refuse", false),
  );
  element.append(details, question);
  let opened = false;
  const show = (turn) => {
    if (turn.kind !== "tool") return;
    element.dataset["state"] = turn.state;
    const over = turn.state === "done" || turn.state === "failed";
    say(took, [TOOL_STATES[turn.state], over ? timeOf(turn.tookMs) : ""].join(" ").trim());
    say(output, pretty(turn.output));
    question.hidden = turn.state !== "asking";
    // Who is asked sees what for.
    if (turn.state === "asking" && !opened) details.open = opened = true;
    else if (over && opened) details.open = opened = false;
  };
  return { element, show, shown: null };
}

function noteRow({ text, code }) {
  const element = make("div", "turn note");
  element.dataset["code"] = code;
  element.append(make("p", "words", text));
  return { element, show: () => undefined, shown: null };
}
