// A Realtime API on this machine for the tests of a Node app. Needs `rtstart` on the PATH.
//
//   import { emulator } from "./emulator.mjs";
//   const api = await emulator({ scenario: "weather.yaml", faults: ["slow-tool"] });
//   const client = new OpenAI({ baseURL: api.baseUrl, apiKey: api.key });
//   await api.stop();                       // or `await using api = await emulator()`
//
// Written by `rtstart emulate --node-helper`.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Start an emulator on a free port; the options are those of `rtstart emulate`. */
export async function emulator(options = {}) {
  const { scenario, replay, record, faults = [], seed, session, tls = false } = options;
  const command = options.command ?? ["rtstart"];
  const words = ["emulate", "--port", "0", "--json"];
  if (tls) words.push("--tls-port", "0");
  for (const [name, value] of Object.entries({ scenario, replay, record, seed, session })) {
    if (value !== undefined) words.push(`--${name}`, String(value));
  }
  for (const fault of faults) words.push("--fault", fault);

  const child = spawn(command[0], [...command.slice(1), ...words], { stdio: ["ignore", "pipe", "pipe"] });
  let complaint = "";
  child.stderr.on("data", (data) => { complaint += data; });
  const ended = new Promise((resolve) => { child.once("close", resolve); });
  const told = await new Promise((resolve, reject) => {
    child.once("error", (error) => reject(new Error(`${command[0]} could not be started: ${error.message}`)));
    child.once("close", (code) => reject(new Error(`rtstart emulate ended with ${code}: ${complaint}`)));
    createInterface({ input: child.stdout }).once("line", (line) => resolve(JSON.parse(line)));
  });

  const control = async (method, body) => {
    const answer = await fetch(`${told.url}/.rtstart/faults`, {
      method,
      headers: { "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    if (!answer.ok) throw new Error((await answer.json()).error.message);
  };
  const stop = async () => { child.kill(); await ended; };
  return {
    url: told.url,
    baseUrl: told.env.OPENAI_BASE_URL,
    realtimeUrl: told.env.REALTIME_URL.replace(/^http/, "ws"),
    key: told.env.OPENAI_API_KEY,
    env: told.env,
    /** Switch a fault on: `{ name: "drop", at: "2s" }`. */
    fault: (fault) => control("POST", fault),
    /** Switch every fault off. */
    clearFaults: () => control("DELETE"),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
