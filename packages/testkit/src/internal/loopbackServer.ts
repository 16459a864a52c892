/**
 * What every server of the kit can do: be asked over HTTP, be sent datagrams,
 * be stopped, killed and started again.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Dgram from "node:dgram"
import { sleep, waitFor } from "../waitFor.ts"
import type { Located } from "./debianProgram.ts"
import * as LoopbackHttp from "./loopbackHttp.ts"
import * as Ports from "./ports.ts"
import * as ServerDirectory from "./serverDirectory.ts"
import { type Command, ServerProcess } from "./serverProcess.ts"

/** The address of every server. */
export const host = "127.0.0.1"

/** A request; `path` begins with a slash. */
export interface RequestOptions {
  readonly headers?: Record<string, string> | undefined
  readonly body?: string | Uint8Array | undefined
}

/** Whom a server asks for. */
export interface Credentials {
  readonly username: string
  readonly password: string
}

/** A running server. Operations that change the process must not overlap. */
export interface RunningServer<E> {
  /** Without a slash at the end. */
  readonly httpUrl: string
  readonly httpPort: number
  /** Changes with a restart; `undefined` while the process is down. */
  readonly pid: number | undefined
  readonly directory: string
  /** Any request; `path` begins with a slash. Every status is a success. */
  readonly request: (method: string, path: string, options?: RequestOptions) => Effect.Effect<LoopbackHttp.Response, E>
  readonly waitFor: typeof waitFor
  /** `SIGSTOP`: nothing is read or answered any more, and the kernel goes on taking data. */
  readonly suspend: Effect.Effect<void>
  /** `SIGCONT`. */
  readonly resume: Effect.Effect<void>
  /** `SIGKILL`: a crash. */
  readonly kill: Effect.Effect<void>
  /** Starts the server again on its ports and data. Does nothing when it runs. */
  readonly start: Effect.Effect<void, E>
  /** Ends the server, then starts it. */
  readonly restart: Effect.Effect<void, E>
  /** The end of the log, 50 lines. */
  readonly log: Effect.Effect<string>
}

export abstract class LoopbackServer<E> implements RunningServer<E> {
  readonly process: ServerProcess
  readonly httpUrl: string
  readonly httpPort: number
  readonly directory: string
  readonly requestTimeoutMillis: number
  readonly waitFor = waitFor

  /** Sent with every request that does not say otherwise. */
  readonly defaultHeaders: Readonly<Record<string, string>>

  constructor(
    process: ServerProcess,
    httpPort: number,
    requestTimeout: Duration.Input = "1 minute",
    credentials?: Credentials
  ) {
    this.process = process
    this.defaultHeaders = credentials === undefined
      ? {}
      : { authorization: `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64")}` }
    this.httpUrl = `http://${host}:${httpPort}`
    this.httpPort = httpPort
    this.directory = process.command.directory
    this.requestTimeoutMillis = Duration.toMillis(Duration.fromInputUnsafe(requestTimeout))
  }

  protected abstract error(message: string): E

  get pid(): number | undefined {
    return this.process.pid
  }

  request(method: string, path: string, options?: RequestOptions): Effect.Effect<LoopbackHttp.Response, E> {
    return LoopbackHttp.send({
      url: new URL(this.httpUrl + path),
      method,
      headers: { ...this.defaultHeaders, ...options?.headers },
      body: options?.body,
      timeoutMillis: this.requestTimeoutMillis
    }).pipe(Effect.mapError((cause) => this.failure(`${method} ${path}: ${cause.message}`)))
  }

  protected sendDatagram(port: number, payload: string | Uint8Array): Effect.Effect<void, E> {
    return Effect.callback((resume) => {
      const socket = Dgram.createSocket("udp4")
      socket.send(payload, port, host, (cause) => {
        socket.close()
        resume(cause === null ? Effect.void : Effect.fail(this.failure(`UDP port ${port}: ${cause.message}`)))
      })
    })
  }

  get suspend(): Effect.Effect<void> {
    return this.process.suspend
  }

  get resume(): Effect.Effect<void> {
    return this.process.resume
  }

  get kill(): Effect.Effect<void> {
    return this.process.kill
  }

  /** A socket that is on its way out can hold a port for a moment. */
  get start(): Effect.Effect<void, E> {
    return Effect.gen({ self: this }, function*() {
      const deadline = performance.now() + 60_000
      while (true) {
        const failure = yield* Effect.match(this.process.start, {
          onFailure: (error) => error,
          onSuccess: () => undefined
        })
        if (failure === undefined) return
        if (!failure.addressInUse || performance.now() > deadline) {
          return yield* Effect.fail(this.error(failure.message))
        }
        yield* sleep(100)
      }
    })
  }

  get restart(): Effect.Effect<void, E> {
    return Effect.andThen(this.kill, this.start)
  }

  get log(): Effect.Effect<string> {
    return Effect.sync(() => this.process.logTail(50))
  }

  /** A server that is down explains itself by its log. */
  protected failure(message: string): E {
    return this.error(
      this.process.isRunning
        ? message
        : `${message}; ${this.process.command.name} is down and its log ends with:\n${this.process.logTail(15)}`
    )
  }
}

/**
 * Starts a program on `count` ports of its own and in a folder of its own, and
 * ends it with the scope.
 *
 * Ports can be lost between the choice and the bind, so a start on new ports is
 * tried a few times.
 */
export const startOnFreePorts = Effect.fnUntraced(function*<E>(
  program: string | undefined,
  find: Effect.Effect<Located>,
  count: number,
  command: (binary: string, directory: string, ports: ReadonlyArray<number>) => Command,
  onFailure: (message: string) => E
) {
  const located = program === undefined ? yield* find : { _tag: "Available", path: program } as const
  if (located._tag === "Unavailable") return yield* Effect.fail(onFailure(`${located.reason}: ${located.hint}`))
  const directory = yield* Effect.acquireRelease(
    Effect.sync(ServerDirectory.create),
    (path) => Effect.sync(() => ServerDirectory.remove(path))
  )
  for (let attempt = 1;; attempt++) {
    const ports = yield* Ports.pick(count)
    const process = new ServerProcess(command(located.path, directory, ports))
    yield* Effect.addFinalizer(() => process.kill)
    const failure = yield* Effect.match(process.start, { onFailure: (error) => error, onSuccess: () => undefined })
    if (failure === undefined) return { process, ports }
    if (!failure.addressInUse || attempt === 20) return yield* Effect.fail(onFailure(failure.message))
  }
})
