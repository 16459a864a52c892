import * as Os from "node:os"
import * as Path from "node:path"
import { defineConfig } from "vitest/config"
import { SecretReporter } from "./packages/testkit/src/secretReporter.ts"

// One more than there are cores: many tests wait for a server or a timeout.
const maxWorkers = Math.max(2, Os.availableParallelism()) + 1

/**
 * One project per package; tests against a real server run after the rest, two files at a time. Without `isolate`, the
 * files that a worker runs share the modules that they load.
 */
const unit = (name: string, root: string) => ({
  extends: true as const,
  test: {
    name,
    root,
    include: ["test/**/*.test.ts"],
    exclude: ["test/**/*.server.test.ts"],
    isolate: false,
    maxWorkers,
    sequence: { groupOrder: 0 }
  }
})

const server = (name: string, root: string) => ({
  extends: true as const,
  test: {
    name: `${name}:server`,
    root,
    include: ["test/**/*.server.test.ts"],
    isolate: false,
    maxWorkers: 2,
    sequence: { groupOrder: 1 }
  }
})

/** Its tests start the command. */
const withCommand = <P extends ReturnType<typeof server>>(project: P) => ({
  ...project,
  test: { ...project.test, globalSetup: ["test/support/globalSetup.ts"] }
})

const report = process.env.TEST_REPORT

export default defineConfig({
  test: {
    // Time never decides: these only end what hangs, on a machine as busy as it may be.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
    // Tests start some hundred programs from their sources: what they compile is kept, which halves the time of a start.
    env: { NODE_COMPILE_CACHE: Path.join(import.meta.dirname, "node_modules/.cache/compile") },
    // Finds or fetches influxd once for all projects.
    globalSetup: ["packages/testkit/src/globalSetup.ts"],
    // No token or password of a test is ever shown. `.ci/run` reads the outcome from a file.
    reporters: [
      "default",
      new SecretReporter(),
      ...(report === undefined ? [] : [["json", { outputFile: report }] satisfies [string, object]])
    ],
    coverage: {
      include: ["packages/efflux/src/**/*.ts"]
    },
    projects: [
      unit("efflux", "packages/efflux"),
      unit("testkit", "packages/testkit"),
      unit("benchmark", "packages/benchmark"),
      unit("panel", "packages/panel"),
      withCommand(unit("cli", "packages/cli")),
      unit("faults", "packages/faults"),
      unit("simulation", "packages/simulation"),
      unit("examples", "examples"),
      unit("repository", "scripts"),
      server("efflux", "packages/efflux"),
      server("testkit", "packages/testkit"),
      server("benchmark", "packages/benchmark"),
      withCommand(server("cli", "packages/cli")),
      server("faults", "packages/faults"),
      server("examples", "examples")
    ]
  }
})
