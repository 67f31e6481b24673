/** What both programs do with a server: listen, say when they cannot, and end in peace. */

import type { Server } from "node:http";

import { readSettings } from "./settings.ts";
import type { Settings } from "./settings.ts";

/** How long requests that are under way may take to end. */
const GRACE_MS = 5000;

/** Runs something that reads the environment; what is wrong with it is said, and is the end. */
export async function orEnd<T>(read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}

export function settingsOrEnd(environment: NodeJS.ProcessEnv): Promise<Settings> {
  return orEnd(() => readSettings(environment));
}

/** Listens until the process is asked to end. `variable` is where another port can be set. */
export function listen(
  server: Server,
  where: { readonly port: number; readonly host: string; readonly variable: string },
  listening: (port: number) => void,
  ended: () => void = () => undefined,
): void {
  server.on("error", (error: NodeJS.ErrnoException) => {
    console.error(
      error.code === "EADDRINUSE"
        ? `Port ${where.port} is taken. Set ${where.variable} to another one.`
        : `The service cannot listen: ${error.message}`,
    );
    process.exit(1);
  });
  server.listen(where.port, where.host, () => {
    const address = server.address();
    listening(typeof address === "object" && address !== null ? address.port : where.port);
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      server.close(ended);
      server.closeIdleConnections();
      // A mint on its way may end; a client that hangs may not hold us.
      setTimeout(() => server.closeAllConnections(), GRACE_MS).unref();
    });
  }
}
