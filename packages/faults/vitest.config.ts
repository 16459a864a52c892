import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

/** The suite of `test:faults`: one test at a time, as they measure. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL(".", import.meta.url)),
    include: ["test/**/*.fault.ts"],
    fileParallelism: false,
    maxWorkers: 1,
    testTimeout: 300_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    disableConsoleIntercept: true,
    globalSetup: [fileURLToPath(new URL("../testkit/src/globalSetup.ts", import.meta.url))]
  }
})
