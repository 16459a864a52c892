import { Effect, type Scope } from "effect"
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import * as Path from "node:path"

const folder = Path.resolve(import.meta.dirname, "../..")
const cache = Path.join(folder, "node_modules/.cache/compile")

export interface Options {
  readonly args?: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
}

/** What a program printed, and the code or signal that it ended with. */
export interface Outcome {
  readonly stdout: string
  readonly stderr: string
  readonly exit: number | NodeJS.Signals | null
}

/** A program that was started. */
export class Run {
  stdout = ""
  stderr = ""
  readonly ended: Promise<Outcome>
  readonly #process: ChildProcessWithoutNullStreams

  constructor(file: string, options: Options) {
    const child = spawn(process.execPath, [Path.join(folder, file), ...options.args ?? []], {
      // Compiled code is cached: a short program spends most of its time loading Effect.
      env: { PATH: process.env.PATH, NO_COLOR: "1", NODE_COMPILE_CACHE: cache, ...options.env }
    })
    child.stdout.setEncoding("utf8").on("data", (text: string) => this.stdout += text)
    child.stderr.setEncoding("utf8").on("data", (text: string) => this.stderr += text)
    // A program that does not read its input may have closed it.
    child.stdin.on("error", () => {})
    child.stdin.end(options.stdin ?? "")
    this.#process = child
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject)
      child.once("close", (code, signal) => resolve({ stdout: this.stdout, stderr: this.stderr, exit: code ?? signal }))
    })
    // A failure must not be an unhandled rejection if nobody waits for the end.
    this.ended.catch(() => {})
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }
}

/** Starts an example. It is killed when the scope closes. */
export const start = (file: string, options: Options = {}): Effect.Effect<Run, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => new Run(file, options)),
    (run) => Effect.sync(() => run.signal("SIGKILL"))
  )

/** Runs an example to its end. */
export const run = (file: string, options: Options = {}): Effect.Effect<Outcome> =>
  Effect.scoped(Effect.flatMap(start(file, options), (run) => Effect.promise(() => run.ended)))
