// `@openai/agents-realtime`, unmodified, in Node over a WebSocket. One scenario for each run.
import { readFileSync } from "node:fs";
import { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession, tool } from "@openai/agents-realtime";
import { z } from "zod";

const url = process.env.REALTIME_URL;
const apiKey = process.env.OPENAI_API_KEY;
const seen = [];
const history = () => seen.history ?? [];

async function connected({ tools = [], config = {}, options = {}, query = "model=gpt-realtime-2.1" } = {}) {
  const agent = new RealtimeAgent({ name: "Helper", instructions: "Be kind.", tools });
  const transport = new OpenAIRealtimeWebSocket({ url: `${url}?${query}` });
  const session = new RealtimeSession(agent, { transport, config, ...options });
  session.on("transport_event", (event) => seen.push(event));
  session.on("history_updated", (items) => { seen.history = items; });
  const errors = [];
  session.on("error", (error) => errors.push(error.error?.error?.code ?? String(error.error?.message ?? error)));
  session.errors = errors;
  await session.connect({ apiKey });
  return session;
}

async function until(what, isIt, withinMs = 8000) {
  const end = Date.now() + withinMs;
  while (!isIt()) {
    if (Date.now() > end) throw new Error(`no ${what}; came: ${[...new Set(seen.map((e) => e.type))]}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const came = (type, times = 1) => until(type, () => seen.filter((e) => e.type === type).length >= times);
const texts = () => history().filter((item) => item.type === "message").map((item) =>
  [item.role, item.status, item.content.map((part) => part.text ?? part.transcript ?? null).join("")]);

function speak(session, path = process.env.SPEECH) {
  const said = readFileSync(path);
  for (let at = 0; at < said.length; at += 4800) {
    const piece = said.subarray(at, at + 4800);
    session.sendAudio(piece.buffer.slice(piece.byteOffset, piece.byteOffset + piece.length));
  }
}

const serverVad = { audio: { input: { turnDetection: { type: "server_vad", interruptResponse: true } } } };
const text = { outputModalities: ["text"] };

const scenarios = {
  async text() {
    const session = await connected({ config: text });
    session.sendMessage("Hello");
    await came("response.done");
    await until("history", () => texts().length === 2);
    return { texts: texts(), errors: session.errors };
  },

  async speech() {
    const session = await connected({ config: serverVad });
    let bytes = 0;
    session.transport.on("audio", (event) => { bytes += event.data.byteLength; });
    speak(session);
    await came("response.done");
    await came("conversation.item.input_audio_transcription.completed");
    await came("conversation.item.retrieved");
    await until("usage", () => session.usage.totalTokens > 0);
    return { texts: texts(), samples: bytes / 2, errors: session.errors, usage: session.usage.totalTokens > 0 };
  },

  async tool() {
    const ran = [];
    const getTime = tool({
      name: "get_time",
      description: "The time",
      parameters: z.object({}),
      needsApproval: true,
      execute: async () => { ran.push("noon"); return "noon"; },
    });
    const session = await connected({ tools: [getTime], config: { ...text, toolChoice: "required" } });
    const asked = [];
    session.on("tool_approval_requested", (_context, _agent, request) => {
      asked.push(request.approvalItem.rawItem.name);
      session.transport.updateSessionConfig({ ...text, toolChoice: "none" });
      session.approve(request.approvalItem);
    });
    session.sendMessage("What time is it?");
    await came("response.done", 2);
    await until("answer", () => texts().some(([role]) => role === "assistant"));
    return { asked, ran, texts: texts(), errors: session.errors };
  },

  async interruption() {
    const session = await connected({ config: serverVad });
    let interrupted = 0;
    session.on("audio_interrupted", () => { interrupted += 1; });
    speak(session, process.env.FIRST);
    await came("response.output_audio.delta");
    await new Promise((resolve) => setTimeout(resolve, 300));
    speak(session, process.env.SECOND);
    await came("conversation.item.truncated");
    await came("response.done", 2);
    return { interrupted, errors: session.errors };
  },

  async manual() {
    const session = await connected({ config: serverVad });
    speak(session);
    await came("response.output_audio.delta");
    session.interrupt();
    await came("response.done");
    session.sendMessage("And now?");
    await came("response.done", 2);
    return { statuses: seen.filter((e) => e.type === "response.done").map((e) => e.response.status), errors: session.errors };
  },

  async end() {
    const session = await connected();
    let disconnected = false;
    session.transport.on("connection_change", (state) => { disconnected ||= state === "disconnected"; });
    await until("disconnection", () => disconnected);
    return { errors: session.errors };
  },

  async model() {
    const session = await connected({ query: "model=gpt-nope" });
    await until("error", () => session.errors.length > 0);
    return { errors: session.errors };
  },
};

const result = await scenarios[process.argv[2]]();
console.log(JSON.stringify(result));
process.exit(0);
