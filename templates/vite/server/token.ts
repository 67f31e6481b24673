/** Starts the token service: `node server/token.ts`, with no build step (Node 22.18 or newer). */

import { createService } from "./service.ts";
import { keyTrouble, readSettings } from "./settings.ts";
import type { Settings } from "./settings.ts";

function settingsOrEnd(): Settings {
  try {
    return readSettings(process.env);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}

const settings = settingsOrEnd();
const server = createService(settings, (line) => console.log(line));

server.on("error", (error: NodeJS.ErrnoException) => {
  console.error(
    error.code === "EADDRINUSE"
      ? `Port ${settings.port} is taken. Set TOKEN_PORT to another one.`
      : `The token service cannot listen: ${error.message}`,
  );
  process.exit(1);
});

server.listen(settings.port, "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : settings.port;
  console.log(`token service on http://127.0.0.1:${port}  ${settings.model}`);
  if (keyTrouble(settings.key) !== null) {
    console.log("OPENAI_API_KEY is missing or does not look like a key; calls will be refused.");
  }
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    server.close();
    server.closeIdleConnections();
    // A mint on its way may end; a client that hangs may not hold us.
    setTimeout(() => server.closeAllConnections(), 2000).unref();
  });
}
