/** The settings drawer. What is chosen is kept in this browser. */

import { checkSettings, DEFAULTS, VOICES } from "../realtime/settings.js";
import { byId, make } from "./dom.js";
import { keepSettings, keptSettings } from "./kept.js";

export class SettingsDrawer {
  #session;
  #form = byId("settings-form", HTMLFormElement);
  #devices = null;

  constructor(session) {
    this.#session = session;
    const voice = byId("voice", HTMLSelectElement);
    for (const name of VOICES) voice.append(optionOf(name, name));
    this.#form.addEventListener("change", () => this.#take());
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    byId("settings-reset", HTMLButtonElement).addEventListener("click", () => {
      this.#show(DEFAULTS);
      this.#take();
    });
    const settings = keptSettings();
    session.change(settings);
    this.#show(settings);
  }

  /** Lists the devices there are; the ones that were chosen stay chosen while they are away. */
  showDevices(devices) {
    if (devices === this.#devices) return;
    this.#devices = devices;
    const { microphone, speaker } = this.#session.settings;
    fill(byId("microphone", HTMLSelectElement), devices.microphones, microphone);
    fill(byId("speaker", HTMLSelectElement), devices.speakers, speaker);
    const canChoose = devices.speakers.length > 0;
    byId("speaker", HTMLElement).hidden = !canChoose;
    byId("speaker-label", HTMLElement).hidden = !canChoose;
  }

  /** Whether a call may go by way of the server; told when the server has said so. */
  offerServer(offered) {
    const { transport } = this.#session.settings;
    if (offered) {
      const select = byId("transport", HTMLSelectElement);
      select.append(optionOf("server", "Through this app's server"));
      select.value = transport;
    } else if (transport === "server") {
      this.#session.change({ ...this.#session.settings, transport: "websocket" });
      this.#show(this.#session.settings);
    }
  }

  #take() {
    const values = Object.fromEntries(new FormData(this.#form));
    const settings = checkSettings(values, this.#session.settings);
    keepSettings(settings);
    this.#session.change(settings);
    this.#showFitting(settings);
  }

  #show(settings) {
    for (const [name, value] of Object.entries(settings)) {
      const field = this.#form.elements.namedItem(name);
      if (
        field instanceof HTMLInputElement ||
        field instanceof HTMLSelectElement ||
        field instanceof HTMLTextAreaElement
      ) {
        field.value = String(value);
      }
    }
    this.#showFitting(settings);
  }

  /** Hides what has no meaning for the chosen way of taking turns. */
  #showFitting({ turnTaking }) {
    for (const element of this.#form.querySelectorAll("[data-for]")) {
      element.hidden = element.dataset["for"] !== turnTaking;
    }
  }
}

function fill(select, devices, chosen) {
  const [systems] = select.options;
  if (systems === undefined) return;
  const rows = devices.map(({ id, label }, index) => optionOf(id, label || `Device ${index + 1}`));
  if (chosen !== "" && !devices.some(({ id }) => id === chosen)) {
    rows.push(optionOf(chosen, "Not connected"));
  }
  select.replaceChildren(systems, ...rows);
  select.value = chosen;
}

function optionOf(value, text) {
  const option = make("option", "", text);
  option.value = value;
  return option;
}
