// The helper that `rtstart emulate --node-helper` writes, used as a test of an app would use it.
import OpenAI from "openai";
import { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession } from "@openai/agents-realtime";
import { emulator } from "./emulator.mjs";

const api = await emulator({ scenario: process.env.SCENARIO, command: [process.env.PYTHON, "-m", "rtstart"] });
const client = new OpenAI({ baseURL: api.baseUrl, apiKey: api.key, maxRetries: 0 });

const transport = new OpenAIRealtimeWebSocket({ url: `${api.realtimeUrl}?model=gpt-realtime-2.1` });
const session = new RealtimeSession(new RealtimeAgent({ name: "x" }), { transport, config: { outputModalities: ["text"] } });
const text = new Promise((resolve) => {
  session.on("transport_event", (event) => { if (event.type === "response.output_text.done") resolve(event.text); });
});
await session.connect({ apiKey: api.key });
session.sendMessage("Hi");

const result = { text: await text };
await api.fault({ name: "no-quota" });
await client.realtime.clientSecrets.create({}).catch((error) => { result.refused = error.status; });
await api.clearFaults();
result.minted = (await client.realtime.clientSecrets.create({})).value.slice(0, 3);
await api.fault({ name: "dropp" }).catch((error) => { result.wrong = error.message; });
session.close();
await api.stop();
result.gone = await fetch(api.url).then(() => false, () => true);
console.log(JSON.stringify(result));
process.exit(0);
