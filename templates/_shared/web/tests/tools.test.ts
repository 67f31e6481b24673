import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { definitionOf, ToolRunner } from "../src/realtime/tools.ts";
import type { Tool, ToolCall } from "../src/realtime/tools.ts";
import { tools } from "../src/tools.ts";

let told: ToolCall[];

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function runner(tool: Partial<Tool>): ToolRunner {
  const whole: Tool = {
    name: "look",
    description: "Looks.",
    parameters: {
      type: "object",
      properties: { where: { type: "string", enum: ["here", "there"] }, times: { type: "integer" } },
      required: ["where"],
      additionalProperties: false,
    },
    run: () => ({ seen: true }),
    ...tool,
  };
  return new ToolRunner([whole], () => performance.now(), (call) => told.push(call));
}

const HERE = '{"where":"here"}';

test("a call is run with what was given and its output is JSON", async () => {
  const output = await runner({ run: (given) => given }).call("c1", "look", HERE);

  expect(output).toBe(HERE);
  expect(told.map(({ state }) => state)).toEqual(["running", "done"]);
});

test("a call that is asked for twice is run once", async () => {
  let runs = 0;
  const counting = runner({ run: () => (runs += 1) });

  await Promise.all([counting.call("c1", "look", HERE), counting.call("c1", "look", HERE)]);

  expect(runs).toBe(1);
});

test.each([
  ["{", "not JSON"],
  ["[]", "not an object"],
  ["{}", '"where" is missing'],
  ['{"where":"nowhere"}', "must be one of"],
  ['{"where":"here","times":1.5}', '"times" must be of type integer'],
  ['{"where":"here","who":"me"}', '"who" is not known'],
  ['{"where":"here","toString":"me"}', '"toString" is not known'],
])("what the model gave wrongly is told in words: %s", async (given, words) => {
  const output = await runner({}).call("c1", "look", given);

  expect(JSON.parse(output)).toEqual({ error: expect.stringContaining(words) as string });
  expect(told.map(({ state }) => state)).toEqual(["failed"]);
});

test("a tool that is not there is told", async () => {
  expect(await runner({}).call("c1", "fly", "{}")).toContain('there is no tool \\"fly\\"');
});

test("a tool that throws is an output, not an end", async () => {
  const output = await runner({
    run: () => {
      throw new Error("no such place");
    },
  }).call("c1", "look", HERE);

  expect(output).toBe('{"error":"no such place"}');
});

test("a tool that hangs is stopped at its time limit", async () => {
  const aborted: boolean[] = [];
  const call = runner({
    timeoutMs: 2000,
    run: (_given, signal) =>
      new Promise(() => signal.addEventListener("abort", () => aborted.push(true))),
  }).call("c1", "look", HERE);
  await vi.advanceTimersByTimeAsync(2000);

  expect(await call).toBe('{"error":"no answer within 2 seconds"}');
  expect(aborted).toEqual([true]);
});

test("an output of a megabyte is cut, and the model is told how much is missing", async () => {
  const output = await runner({ run: () => "x".repeat(1_000_000) }).call("c1", "look", HERE);

  expect(output.length).toBeLessThan(20_000);
  expect(JSON.parse(output)).toMatchObject({ characters_left_out: 984_002 });
});

test("what is thrown is cut like what is answered", async () => {
  const thrown = new Error("x".repeat(1_000_000));
  const output = await runner({ run: () => Promise.reject(thrown) }).call("c1", "look", HERE);

  expect(output.length).toBeLessThan(20_000);
});

test("a tool without a result answers null", async () => {
  expect(await runner({ run: () => undefined }).call("c1", "look", HERE)).toBe("null");
});

test("a tool that asks is run only when it is allowed", async () => {
  let runs = 0;
  const asking = runner({ asks: true, run: () => (runs += 1) });
  const call = asking.call("c1", "look", HERE);
  await vi.advanceTimersByTimeAsync(1000);
  asking.decide("c1", false);

  expect(await call).toBe('{"error":"the user did not allow it"}');
  expect(runs).toBe(0);
});

test("a question that nobody answers is a no after a minute", async () => {
  const call = runner({ asks: true }).call("c1", "look", HERE);
  await vi.advanceTimersByTimeAsync(60_000);

  expect(await call).toContain("did not allow");
});

test("the end of the call ends its tools", async () => {
  const ending = runner({ run: () => new Promise(() => undefined) });
  const call = ending.call("c1", "look", HERE);
  await vi.advanceTimersByTimeAsync(10);
  ending.end();

  expect(await call).toBe('{"error":"the call was ended"}');
});

test("the app's own tools are defined as the API wants them", () => {
  expect(tools.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["local_time", "open_page"]),
  );
  for (const definition of tools.map(definitionOf)) {
    expect(definition).toMatchObject({ type: "function", parameters: { type: "object" } });
  }
});

test("local_time knows the time of a place", async () => {
  vi.setSystemTime(new Date("2026-11-22T12:30:00Z"));
  const own = new ToolRunner(tools, () => 0, () => undefined);

  // Whether a comma follows the day of the week differs between versions of Node.
  expect(await own.call("c1", "local_time", '{"time_zone":"Asia/Tokyo"}')).toMatch(
    /"Sunday,? 22 November 2026 at 21:30"/,
  );
  expect(await own.call("c2", "local_time", '{"time_zone":"Atlantis"}')).toContain("Atlantis");
});

test("open_page asks, and opens nothing but https", async () => {
  const own = new ToolRunner(tools, () => 0, (call) => told.push(call));
  const call = own.call("c1", "open_page", '{"url":"javascript:alert(1)"}');
  expect(told.map(({ state }) => state)).toEqual(["asking"]);
  own.decide("c1", true);

  expect(await call).toBe('{"error":"only https addresses are opened"}');
});
