// The server that every contender stands before: a page of 20 kB, and a WebSocket echo.
const http = require("node:http");
const { WebSocketServer } = require("ws");

const page = Buffer.alloc(20_000, "x");
const server = http.createServer((request, response) => {
  request.resume();
  response.writeHead(200, { "Content-Type": "text/javascript", "Content-Length": page.length });
  response.end(page);
});
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on("connection", (socket) => {
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.argv[2]), "127.0.0.1");
