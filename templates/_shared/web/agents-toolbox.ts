/**
 * OpenAI's agents client on top of this app's calls. The agent, its tools, their approval, its
 * handoffs and guardrails are the client's; microphone, sound, fallback, reconnection and rollover
 * stay with `realtime/`, because the client has no reconnection of its own. One RealtimeSession
 * lives as long as the call, however many sessions of the API that takes.
 *
 * Source: @openai/agents-realtime 0.20, November 2026.
 */

import { OpenAIRealtimeBase, RealtimeSession, tool } from "@openai/agents-realtime";
import type { RealtimeAgent, RealtimeSessionOptions } from "@openai/agents-realtime";

import type { AnyEvent, ClientEvent, SessionUpdate } from "./realtime/events.ts";
import { bounded, errorOf } from "./realtime/tools.ts";
import type { MakeToolbox, Tool, ToolCall, Toolbox, ToolHost } from "./realtime/tools.ts";

type FunctionTool = ReturnType<typeof tool>;
type Sent = Parameters<OpenAIRealtimeBase["sendEvent"]>[0];
type Config = Parameters<OpenAIRealtimeBase["updateSessionConfig"]>[0];
type Call = Parameters<OpenAIRealtimeBase["sendFunctionCallOutput"]>[0];
type Approval = Parameters<RealtimeSession["approve"]>[0];

/** A person may take this long over a question; the call goes on meanwhile. */
const DECISION_MS = 60_000;
const TOOL_MS = 10_000;
/** For a tool that never answers and has no limit of its own. */
const LONGEST_MS = 120_000;

/** Runs this agent in a call. The session made for it can be listened to, as in its manual. */
export function agentToolbox(
  agent: RealtimeAgent,
  options: Partial<RealtimeSessionOptions<unknown>> = {},
  made: (session: RealtimeSession) => void = () => undefined,
): MakeToolbox {
  return (host) => new AgentToolbox(host, agent, options, made);
}

/** One of this app's tools as the client wants it. */
export function asAgentTool({ name, description, parameters, asks, timeoutMs, run }: Tool): FunctionTool {
  return tool({
    name,
    description,
    // The schema is JSON already; strict ones would have to require every field.
    parameters: { ...parameters, additionalProperties: true, required: [...(parameters.required ?? [])] } as never,
    strict: false,
    needsApproval: asks === true,
    timeoutMs: timeoutMs ?? TOOL_MS,
    timeoutErrorFunction: (_context, { timeoutMs: limitMs }) =>
      errorOf(`no answer within ${limitMs / 1000} seconds`),
    errorFunction: (_context, error) => errorOf(error),
    execute: async (given: unknown, _context, details) => {
      const signal = details?.signal ?? new AbortController().signal;
      return JSON.stringify((await run(given as Record<string, unknown>, signal)) ?? null);
    },
  });
}

interface Pending {
  readonly began: number;
  readonly told: Pick<ToolCall, "callId" | "name" | "given">;
  readonly timer: ReturnType<typeof setTimeout>;
  finish(output: string, state: "done" | "failed"): void;
}

class AgentToolbox implements Toolbox {
  readonly #host: ToolHost;
  readonly #session: RealtimeSession;
  readonly #bridge: Bridge;
  #connected: Promise<void> | null = null;
  readonly #calls = new Map<string, Promise<string>>();
  readonly #pending = new Map<string, Pending>();
  readonly #approvals = new Map<string, Approval>();
  readonly #failed = new Set<string>();

  constructor(
    host: ToolHost,
    agent: RealtimeAgent,
    options: Partial<RealtimeSessionOptions<unknown>>,
    made: (session: RealtimeSession) => void,
  ) {
    this.#host = host;
    this.#bridge = new Bridge(
      (event) => host.send(event),
      (call, output) => this.#answered(call.callId, output),
    );
    this.#session = new RealtimeSession(agent, {
      ...options,
      transport: this.#bridge,
      // The trace is begun by the server's session, or not at all.
      tracingDisabled: true,
    });
    // What the API refuses is shown by the call itself, and a tool's error is its output; without
    // a listener each would be an uncaught exception as well.
    this.#session.on("error", () => undefined);
    this.#session.on("tool_approval_requested", (_context, _agent, { approvalItem }) => {
      const { rawItem } = approvalItem;
      if (rawItem.type !== "function_call") return;
      this.#approvals.set(rawItem.callId, approvalItem);
      this.#show(rawItem.callId, "asking", "");
      setTimeout(() => this.decide(rawItem.callId, false), DECISION_MS);
    });
    this.#session.on("agent_tool_start", (_context, _agent, _tool, { toolCall }) => {
      if (toolCall.type === "function_call") this.#show(toolCall.callId, "running", "");
    });
    made(this.#session);
  }

  async sessionUpdate(): Promise<SessionUpdate | null> {
    this.#connected ??= this.#session.connect({ apiKey: "" });
    await this.#connected;
    return this.#bridge.update;
  }

  overhear(event: AnyEvent): void {
    this.#bridge.hear(event);
  }

  call(callId: string, name: string, given: string): Promise<string> {
    const running = this.#calls.get(callId) ?? this.#run({ callId, name, given });
    this.#calls.set(callId, running);
    return running;
  }

  decide(callId: string, allowed: boolean): void {
    const approval = this.#approvals.get(callId);
    if (approval === undefined) return;
    this.#approvals.delete(callId);
    if (!allowed) this.#failed.add(callId);
    const message = JSON.stringify({ error: "the user did not allow it" });
    const decided = allowed
      ? this.#session.approve(approval)
      : this.#session.reject(approval, { message });
    decided.catch((error: unknown) => this.#answered(callId, errorOf(error)));
  }

  end(): void {
    for (const { finish } of this.#pending.values()) finish(errorOf("the call was ended"), "failed");
    this.#approvals.clear();
    this.#calls.clear();
    this.#session.close();
    this.#connected = null;
  }

  #run(told: Pending["told"]): Promise<string> {
    const fault = this.#faultIn(told);
    if (fault === null) return this.#wait(told);
    // The client would say nothing at all, and the model wait in vain.
    const output = errorOf(fault);
    this.#host.changed({ ...told, state: "failed", output, tookMs: 0 });
    return Promise.resolve(output);
  }

  #faultIn({ name, given }: Pending["told"]): string | null {
    if (!this.#bridge.offers(name)) return `there is no tool "${name}"`;
    try {
      JSON.parse(given);
      return null;
    } catch {
      return "the arguments are not JSON";
    }
  }

  #wait(told: Pending["told"]): Promise<string> {
    return new Promise((resolve) => {
      const began = this.#host.now();
      const finish: Pending["finish"] = (output, state) => {
        clearTimeout(timer);
        this.#pending.delete(told.callId);
        this.#host.changed({ ...told, state, output, tookMs: this.#host.now() - began });
        resolve(output);
      };
      const timer = setTimeout(
        () => finish(errorOf(`no answer within ${LONGEST_MS / 1000} seconds`), "failed"),
        LONGEST_MS,
      );
      this.#pending.set(told.callId, { began, told, timer, finish });
      this.#show(told.callId, "running", "");
    });
  }

  #answered(callId: string, output: string): void {
    const failed = this.#failed.delete(callId) || output.startsWith('{"error":');
    this.#pending.get(callId)?.finish(bounded(output), failed ? "failed" : "done");
  }

  #show(callId: string, state: "asking" | "running", output: string): void {
    const pending = this.#pending.get(callId);
    if (pending === undefined) return;
    const tookMs = this.#host.now() - pending.began;
    this.#host.changed({ ...pending.told, state, output, tookMs });
  }
}

/** What the client takes for its connection; it is this app's, whichever that is at the moment. */
class Bridge extends OpenAIRealtimeBase {
  /** What each new session is told of the agent. */
  update: SessionUpdate | null = null;
  readonly muted = null;

  readonly #send: (event: ClientEvent) => void;
  readonly #output: (call: Call, output: string) => void;
  #status: "connected" | "disconnected" = "disconnected";

  constructor(send: (event: ClientEvent) => void, output: (call: Call, output: string) => void) {
    super();
    this.#send = send;
    this.#output = output;
  }

  get status(): "connected" | "disconnected" {
    return this.#status;
  }

  async connect({ initialSessionConfig = {} }: { initialSessionConfig?: Config }): Promise<void> {
    this.update = this.#updateOf(initialSessionConfig);
    this.#status = "connected";
    this.emit("connection_change", this.#status);
    // oxlint-disable-next-line no-underscore-dangle -- so the client calls it
    this._onOpen();
  }

  /** Another agent has taken over, or its tools have changed: also for the sessions to come. */
  override updateSessionConfig(config: Config): void {
    this.update = this.#updateOf(config);
    if (this.update !== null) this.#send({ type: "session.update", session: this.update });
  }

  /** Whether the model was told of a tool of this name, or of an agent to hand over to. */
  offers(name: string): boolean {
    const tools = (this.update?.tools ?? []) as readonly { name?: string }[];
    return tools.some((one) => one.name === name);
  }

  sendEvent(event: Sent): void {
    this.#send(event as unknown as ClientEvent);
  }

  /** Goes the way of all tools: outputs of one answer together, then one request for the next. */
  override sendFunctionCallOutput(call: Call, output: string): void {
    this.#output(call, output);
  }

  hear(event: AnyEvent): void {
    // oxlint-disable-next-line no-underscore-dangle -- so the client calls it
    this._onMessage({ data: JSON.stringify(event) } as MessageEvent);
  }

  interrupt(): void {
    this.#send({ type: "response.cancel" });
  }

  mute(): void {
    // The page mutes the microphone itself.
  }

  close(): void {
    this.#status = "disconnected";
    this.emit("connection_change", this.#status);
    // oxlint-disable-next-line no-underscore-dangle -- so the client calls it
    this._onClose();
  }

  /** Instructions and tools alone: sound, voice and turns are this app's settings. */
  #updateOf(config: Config): SessionUpdate | null {
    const { instructions, tools } = this.buildSessionPayload(config) as {
      instructions?: string;
      tools?: readonly object[];
    };
    const told = instructions === undefined || instructions === "" ? {} : { instructions };
    return { type: "realtime", ...told, tools: tools ?? [] };
  }
}
