/** The agent's tools as this app runs them: whatever a tool does, the call has one bounded output. */

import { RealtimeAgent } from "@openai/agents-realtime";
import { expect, test } from "vitest";

import { agentToolbox, asAgentTool } from "../src/agents-toolbox.ts";
import type { ClientEvent } from "../src/realtime/events.ts";
import type { Tool, ToolCall, Toolbox } from "../src/realtime/tools.ts";

interface Scene {
  readonly box: Toolbox;
  readonly states: string[];
  readonly sent: ClientEvent[];
}

const LOOK: Tool = {
  name: "look",
  description: "Looks.",
  parameters: { type: "object", properties: {} },
  run: () => "seen",
};

async function begin(change: Partial<Tool>): Promise<Scene> {
  const states: string[] = [];
  const sent: ClientEvent[] = [];
  const agent = new RealtimeAgent({ name: "test", tools: [asAgentTool({ ...LOOK, ...change })] });
  const box = agentToolbox(agent)({
    now: () => performance.now(),
    changed: ({ state }: ToolCall) => states.push(state),
    send: (event) => sent.push(event),
  });
  await box.sessionUpdate?.();
  return { box, states, sent };
}

/** The model calls a tool; the answer is what it is told. */
function call({ box }: Scene, name = "look", given = "{}"): Promise<string> {
  const item = { type: "function_call", id: "i1", status: "completed", call_id: "c1", name };
  const output = box.call("c1", name, given);
  box.overhear?.({
    type: "response.output_item.done",
    event_id: "e1",
    response_id: "r1",
    output_index: 0,
    item: { ...item, arguments: given },
  });
  return output;
}

test("a tool's result is its output", async () => {
  const scene = await begin({});

  expect(await call(scene)).toBe('"seen"');
  expect(scene.states).toEqual(["running", "running", "done"]);
  // The output goes the way of all tools, so that one answer is asked for.
  expect(scene.sent).toEqual([]);
});

test("an output of a megabyte is cut, and the model is told how much is missing", async () => {
  const output = await call(await begin({ run: () => "x".repeat(1_000_000) }));

  expect(output.length).toBeLessThan(20_000);
  expect(JSON.parse(output)).toMatchObject({ characters_left_out: 984_002 });
});

test("a tool that throws is an output, not an end", async () => {
  const scene = await begin({
    run: () => {
      throw new Error("the shop is closed");
    },
  });

  expect(await call(scene)).toBe('{"error":"the shop is closed"}');
  expect(scene.states.at(-1)).toBe("failed");
});

test("a tool that hangs is stopped at its time limit", async () => {
  const scene = await begin({ timeoutMs: 50, run: () => new Promise(() => undefined) });

  expect(await call(scene)).toBe('{"error":"no answer within 0.05 seconds"}');
  expect(scene.states.at(-1)).toBe("failed");
});

test("a tool that is not there is told at once", async () => {
  const scene = await begin({});

  expect(await call(scene, "fly")).toBe('{"error":"there is no tool \\"fly\\""}');
  expect(scene.states).toEqual(["failed"]);
});

test("arguments that are not JSON are told", async () => {
  const scene = await begin({});

  expect(JSON.parse(await call(scene, "look", "{"))).toHaveProperty("error");
});
