/**
 * What the model may do in this app. The token service tells the model of it, the page does it; so
 * nothing here may touch the page before it is asked to run.
 */

import type { Tool } from "./realtime/tools.ts";

const localTime: Tool = {
  name: "local_time",
  description:
    "The current local date and time in a time zone. Use it whenever the time somewhere matters; " +
    "you cannot know it otherwise.",
  parameters: {
    type: "object",
    properties: {
      time_zone: { type: "string", description: 'IANA name, for example "Europe/Lisbon"' },
    },
    required: ["time_zone"],
    additionalProperties: false,
  },
  timeoutMs: 2000,
  run({ time_zone }) {
    const format = new Intl.DateTimeFormat("en-GB", {
      timeZone: String(time_zone),
      dateStyle: "full",
      timeStyle: "short",
    });
    return { local_time: format.format(new Date()) };
  },
};

const openPage: Tool = {
  name: "open_page",
  description: "Opens a web page in a new tab for the user. The user is asked first.",
  parameters: {
    type: "object",
    properties: { url: { type: "string", description: "The address; it begins with https://" } },
    required: ["url"],
    additionalProperties: false,
  },
  asks: true,
  run({ url }) {
    const address = new URL(String(url));
    if (address.protocol !== "https:") throw new Error("only https addresses are opened");
    globalThis.open(address, "_blank", "noopener,noreferrer");
    return { opened: address.href };
  },
};

export const tools: readonly Tool[] = [localTime, openPage];
