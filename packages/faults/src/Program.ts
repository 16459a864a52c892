/**
 * Programs of this package as child processes: how a test starts, asks, stops
 * and ends one.
 *
 * A program reads requests as JSON lines from its standard input and writes
 * answers and events as JSON lines to its standard output (`Protocol.ts`). It is
 * killed when its scope closes, and by the kernel when this process dies.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { type ChildProcessByStdio, spawn } from "node:child_process"
import type { Readable, Writable } from "node:stream"
import { fileURLToPath } from "node:url"
import * as Host from "./Host.ts"
import type { Namespace } from "./Namespace.ts"

/** A program could not be started, ended before it answered, or answered with an error. */
export class ProgramError extends Data.TaggedError("ProgramError")<{ readonly message: string }> {}

/** How to start a program. */
export interface Options {
  /** A file in `src/programs`, without its ending. */
  readonly name: string
  /** What the program gets as its only argument, as JSON. */
  readonly options: unknown
  /** Where it runs; default this process's own. */
  readonly namespace?: Namespace | undefined
  /** Options of Node. */
  readonly node?: ReadonlyArray<string> | undefined
}

/** How a program ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

const Message = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
const decode = Schema.decodeUnknownSync(Message)

type Answer = (effect: Effect.Effect<unknown, ProgramError>) => void

/** A program that runs, or ran. */
export class Program {
  readonly name: string
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>
  /** Texts that the program logged, each with its level. */
  readonly logs: Array<string> = []
  /** What it wrote to its standard error: nothing, if all is well. */
  stderr = ""
  ended: Ended | undefined = undefined

  readonly #waiting = new Map<number, Answer>()
  #next = 1
  #rest = ""

  constructor(name: string, child: ChildProcessByStdio<Writable, Readable, Readable>) {
    this.name = name
    this.child = child
    child.stdin.on("error", () => {})
    child.stdout.setEncoding("utf8").on("data", (text: string) => this.#read(text))
    child.stderr.setEncoding("utf8").on("data", (text: string) => this.stderr = (this.stderr + text).slice(-20_000))
    child.on("error", (error) => this.#end({ code: -1, signal: null }, error.message))
    child.on("close", (code, signal) => this.#end({ code, signal }, ""))
  }

  get pid(): number {
    return this.child.pid!
  }

  /** Asks, and waits for the answer for at most 30 seconds unless `timeout` says otherwise. */
  ask<A>(command: string, argument: object = {}, timeoutMillis = 120_000): Effect.Effect<A, ProgramError> {
    return Effect.callback<unknown, ProgramError>((resume) => {
      if (this.ended !== undefined) return resume(Effect.fail(this.#failure(`ended before "${command}"`)))
      const id = this.#next++
      this.#waiting.set(id, resume)
      this.child.stdin.write(`${JSON.stringify({ id, command, ...argument })}\n`)
      return Effect.sync(() => this.#waiting.delete(id))
    }).pipe(
      Effect.timeoutOrElse({
        duration: timeoutMillis,
        orElse: () => Effect.fail(this.#failure(`did not answer "${command}" within ${timeoutMillis} ms`))
      })
    ) as Effect.Effect<A, ProgramError>
  }

  /** Sends a signal. */
  signal(signal: NodeJS.Signals): Effect.Effect<void> {
    return Effect.sync(() => {
      this.child.kill(signal)
    })
  }

  /** Waits until the program has ended. */
  readonly exit: Effect.Effect<Ended> = Effect.callback<Ended>((resume) => {
    if (this.ended !== undefined) return resume(Effect.succeed(this.ended))
    this.child.once("close", (code, signal) => resume(Effect.succeed({ code, signal })))
  })

  /** Ends the program, and waits until it is gone. */
  readonly kill: Effect.Effect<Ended> = Effect.suspend(() => {
    if (this.ended === undefined) this.child.kill("SIGKILL")
    return this.exit
  })

  #read(text: string): void {
    const lines = (this.#rest + text).split("\n")
    this.#rest = lines.pop()!
    for (const line of lines) {
      if (!line.startsWith("{")) {
        this.stderr += `${line}\n`
        continue
      }
      const message = decode(line)
      if (typeof message["log"] === "string") this.logs.push(message["log"])
      const answer = this.#waiting.get(Number(message["id"]))
      if (answer === undefined) continue
      this.#waiting.delete(Number(message["id"]))
      answer(
        typeof message["error"] === "string"
          ? Effect.fail(this.#failure(message["error"]))
          : Effect.succeed(message["answer"])
      )
    }
  }

  #end(ended: Ended, reason: string): void {
    if (this.ended !== undefined) return
    this.ended = ended
    for (const answer of this.#waiting.values()) {
      answer(Effect.fail(this.#failure(`ended (code ${ended.code}, signal ${ended.signal}) ${reason}`)))
    }
    this.#waiting.clear()
  }

  #failure(what: string): ProgramError {
    return new ProgramError({
      message: `${this.name} ${what}${this.stderr === "" ? "" : `; it wrote:\n${this.stderr}`}`
    })
  }
}

/** Starts a program and waits until it says that it is ready. */
export const start = (options: Options): Effect.Effect<Program, ProgramError, Scope.Scope> =>
  Effect.gen(function*() {
    const file = fileURLToPath(new URL(`./programs/${options.name}.ts`, import.meta.url))
    const node = [process.execPath, ...(options.node ?? []), file, JSON.stringify(options.options)]
    const inside = options.namespace === undefined
      ? []
      : [Host.pathOf("ip") ?? "ip", "netns", "exec", options.namespace.name]
    const setpriv = Host.pathOf("setpriv")
    const guarded = setpriv === undefined ? [] : [setpriv, "--pdeathsig", "KILL"]
    const [command, ...args] = [...inside, ...guarded, ...node]
    const program = yield* Effect.acquireRelease(
      Effect.sync(() =>
        new Program(
          options.name,
          spawn(command!, args, {
            stdio: ["pipe", "pipe", "pipe"],
            env: { ...process.env, NODE_OPTIONS: undefined, FORCE_COLOR: undefined }
          })
        )
      ),
      (program) => program.kill
    )
    yield* program.ask("ready")
    return program
  })
