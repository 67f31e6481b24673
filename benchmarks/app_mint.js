// The parts of app_mint.py that must not be slower than what they measure.
//   node app_mint.js upstream | bare UPSTREAM | load SECONDS CONNECTIONS URL...
import { Agent, createServer, request } from "node:http";

const SECRET = JSON.stringify({ value: "ek_bench", expires_at: 4102444800, session: {} });
const agent = new Agent({ keepAlive: true });

function post(url, body, headers) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "POST", agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part) => (text += part));
      response.on("end", () => resolve({ status: response.statusCode, text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

function serve(answer) {
  const server = createServer((incoming, response) => {
    incoming.resume();
    incoming.on("end", () => answer(response));
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
}

async function load(seconds, connections, urls) {
  const headers = { "content-type": "application/json", "x-user": "bench" };
  const until = performance.now() + seconds * 1000;
  const times = [];
  const one = async (url) => {
    while (performance.now() < until) {
      const began = performance.now();
      const { status } = await post(url, "{}", headers);
      if (status !== 200) throw new Error(`status ${status}`);
      times.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: connections }, (_, n) => one(urls[n % urls.length])));
  times.sort((a, b) => a - b);
  const at = (part) => times[Math.floor(times.length * part)];
  console.log(JSON.stringify({ per_s: times.length / seconds, p50_ms: at(0.5), p99_ms: at(0.99) }));
}

const [what, ...more] = process.argv.slice(2);
if (what === "upstream") {
  serve((response) => response.writeHead(200, { "content-type": "application/json" }).end(SECRET));
} else if (what === "bare") {
  // What a sample's token route does: asks, and hands on.
  serve(async (response) => {
    const asked = await fetch(`${more[0]}/realtime/client_secrets`, {
      method: "POST",
      headers: { authorization: "Bearer sk-test", "content-type": "application/json" },
      body: JSON.stringify({ session: { type: "realtime", model: "gpt-realtime-2.1" } }),
    });
    response.writeHead(200, { "content-type": "application/json" }).end(await asked.text());
  });
} else {
  await load(Number(more[0]), Number(more[1]), more.slice(2));
}
