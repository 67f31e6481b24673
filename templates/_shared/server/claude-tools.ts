/**
 * What Claude may use while it thinks about a question. They run here, so this is the place for
 * what a page must not reach: your documents, a database, another service.
 */

import type Anthropic from "@anthropic-ai/sdk";

export interface ClaudeTool extends Anthropic.Tool {
  readonly run: (input: unknown) => unknown;
}

const currentTime: ClaudeTool = {
  name: "current_time",
  description: "The date and time of now, in Coordinated Universal Time.",
  input_schema: { type: "object", properties: {}, additionalProperties: false },
  run: () => ({ now: new Date().toISOString() }),
};

export const claudeTools: readonly ClaudeTool[] = [currentTime];
