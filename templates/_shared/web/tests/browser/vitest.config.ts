import { defineConfig } from "vitest/config";

// Apart from the unit tests: these need a browser, and something that answers as the API does.
export default defineConfig({
  test: {
    include: ["tests/browser/*.test.ts"],
    environment: "node",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
