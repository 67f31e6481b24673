/**
 * Runs the tools that the model calls: checks what it was given, asks the person where that is
 * due, keeps a time limit, and answers in the order the API wants: every output of an answer
 * first, then one `response.create`.
 */

import type { AnyEvent, ClientEvent, SessionUpdate } from "./events.ts";

/** Something the model may do. */
export interface Tool {
  readonly name: string;
  /** When and what for, in words for the model. */
  readonly description: string;
  /** JSON Schema of an object. */
  readonly parameters: Schema;
  /** True when a person must allow every single call. */
  readonly asks?: boolean;
  /** How long it may take; 10 seconds otherwise. */
  readonly timeoutMs?: number;
  /** What it does. The answer is given to the model as JSON; what is thrown, as an error. */
  run(given: Readonly<Record<string, unknown>>, signal: AbortSignal): unknown;
}

export interface Schema {
  readonly type: "object";
  readonly properties: Readonly<Record<string, Property>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
}

interface Property {
  readonly type: "string" | "number" | "integer" | "boolean" | "array" | "object";
  readonly description?: string;
  readonly enum?: readonly unknown[];
}

/** A call of a tool, as the page shows it. */
export interface ToolCall {
  readonly callId: string;
  readonly name: string;
  /** What the model gave, as JSON text. */
  readonly given: string;
  readonly state: "asking" | "running" | "done" | "failed";
  /** What the model was told, as JSON text; empty until then. */
  readonly output: string;
  readonly tookMs: number;
}

const TIMEOUT_MS = 10_000;
const DECISION_MS = 60_000;
/** Longer outputs are cut: they would fill the model's memory and cost with every answer. */
const OUTPUT_LIMIT = 16_000;

/** What the API is told about a tool. */
export function definitionOf({ name, description, parameters }: Tool): object {
  return { type: "function", name, description, parameters };
}

/** What runs the tools of a call: `ToolRunner`, or a client of somebody else's. */
export interface Toolbox {
  /** Runs a call, once however often it is asked for. The answer is the output; it never fails. */
  call(callId: string, name: string, given: string): Promise<string>;
  /** What the person said to a call that asks. */
  decide(callId: string, allowed: boolean): void;
  /** Ends everything that still runs. */
  end(): void;
  /** What each new session is told besides the settings, when there is something. */
  sessionUpdate?(): Promise<SessionUpdate | null>;
  /** Told every message of the session in use, before it is acted on. */
  overhear?(event: AnyEvent): void;
}

/** What a toolbox is given. */
export interface ToolHost {
  now(): number;
  /** Told every state of every call. */
  changed(call: ToolCall): void;
  /** Tells the session in use something; lost when there is none. */
  send(event: ClientEvent): void;
}

export type MakeToolbox = (host: ToolHost) => Toolbox;

export class ToolRunner implements Toolbox {
  readonly #tools: ReadonlyMap<string, Tool>;
  readonly #changed: (call: ToolCall) => void;
  readonly #now: () => number;
  readonly #calls = new Map<string, Promise<string>>();
  readonly #decisions = new Map<string, (allowed: boolean) => void>();
  #ended = new AbortController();

  /** `changed` is told every state of every call. */
  constructor(tools: readonly Tool[], now: () => number, changed: (call: ToolCall) => void) {
    this.#tools = new Map(tools.map((tool) => [tool.name, tool]));
    this.#now = now;
    this.#changed = changed;
  }

  /** Runs a call, once however often it is asked for. The answer is the output; it never fails. */
  call(callId: string, name: string, given: string): Promise<string> {
    const running = this.#calls.get(callId) ?? this.#run(callId, name, given);
    this.#calls.set(callId, running);
    return running;
  }

  /** What the person said to a call that asks. */
  decide(callId: string, allowed: boolean): void {
    this.#decisions.get(callId)?.(allowed);
  }

  /** Ends everything that still runs. */
  end(): void {
    this.#ended.abort();
    this.#ended = new AbortController();
    for (const decide of this.#decisions.values()) decide(false);
    this.#calls.clear();
  }

  async #run(callId: string, name: string, given: string): Promise<string> {
    const began = this.#now();
    const told = { callId, name, given };
    const tell = (state: ToolCall["state"], output: string): string => {
      this.#changed({ ...told, state, output, tookMs: this.#now() - began });
      return output;
    };
    const tool = this.#tools.get(name);
    const fault = tool === undefined ? `there is no tool "${name}"` : faultIn(tool, given);
    if (tool === undefined || fault !== null) return tell("failed", errorOf(fault ?? ""));
    if (tool.asks === true) {
      tell("asking", "");
      if (!(await this.#asks(callId))) return tell("failed", errorOf("the user did not allow it"));
    }
    tell("running", "");
    try {
      return tell("done", await this.#within(tool, JSON.parse(given) as Record<string, unknown>));
    } catch (error) {
      return tell("failed", errorOf(error));
    }
  }

  #asks(callId: string): Promise<boolean> {
    return new Promise((resolve) => {
      const decide = (allowed: boolean): void => {
        clearTimeout(timer);
        this.#decisions.delete(callId);
        resolve(allowed);
      };
      const timer = setTimeout(() => decide(false), DECISION_MS);
      this.#decisions.set(callId, decide);
    });
  }

  async #within(tool: Tool, given: Readonly<Record<string, unknown>>): Promise<string> {
    const { timeoutMs = TIMEOUT_MS } = tool;
    const stop = new AbortController();
    const ended = this.#ended.signal;
    const limit = new Promise<never>((_resolve, reject) => {
      const end = (why: string) => (): void => {
        reject(new Error(why));
        stop.abort();
      };
      const timer = setTimeout(end(`no answer within ${timeoutMs / 1000} seconds`), timeoutMs);
      ended.addEventListener("abort", end("the call was ended"), { signal: stop.signal });
      stop.signal.addEventListener("abort", () => clearTimeout(timer));
    });
    try {
      const result = await Promise.race([
        Promise.resolve().then(() => tool.run(given, stop.signal)),
        limit,
      ]);
      return bounded(JSON.stringify(result) ?? "null");
    } finally {
      stop.abort();
    }
  }
}

/** What is wrong with what the model gave, in words that let it do better, or null. */
function faultIn({ parameters }: Tool, given: string): string | null {
  let values: unknown;
  try {
    values = JSON.parse(given);
  } catch {
    return "the arguments are not JSON";
  }
  if (typeOf(values) !== "object") return "the arguments are not an object";
  const object = values as Readonly<Record<string, unknown>>;
  for (const name of parameters.required ?? []) {
    if (!Object.hasOwn(object, name)) return `"${name}" is missing`;
  }
  for (const [name, value] of Object.entries(object)) {
    const property = Object.hasOwn(parameters.properties, name)
      ? parameters.properties[name]
      : undefined;
    if (property === undefined) {
      if (parameters.additionalProperties === false) return `"${name}" is not known`;
      continue;
    }
    const type = typeOf(value);
    const fits = type === property.type || (type === "integer" && property.type === "number");
    if (!fits) return `"${name}" must be of type ${property.type}`;
    if (property.enum !== undefined && !property.enum.includes(value)) {
      return `"${name}" must be one of ${JSON.stringify(property.enum)}`;
    }
  }
  return null;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

/** The output of a call that went wrong. */
export function errorOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return JSON.stringify({ error: message.slice(0, OUTPUT_LIMIT) });
}

/** The output, or its beginning when it is too long to be told. */
export function bounded(output: string): string {
  if (output.length <= OUTPUT_LIMIT) return output;
  const left_out = output.length - OUTPUT_LIMIT;
  return JSON.stringify({ beginning: output.slice(0, OUTPUT_LIMIT), characters_left_out: left_out });
}
