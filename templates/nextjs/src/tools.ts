/**
 * What the model may do in this app. `browser-tools.ts` runs in the page; a tool that needs the
 * server, its data or its keys calls a server action of `app/actions.ts`, as `roll_dice` does.
 */

import { rollDice } from "../app/actions.ts";
import { tools as browserTools } from "./browser-tools.ts";
import type { Tool } from "./realtime/tools.ts";

const dice: Tool = {
  name: "roll_dice",
  description: "Rolls dice fairly. Use it whenever chance decides; you cannot be random yourself.",
  parameters: {
    type: "object",
    properties: {
      count: { type: "integer", description: "How many, 1 to 20" },
      sides: { type: "integer", description: "Sides of each, 2 to 1000" },
    },
    required: ["count", "sides"],
    additionalProperties: false,
  },
  timeoutMs: 5000,
  async run({ count, sides }) {
    return { rolled: await rollDice(count, sides) };
  },
};

export const tools: readonly Tool[] = [...browserTools, dice];
