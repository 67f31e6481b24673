/** The list of messages: filter, pause, copy. It works only while its drawer is open. */

import { byId, make, say } from "./dom.js";

const SHOWN = 500;
const ARROWS = { in: "\u2190", out: "\u2192", note: "\u00b7" };

export class EventListView {
  #log;
  #drawer = byId("events", HTMLDetailsElement);
  #list = byId("event-list", HTMLOListElement);
  #count = byId("event-count", HTMLElement);
  #filter = byId("event-filter", HTMLInputElement);
  #pause = byId("event-pause", HTMLButtonElement);
  #copy = byId("event-copy", HTMLButtonElement);
  #last = 0;
  #paused = false;

  constructor(log) {
    this.#log = log;
    this.#drawer.addEventListener("toggle", () => this.#rebuild());
    this.#filter.addEventListener("input", () => this.#rebuild());
    this.#pause.addEventListener("click", () => {
      this.#paused = !this.#paused;
      this.#pause.setAttribute("aria-pressed", String(this.#paused));
      say(this.#pause, this.#paused ? "Go on" : "Pause");
      this.show();
    });
    this.#copy.addEventListener("click", () => void this.#copyAll());
  }

  /** Adds what has come since the last time. */
  show() {
    const entries = this.#log.after(0);
    const newest = entries.at(-1)?.number ?? 0;
    say(this.#count, newest === 0 ? "" : String(newest));
    if (newest < this.#last) this.#rebuild();
    if (!this.#drawer.open || this.#paused) return;
    const fresh = this.#log.after(this.#last).filter((entry) => this.#passes(entry));
    this.#last = newest;
    if (fresh.length === 0) return;
    const { scrollTop, scrollHeight, clientHeight } = this.#list;
    const follows = scrollHeight - scrollTop - clientHeight < 40;
    this.#list.append(...fresh.slice(-SHOWN).map(rowOf));
    while (this.#list.childElementCount > SHOWN) this.#list.firstElementChild?.remove();
    if (follows) this.#list.scrollTop = this.#list.scrollHeight;
  }

  #rebuild() {
    this.#list.replaceChildren();
    this.#last = 0;
    if (this.#drawer.open) this.show();
  }

  #passes(entry) {
    const wanted = this.#filter.value.trim().toLowerCase();
    return wanted === "" || JSON.stringify(entry.body).toLowerCase().includes(wanted);
  }

  async #copyAll() {
    const lines = this.#log.after(0).filter((entry) => this.#passes(entry));
    const text = lines
      .map((entry) =>
        JSON.stringify({ ms: Math.round(entry.atMs), way: entry.direction, ...entry.body }),
      )
      .join("\n");
    try {
      await navigator.clipboard.writeText(text);
      say(this.#copy, "Copied");
    } catch {
      say(this.#copy, "Not allowed");
    }
    setTimeout(() => say(this.#copy, "Copy"), 1500);
  }
}

function rowOf(entry) {
  const row = make("li");
  const details = make("details");
  const summary = make("summary");
  summary.append(
    make("span", "at", (entry.atMs / 1000).toFixed(3)),
    make("span", "way", ARROWS[entry.direction]),
    breakable(entry.type),
  );
  details.append(summary);
  // Built when it is opened: most are never looked at.
  details.addEventListener(
    "toggle",
    () => details.append(make("pre", "", JSON.stringify(entry.body, null, 2))),
    { once: true },
  );
  row.append(details);
  return row;
}

/** A name of an event that may be broken where its parts meet. */
function breakable(name) {
  const type = make("span", "type");
  for (const part of name.split(/(?<=[._])/)) type.append(part, make("wbr"));
  return type;
}
