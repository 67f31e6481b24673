/** The numbers drawer. It works only while it is open. */

import type { Session } from "../realtime/session.ts";
import { byId, make, say } from "./dom.ts";
import { numbersOf } from "./figures.ts";

export class NumbersView {
  readonly #session: Session;
  readonly #drawer = byId("numbers", HTMLDetailsElement);
  readonly #list = byId("number-list", HTMLElement);
  readonly #values = new Map<string, HTMLElement>();

  constructor(session: Session) {
    this.#session = session;
    this.#drawer.addEventListener("toggle", () => this.show());
    // The time that is left moves by itself.
    setInterval(() => this.show(), 1000);
  }

  show(): void {
    if (!this.#drawer.open) return;
    for (const [name, value] of numbersOf(this.#session.snapshot, performance.now())) {
      say(this.#values.get(name) ?? this.#add(name), value);
    }
  }

  #add(name: string): HTMLElement {
    const value = make("dd");
    this.#values.set(name, value);
    this.#list.append(make("dt", "", name), value);
    return value;
  }
}
