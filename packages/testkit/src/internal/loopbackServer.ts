/**
 * The base of the servers in this package: HTTP requests, datagrams, and a process that can be stopped, killed and
 * started again.
 *
 * A process is ended with `SIGKILL`: influxd 1.x can hang for 30 seconds on `SIGTERM` while a UDP batch is pending, and
 * what it acknowledged is on disk already. With `setpriv` of util-linux it dies with its parent, even if that is
 * killed; without it, when the parent exits.
 */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { type ChildProcess, spawn } from "node:child_process"
import * as Dgram from "node:dgram"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Binary from "../Binary.ts"
import { sleep, waitFor } from "../waitFor.ts"
import * as AtExit from "./atExit.ts"
import * as Ports from "./ports.ts"
import * as ServerDirectory from "./serverDirectory.ts"

/** The address of every server. */
export const host = "127.0.0.1"

/** The server is not available, did not start, or did not answer as expected. */
export class ServerError extends Data.TaggedError("ServerError")<{
  readonly message: string
  /** Whether it failed to start because one of its ports is taken. */
  readonly addressInUse?: boolean
}> {}

/** A request; `path` begins with a slash. */
export interface RequestOptions {
  readonly headers?: Record<string, string> | undefined
  readonly body?: string | Uint8Array | undefined
}

/** The user of a server. */
export interface Credentials {
  readonly username: string
  readonly password: string
}

/** Options of every server. */
export interface CommonOptions {
  /** Default: what `Binary.find` finds or fetches. */
  readonly binary?: string | undefined
  /** For one start. Default 90 seconds. */
  readonly startTimeout?: Duration.Input | undefined
  /** For one request. Default a minute: an export can be large. */
  readonly requestTimeout?: Duration.Input | undefined
}

/** How to run a server. */
export interface Command {
  /** Its name in messages, and the file name of its log. */
  readonly name: string
  readonly args: ReadonlyArray<string>
  /** Whether the log of this start says that the server listens everywhere. */
  readonly listens: (log: string) => boolean
  readonly httpPort: number
  /** Answered with `pingStatus` once the server is ready. */
  readonly pingPath: string
  readonly pingStatus: number
  /** Turns authentication on, with the user as whom the operations of this class sign in. */
  readonly credentials?: Credentials | undefined
}

const setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].find((path) => Fs.existsSync(path))

const millisOf = (duration: Duration.Input): number => Duration.toMillis(Duration.fromInputUnsafe(duration))

/** A running server. Operations that change the process must not overlap. */
export class LoopbackServer {
  readonly command: Command
  readonly directory: string
  /** Without a slash at the end. */
  readonly httpUrl: string
  readonly httpPort: number
  readonly waitFor = waitFor
  readonly #binary: string
  readonly #options: CommonOptions
  readonly #logPath: string
  #child: ChildProcess | undefined

  constructor(binary: string, directory: string, command: Command, options: CommonOptions) {
    this.command = command
    this.directory = directory
    this.httpPort = command.httpPort
    this.httpUrl = `http://${host}:${command.httpPort}`
    this.#binary = binary
    this.#options = options
    this.#logPath = Path.join(directory, `${command.name}.log`)
  }

  /** Changes with a restart; `undefined` while the process is down. */
  get pid(): number | undefined {
    return this.#isRunning ? this.#child?.pid : undefined
  }

  get #isRunning(): boolean {
    const child = this.#child
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null
  }

  /** The end of the log, 50 lines. */
  readonly log: Effect.Effect<string> = Effect.sync(() => this.#logTail(50))

  /** Any request; `path` begins with a slash. Every status is a success. No connection is used twice. */
  request(method: string, path: string, { body, headers }: RequestOptions = {}) {
    const { credentials } = this.command
    const authorization = credentials === undefined
      ? {}
      : { authorization: `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64")}` }
    return Effect.tryPromise({
      try: async (signal) => {
        const response = await fetch(this.httpUrl + path, {
          method,
          body: (body ?? null) as RequestInit["body"] & {},
          headers: { connection: "close", "accept-encoding": "identity", ...authorization, ...headers },
          signal: AbortSignal.any([signal, AbortSignal.timeout(millisOf(this.#options.requestTimeout ?? "1 minute"))])
        })
        return { status: response.status, body: await response.text() }
      },
      catch: (cause) => this.failure(`${method} ${path}: ${(cause as Error).cause ?? cause}`)
    })
  }

  protected sendDatagram(port: number, payload: string | Uint8Array): Effect.Effect<void, ServerError> {
    return Effect.callback((resume) => {
      const socket = Dgram.createSocket("udp4")
      socket.send(payload, port, host, (cause) => {
        socket.close()
        resume(cause === null ? Effect.void : Effect.fail(this.failure(`UDP port ${port}: ${cause.message}`)))
      })
    })
  }

  /** `SIGKILL`: a crash. */
  readonly kill: Effect.Effect<void> = Effect.suspend(() => this.end("SIGKILL"))

  /** `SIGSTOP`: nothing is read or answered any more, and the kernel goes on taking data. */
  readonly suspend: Effect.Effect<void> = Effect.suspend(() => this.#signal("SIGSTOP", (state) => state === "T"))

  /** `SIGCONT`. */
  readonly resume: Effect.Effect<void> = Effect.suspend(() => this.#signal("SIGCONT", (state) => state !== "T"))

  /** Starts the server again on its ports and data, which sockets on their way out can hold for a moment. */
  readonly start: Effect.Effect<void, ServerError> = Effect.suspend(() => {
    const deadline = performance.now() + 60_000
    return Effect.retry(this.startOnce, {
      while: ({ addressInUse }) => Effect.as(sleep(100), addressInUse === true && performance.now() < deadline)
    })
  })

  /** Ends the server, then starts it. */
  get restart(): Effect.Effect<void, ServerError> {
    return Effect.andThen(this.kill, this.start)
  }

  /** Starts a process unless one runs, and waits until it listens everywhere. */
  get startOnce(): Effect.Effect<void, ServerError> {
    return Effect.suspend(() => this.#isRunning ? Effect.void : Effect.onError(this.#startNew(), () => this.kill))
  }

  /** The error of a server that is down includes the end of its log. */
  protected failure(message: string): ServerError {
    return new ServerError({
      message: this.#isRunning
        ? message
        : `${message}; ${this.command.name} is down and its log ends with:\n${this.#logTail(15)}`
    })
  }

  /** Sends a signal that ends the process, and waits until it is gone. */
  protected end(signal: NodeJS.Signals): Effect.Effect<void> {
    return Effect.callback((resume) => {
      AtExit.remove(this.#onParentExit)
      if (!this.#isRunning) return resume(Effect.void)
      this.#child!.once("exit", () => resume(Effect.void))
      this.#child!.kill(signal)
    })
  }

  readonly #onParentExit = (): void => {
    this.#child?.kill("SIGKILL")
    ServerDirectory.remove(this.directory)
  }

  #logTail(lines: number): string {
    return this.#logFrom(0).trimEnd().split("\n").slice(-lines).join("\n")
  }

  #logFrom(offset: number): string {
    return Fs.existsSync(this.#logPath) ? Fs.readFileSync(this.#logPath).subarray(offset).toString("utf8") : ""
  }

  readonly #startNew = Effect.fnUntraced(function*(this: LoopbackServer) {
    const { args, listens, name, pingPath, pingStatus } = this.command
    const timeout = millisOf(this.#options.startTimeout ?? "90 seconds")
    const log = Fs.openSync(this.#logPath, "a")
    const offset = Fs.fstatSync(log).size
    const wrapper = setpriv === undefined ? [] : [setpriv, "--pdeathsig", "KILL"]
    const [file, ...rest] = [...wrapper, this.#binary, ...args]
    // A bare environment, because INFLUXDB_* variables override the configuration file.
    const child = spawn(file!, rest, {
      cwd: this.directory,
      env: { HOME: this.directory },
      stdio: ["ignore", log, log]
    })
    let error: Error | undefined
    child.on("error", (cause) => {
      error = cause
    })
    this.#child = child
    AtExit.add(this.#onParentExit)
    Fs.closeSync(log)
    const fail = (what: string) =>
      new ServerError({
        message: `${what}; its log ends with:\n${this.#logTail(15)}`,
        addressInUse: this.#logFrom(offset).includes("address already in use")
      })
    const ping = Effect.promise(() =>
      fetch(this.httpUrl + pingPath, { headers: { connection: "close" }, signal: AbortSignal.timeout(1000) })
        .then(({ status }) => status === pingStatus, () => false)
    )
    // The log belongs to this process. Another server may answer on a port that it failed to bind.
    for (const deadline = performance.now() + timeout;; yield* sleep(10)) {
      if (error !== undefined) return yield* fail(`${name} did not start: ${error.message}`)
      if (!this.#isRunning) {
        return yield* fail(`${name} ended at start (code ${child.exitCode}, signal ${child.signalCode})`)
      }
      if (listens(this.#logFrom(offset)) && (yield* ping)) return
      if (performance.now() > deadline) return yield* fail(`${name} was not ready within ${timeout} ms`)
    }
  })

  #signal(signal: NodeJS.Signals, done: (state: string) => boolean): Effect.Effect<void> {
    if (!this.#isRunning) return Effect.void
    this.#child!.kill(signal)
    const state = Effect.sync(() => processState(this.pid))
    return Effect.orDie(waitFor(state, (state) => state === undefined || done(state), { what: signal, interval: 5 }))
      .pipe(Effect.asVoid)
  }
}

/** The state letter of a process, if the system reports it. */
const processState = (pid: number | undefined): string | undefined => {
  try {
    const stat = Fs.readFileSync(`/proc/${pid}/stat`, "utf8")
    return stat.charAt(stat.lastIndexOf(")") + 2)
  } catch {
    return undefined
  }
}

/**
 * Starts a server on `count` ports of its own and in a folder of its own, and ends it with the scope.
 *
 * Ports can be lost between the choice and the bind, so a start on new ports is tried a few times.
 */
export const startOnFreePorts = Effect.fnUntraced(function*<Server extends LoopbackServer>(
  program: Binary.Program,
  binary: string | undefined,
  count: number,
  make: (binary: string, directory: string, ports: ReadonlyArray<number>) => Server
) {
  const located = binary === undefined ? yield* Binary.find(program) : { _tag: "Available", path: binary } as const
  if (located._tag === "Unavailable") return yield* new ServerError({ message: `${located.reason}: ${located.hint}` })
  const directory = yield* Effect.acquireRelease(
    Effect.sync(ServerDirectory.create),
    (path) => Effect.sync(() => ServerDirectory.remove(path))
  )
  const startOne = Effect.gen(function*() {
    const server = make(located.path, directory, yield* Ports.pick(count))
    yield* Effect.addFinalizer(() => server.kill)
    yield* server.startOnce
    return server
  })
  return yield* Effect.retry(startOne, { times: 20, while: ({ addressInUse }) => addressInUse === true })
})
