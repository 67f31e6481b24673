import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    // Outside Next this package throws by design; tests run the server's code as a server.
    alias: { "server-only": `${import.meta.dirname}/node_modules/server-only/empty.js` },
  },
  test: {
    include: ["tests/*.test.ts"],
    environment: "node",
  },
});
