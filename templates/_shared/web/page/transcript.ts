/** The conversation as text: who in the margin, words in the column. */

import type { Turn, Turns } from "../realtime/conversation.ts";
import { make, say } from "./dom.ts";

interface Row {
  readonly element: HTMLElement;
  readonly heard: HTMLElement;
  readonly cut: HTMLElement;
  turn: Turn;
}

const SPEAKERS = { user: "You", assistant: "Model" } as const;

export class TranscriptView {
  readonly #list: HTMLElement;
  readonly #rows = new Map<string, Row>();

  constructor(list: HTMLElement) {
    this.#list = list;
  }

  show(turns: Turns): void {
    // Follows the conversation unless the reader has scrolled back.
    const { scrollTop, scrollHeight, clientHeight } = this.#list;
    const follows = scrollHeight - scrollTop - clientHeight < 48;
    const ids = new Set(turns.map((turn) => turn.id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    for (const turn of turns) this.#showTurn(turn);
    if (follows) this.#list.scrollTop = this.#list.scrollHeight;
  }

  #showTurn(turn: Turn): void {
    const row = this.#rows.get(turn.id) ?? this.#addRow(turn);
    if (row.turn === turn && row.element.dataset["state"] === turn.state) return;
    row.turn = turn;
    row.element.dataset["state"] = turn.state;
    const interrupted = turn.state === "interrupted";
    say(row.heard, interrupted ? turn.text.slice(0, turn.heard) : wordsOf(turn));
    say(row.cut, interrupted ? turn.text.slice(turn.heard) : "");
    row.cut.hidden = row.cut.textContent === "";
  }

  #addRow(turn: Turn): Row {
    const element = make("div", "turn");
    element.dataset["speaker"] = turn.speaker;
    const words = make("p", "words");
    const heard = make("span");
    const cut = make("s", "cut");
    cut.title = "Not heard";
    words.append(heard, cut);
    element.append(make("p", "speaker", SPEAKERS[turn.speaker]), words);
    this.#list.append(element);
    const row = { element, heard, cut, turn };
    this.#rows.set(turn.id, row);
    return row;
  }
}

function wordsOf(turn: Turn): string {
  if (turn.state === "unheard") return "(could not be put into words)";
  if (turn.text !== "") return turn.text;
  return turn.state === "partial" ? "…" : "(no words)";
}
