// node's http-proxy, set up as well as it can be: connections to the upstream are kept.
const http = require("node:http");
const httpProxy = require("http-proxy");

const [port, upstream] = process.argv.slice(2).map(Number);
const proxy = httpProxy.createProxyServer({
  target: { host: "127.0.0.1", port: upstream },
  agent: new http.Agent({ keepAlive: true }),
  xfwd: true,
});
proxy.on("error", (error, _request, response) => response.destroy?.(error));
const server = http.createServer((request, response) => proxy.web(request, response));
server.on("upgrade", (request, socket, head) => proxy.ws(request, socket, head));
server.listen(port, "127.0.0.1");
