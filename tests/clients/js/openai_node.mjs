// Node `openai`, unmodified. One scenario for each run; the result is one line of JSON.
import { readFileSync } from "node:fs";
import OpenAI from "openai";
import { OpenAIRealtimeWebSocket } from "openai/realtime/websocket";
import { OpenAIRealtimeWS } from "openai/realtime/ws";

const client = new OpenAI({ maxRetries: 0 });
const model = "gpt-realtime-2.1";

function talked(realtime, start) {
  return new Promise((resolve, reject) => {
    const types = [];
    let text = "";
    const sound = [];
    realtime.on("error", (error) => reject(error));
    realtime.on("event", (event) => {
      types.push(event.type);
      if (event.type === "session.created") start();
      if (event.type === "response.output_text.delta") text += event.delta;
      if (event.type === "response.output_audio.delta") sound.push(Buffer.from(event.delta, "base64"));
      if (event.type === "response.done") {
        realtime.close();
        resolve({ types, text, samples: Buffer.concat(sound).length / 2 });
      }
    });
  });
}

function write(realtime) {
  const content = [{ type: "input_text", text: "Hello" }];
  realtime.send({ type: "session.update", session: { type: "realtime", output_modalities: ["text"] } });
  realtime.send({ type: "conversation.item.create", item: { type: "message", role: "user", content } });
  realtime.send({ type: "response.create" });
}

const scenarios = {
  async mint() {
    const minted = await client.realtime.clientSecrets.create({
      expires_after: { anchor: "created_at", seconds: 60 },
      session: { type: "realtime", model, audio: { output: { voice: "marin" } } },
    });
    return { prefix: minted.value.slice(0, 3), voice: minted.session.audio.output.voice };
  },

  async refused() {
    try {
      await client.realtime.clientSecrets.create({ session: { type: "realtime", voice: "alloy" } });
    } catch (error) {
      return { kind: error.constructor.name, status: error.status, code: error.code, param: error.param };
    }
  },

  async calls() {
    const sdp = readFileSync(process.env.OFFER, "utf8");
    const raw = await client.realtime.calls.create({ sdp });
    const form = await client.realtime.calls.create({ sdp, session: { type: "realtime", model } });
    const ids = [raw, form].map((answer) => answer.headers.get("location").split("/").pop());
    for (const id of ids) await client.realtime.calls.hangup(id);
    return { bodies: [(await raw.text()).slice(0, 3), (await form.text()).slice(0, 3)], ids };
  },

  async ws() {
    const realtime = new OpenAIRealtimeWS({ model }, client);
    return talked(realtime, () => write(realtime));
  },

  async websocket() {
    const realtime = new OpenAIRealtimeWebSocket({ model, dangerouslyAllowBrowser: true }, client);
    return talked(realtime, () => write(realtime));
  },

  async speak() {
    const realtime = new OpenAIRealtimeWS({ model }, client);
    const said = readFileSync(process.env.SPEECH);
    return talked(realtime, () => {
      for (let at = 0; at < said.length; at += 4800) {
        const audio = said.subarray(at, at + 4800).toString("base64");
        realtime.send({ type: "input_audio_buffer.append", audio });
      }
    });
  },

  async model() {
    const realtime = new OpenAIRealtimeWS({ model: "gpt-nope" }, client);
    const codes = [];
    realtime.on("error", (error) => codes.push(error.error?.code ?? error.message));
    return new Promise((resolve) => {
      realtime.socket.on("close", (code, reason) => resolve({ codes, code, reason: String(reason) }));
    });
  },
};

const result = await scenarios[process.argv[2]]();
console.log(JSON.stringify(result));
process.exit(0);
