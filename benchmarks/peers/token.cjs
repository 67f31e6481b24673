// A token backend as the templates have it: asks the API for a secret and passes it on.
const http = require("node:http");

const [port, apiUrl] = process.argv.slice(2);
const body = JSON.stringify({
  expires_after: { anchor: "created_at", seconds: 60 },
  session: { type: "realtime", model: "gpt-realtime-2.1" },
});
const server = http.createServer(async (request, response) => {
  request.resume();
  const answer = await fetch(`${apiUrl}/realtime/client_secrets`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: "Bearer sk-test-benchmark" },
    body,
  });
  const { value, expires_at } = await answer.json();
  response.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(JSON.stringify({ value, expires_at }));
});
server.keepAliveTimeout = 60_000;
server.listen(Number(port), "127.0.0.1");
