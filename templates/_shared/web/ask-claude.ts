/** A tool of the voice model: hands a hard question to Claude, by way of this app's own server. */

import type { Tool } from "./realtime/tools.ts";

export const askClaude: Tool = {
  name: "ask_claude",
  description:
    "Hands a question to a slower model that thinks more. Use it for what needs care: several " +
    "steps, calculation, weighing things up. Say that you will think about it, then call it.",
  parameters: {
    type: "object",
    properties: {
      question: { type: "string", description: "All that is needed to answer it, in full" },
    },
    required: ["question"],
    additionalProperties: false,
  },
  timeoutMs: 45_000,
  async run({ question }, signal) {
    const response = await fetch("/claude", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ question }),
      signal,
    });
    const answer = (await response.json()) as { error?: { message?: string } };
    if (!response.ok) throw new Error(answer.error?.message ?? `status ${response.status}`);
    return answer;
  },
};
