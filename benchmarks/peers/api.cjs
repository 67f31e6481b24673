// An API that mints at once, so that what is measured is the way to it.
const http = require("node:http");

const server = http.createServer((request, response) => {
  request.resume();
  const body = JSON.stringify({ value: "ek_test0000000000", expires_at: 1, session: {} });
  response.writeHead(200, { "Content-Type": "application/json", "Content-Length": body.length });
  response.end(body);
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.argv[2]), "127.0.0.1");
