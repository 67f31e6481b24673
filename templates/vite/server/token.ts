/**
 * The token service while the app is developed: `node server/token.ts`, with no build step (Node
 * 22.18 or newer). Vite serves the page. In production `start.ts` does both.
 */

import { listen, settingsOrEnd } from "./listening.ts";
import { createService } from "./service.ts";
import { keyTrouble } from "./settings.ts";

const settings = await settingsOrEnd(process.env);
const server = createService(settings, (line) => console.log(line));

listen(server, { port: settings.port, host: "127.0.0.1", variable: "TOKEN_PORT" }, (port) => {
  console.log(`token service on http://127.0.0.1:${port}  ${settings.model}`);
  if (keyTrouble(settings.key) !== null) {
    console.log("OPENAI_API_KEY is missing or does not look like a key; calls will be refused.");
  }
});
