/** The numbers drawer. It works only while it is open. */

import { byId, make, say } from "./dom.js";
import { numbersOf } from "./figures.js";

export class NumbersView {
  #session;
  #drawer = byId("numbers", HTMLDetailsElement);
  #list = byId("number-list", HTMLElement);
  #values = new Map();

  constructor(session) {
    this.#session = session;
    this.#drawer.addEventListener("toggle", () => this.show());
    // The time that is left moves by itself.
    setInterval(() => this.show(), 1000);
  }

  show() {
    if (!this.#drawer.open) return;
    for (const [name, value] of numbersOf(this.#session.snapshot, performance.now())) {
      say(this.#values.get(name) ?? this.#add(name), value);
    }
  }

  #add(name) {
    const value = make("dd");
    this.#values.set(name, value);
    this.#list.append(make("dt", "", name), value);
    return value;
  }
}
