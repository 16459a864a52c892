/**
 * `test:faults`: runs the suite, and writes what it measured.
 *
 * Fails if a test fails or a row was not measured.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import { createRequire } from "node:module"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import * as Host from "./Host.ts"
import * as Namespace from "./Namespace.ts"
import * as Row from "./Row.ts"

const packageFolder = fileURLToPath(new URL("..", import.meta.url))
const pageFile = fileURLToPath(new URL("../../../docs/internals/faults.md", import.meta.url))
const vitest = Path.join(Path.dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs")

const runVitest = (env: NodeJS.ProcessEnv, only: string | undefined) =>
  Effect.callback<number>((resume) => {
    const filter = only === undefined ? [] : ["-t", `\\b${only}:`]
    const child = spawn(
      process.execPath,
      [vitest, "run", "--config", Path.join(packageFolder, "vitest.config.ts"), ...filter],
      { cwd: packageFolder, stdio: "inherit", env: { ...process.env, ...env } }
    )
    child.on("error", () => resume(Effect.succeed(1)))
    child.on("close", (code) => resume(Effect.succeed(code ?? 1)))
    return Effect.callback<void>((done) => {
      child.once("close", () => done(Effect.void))
      child.kill("SIGINT")
    })
  })

const suite = Command.make(
  "test:faults",
  {
    short: Flag.Boolean("short").pipe(
      Flag.withDefault(process.env.FAULTS_DOSE === "short"),
      Flag.withDescription("Short doses, for continuous integration; FAULTS_DOSE=short does the same")
    ),
    write: Flag.Boolean("write").pipe(
      Flag.withDefault(false),
      Flag.withDescription(
        "Write what was measured to docs/internals/faults.md; with --only, beside what the last whole run measured"
      )
    ),
    only: Flag.String("only").pipe(Flag.optional, Flag.withDescription("One row, for example U6"))
  },
  Effect.fnUntraced(function*({ only, short, write }) {
    const missing = yield* Host.missing
    if (missing.length > 0) {
      console.log(`The faults were not tested, this machine lacks: ${missing.join("; ")}.`)
      process.exitCode = process.env.CI === "true" ? 1 : 0
      return
    }
    yield* Namespace.sweep
    // A test process that is killed can't remove its namespaces.
    yield* Effect.addFinalizer(() => Effect.ignore(Namespace.sweep))
    const files = yield* FileSystem.FileSystem
    const results = Path.join(yield* files.makeTempDirectoryScoped({ prefix: "efflux-faults-" }), "results")
    Fs.writeFileSync(results, "")
    const env = { FAULTS_RUN: String(process.pid), FAULTS_RESULTS: results, FAULTS_DOSE: short ? "short" : "full" }
    const code = yield* runVitest(env, Option.getOrUndefined(only))
    process.exitCode = code
    if (code !== 0) return
    // The results are kept, so that a single row can be measured again for the page.
    const kept = Path.join(packageFolder, "dist", `results-${env.FAULTS_DOSE}`)
    const fresh = Row.readResults(results)
    if (fresh.length === 0) {
      console.error(`Nothing was measured: there is no row ${Option.getOrElse(only, () => "")}`)
      process.exitCode = 1
      return
    }
    const older = Option.isSome(only) && Fs.existsSync(kept) ? Row.readResults(kept) : []
    const measured = [...older.filter(({ id }) => !fresh.some((result) => result.id === id)), ...fresh]
    Fs.mkdirSync(Path.dirname(kept), { recursive: true })
    Fs.writeFileSync(kept, measured.map((result) => `${JSON.stringify(result)}\n`).join(""))
    if (Option.isSome(only) && !write) return
    const absent = Row.rows.filter((row) => !measured.some((result) => result.id === row.id))
    if (absent.length > 0) {
      console.error(`Not measured: ${absent.map((row) => row.id).join(", ")}`)
      process.exitCode = 1
      return
    }
    if (write) {
      const date = new Date().toISOString().slice(0, 10)
      Fs.writeFileSync(pageFile, Row.page(measured, { machine: Host.machine(), date, short }))
    }
  }, Effect.scoped)
).pipe(Command.withDescription(
  "Does the worst to a program with an Efflux database: closed ports, slow and lossy links, firewalls, stopped and killed servers, floods. As root on Linux."
))

suite.pipe(Command.run({ version: "0.0.0" }), Effect.provide(NodeServices.layer), NodeRuntime.runMain)
