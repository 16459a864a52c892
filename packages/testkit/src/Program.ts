/**
 * A module in a process of its own. The functions that it serves can be called here with the same types, over Node's
 * channel between processes. The process is killed when its scope closes, and exits by itself if its parent is gone.
 */
import { createBirpc } from "birpc"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import type * as Scope from "effect/Scope"
import { type ChildProcess, spawn } from "node:child_process"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"

/** A program could not be started, ended before it answered, or answered with an error. */
export class ProgramError extends Data.TaggedError("ProgramError")<{ readonly message: string }> {}

/** How to start a program. */
export interface Options {
  readonly module: URL
  /** The only argument of the program, passed as JSON. */
  readonly options?: unknown
  /** Options of Node. */
  readonly node?: ReadonlyArray<string> | undefined
  /** What runs Node, with its arguments: `["ip", "netns", "exec", name]`. */
  readonly inside?: ReadonlyArray<string> | undefined
  readonly env?: NodeJS.ProcessEnv | undefined
  /** Milliseconds to wait for an answer; default five minutes. */
  readonly timeout?: number | undefined
}

/** How a program ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** The process of a program. */
export class Process {
  readonly child: ChildProcess
  /** The log messages of the program, each with its level. */
  readonly logs: Array<string> = []
  /** The end of its standard output and error: nothing, if all is well. */
  written = ""
  /** Waits until the program has ended. */
  readonly exit: Effect.Effect<Ended>

  constructor(child: ChildProcess) {
    this.child = child
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => this.written = (this.written + text).slice(-20_000))
    }
    child.on("error", (error) => this.written += error.message)
    const ended = new Promise<Ended>((resolve) => child.once("close", (code, signal) => resolve({ code, signal })))
    this.exit = Effect.promise(() => ended)
  }

  get pid(): number {
    return this.child.pid!
  }

  signal(signal: NodeJS.Signals): Effect.Effect<void> {
    return Effect.sync(() => void this.child.kill(signal))
  }

  /** Ends the program, and waits until it is gone. */
  get kill(): Effect.Effect<Ended> {
    return Effect.andThen(this.signal("SIGKILL"), this.exit)
  }
}

/** The functions of a program, as its parent calls them. */
export type Program<Functions> =
  & {
    readonly [Name in keyof Functions]: Functions[Name] extends (...args: infer Args) => infer Answer
      ? (...args: Args) => Effect.Effect<Awaited<Answer>, ProgramError>
      : never
  }
  & { readonly program: Process }

/** Starts a program, for the life of the scope, and waits until it serves. */
export const start = Effect.fnUntraced(function*<Functions>(
  options: Options
): Effect.fn.Return<Program<Functions>, ProgramError, Scope.Scope> {
  const { env = process.env, inside = [], module, node = [], timeout = 300_000 } = options
  const file = fileURLToPath(module)
  const [command, ...args] = [...inside, process.execPath, ...node, file, JSON.stringify(options.options ?? null)]
  const running = yield* Effect.acquireRelease(
    Effect.sync(() =>
      new Process(spawn(command!, args, {
        stdio: ["ignore", "pipe", "pipe", "ipc"],
        serialization: "advanced",
        env: { ...env, NODE_OPTIONS: undefined, FORCE_COLOR: undefined }
      }))
    ),
    (running) => running.kill
  )
  const { child } = running
  const rpc = createBirpc({}, {
    post: (message) => void child.send(message, () => {}),
    on: (receive) =>
      void child.on("message", (message: object) => {
        if ("log" in message) running.logs.push(String(message.log))
        else receive(message)
      }),
    timeout
  })
  child.on("close", (code, signal) => rpc.$close(new Error(`ended with code ${code}, signal ${signal}`)))
  const ask = (name: string, ...args: Array<unknown>): Effect.Effect<unknown, ProgramError> =>
    Effect.tryPromise({
      try: () => rpc.$call(name as never, ...args as never),
      catch: (cause) =>
        new ProgramError({
          message: `${Path.basename(file, ".ts")}, asked "${name}": ${cause instanceof Error ? cause.message : cause}` +
            (running.written === "" ? "" : `; it wrote:\n${running.written}`)
        })
    })
  yield* ask("ready")
  return new Proxy({} as Program<Functions>, {
    // Effects must not mistake it for a promise.
    get: (_, name) => name === "program" ? running : name === "then" ? undefined : ask.bind(undefined, String(name))
  })
})

/** Starts a program, asks it one thing, and ends it. */
export const ask = <Functions, A>(
  options: Options,
  question: (program: Program<Functions>) => Effect.Effect<A, ProgramError>
): Effect.Effect<A, ProgramError> => Effect.scoped(Effect.flatMap(start<Functions>(options), question))

/** The argument that the parent passed to this program. */
export const options = <A>(): A => JSON.parse(process.argv[2]!) as A

/** Sends log messages to the parent. */
export const logger = Logger.layer([
  Logger.make(({ logLevel, message }) => process.send!({ log: `${logLevel} ${String(message)}` }))
])

/** Serves these functions from now on. Call the returned function to let the process end. */
export const serve = (functions: object): () => void => {
  createBirpc({}, {
    post: (message) => process.send!(message),
    on: (receive) => void process.on("message", receive),
    resolver: (name) => name === "ready" ? () => true : (functions as Record<string, () => unknown>)[name]
  })
  process.on("disconnect", () => process.exit(3))
  return () => process.channel!.unref()
}
