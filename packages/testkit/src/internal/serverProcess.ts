/**
 * The operating system's side of a server: one process at a time, its log and
 * its signals.
 *
 * The process is ended with `SIGKILL`: influxd 1.x can hang for 30 seconds on
 * `SIGTERM` while a UDP batch is pending, and what was acknowledged is on disk
 * already.
 * It dies with its parent, also when the parent is killed, where `setpriv` of
 * util-linux is there; elsewhere when the parent exits.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { sleep, waitFor } from "../waitFor.ts"
import * as AtExit from "./atExit.ts"
import * as LoopbackHttp from "./loopbackHttp.ts"
import * as ServerDirectory from "./serverDirectory.ts"

/** How to run the server. */
export interface Command {
  /** What it is called in messages, and its log's file name. */
  readonly name: string
  readonly binary: string
  readonly args: ReadonlyArray<string>
  readonly directory: string
  /** Whether the log of this start says that the server listens everywhere. */
  readonly listens: (log: string) => boolean
  /** Answered with `pingStatus` once the server is ready. */
  readonly pingUrl: string
  readonly pingStatus: number
  readonly startTimeoutMillis: number
}

/** The process ended, or did not get ready in time. */
export class StartFailure extends Data.TaggedError("StartFailure")<{
  readonly message: string
  readonly addressInUse: boolean
}> {}

const setpriv = ["/usr/bin/setpriv", "/bin/setpriv"]

/** The processes of one server, one after the other. Operations are not meant to overlap. */
export class ServerProcess {
  readonly command: Command
  readonly logPath: string
  readonly onParentExit: () => void
  child: ChildProcess | undefined

  constructor(command: Command) {
    this.command = command
    this.logPath = Path.join(command.directory, `${command.name}.log`)
    this.child = undefined
    this.onParentExit = () => {
      this.child?.kill("SIGKILL")
      ServerDirectory.remove(command.directory)
    }
  }

  get pid(): number | undefined {
    return this.isRunning ? this.child?.pid : undefined
  }

  get isRunning(): boolean {
    const child = this.child
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null
  }

  /** The last `lines` of the log of all processes so far. */
  logTail(lines: number): string {
    return this.logFrom(0).trimEnd().split("\n").slice(-lines).join("\n")
  }

  /** Starts a process unless one runs, and waits until it listens everywhere. */
  readonly start: Effect.Effect<void, StartFailure> = Effect.suspend(() =>
    this.isRunning ? Effect.void : Effect.onError(this.startNew(), () => this.kill)
  )

  /** Ends the process and waits until it is gone. */
  readonly kill: Effect.Effect<void> = Effect.suspend(() => this.end("SIGKILL"))

  /** Asks the process to end, so that it writes what it holds, and waits until it is gone. */
  readonly stop: Effect.Effect<void> = Effect.suspend(() => this.end("SIGTERM"))

  /** Stops the process as it stands; its sockets stay open. Returns when it has come to a halt. */
  readonly suspend: Effect.Effect<void> = Effect.suspend(() => this.signalAndWait("SIGSTOP", (state) => state === "T"))

  /** Lets a suspended process go on. */
  readonly resume: Effect.Effect<void> = Effect.suspend(() => this.signalAndWait("SIGCONT", (state) => state !== "T"))

  private end(signal: NodeJS.Signals): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const child = this.child
      AtExit.remove(this.onParentExit)
      if (child === undefined || !this.isRunning) return resume(Effect.void)
      child.once("exit", () => resume(Effect.void))
      child.kill(signal)
    })
  }

  private logFrom(offset: number): string {
    try {
      return Fs.readFileSync(this.logPath).subarray(offset).toString("utf8")
    } catch {
      return ""
    }
  }

  private startNew(): Effect.Effect<void, StartFailure> {
    return Effect.gen({ self: this }, function*() {
      const { listens, name, pingStatus, pingUrl, startTimeoutMillis } = this.command
      const log = Fs.openSync(this.logPath, "a")
      const offset = Fs.fstatSync(log).size
      const failed = this.spawn(log)
      Fs.closeSync(log)
      const fail = (what: string) =>
        new StartFailure({
          message: `${what}; its log ends with:\n${this.logTail(15)}`,
          addressInUse: this.logFrom(offset).includes("address already in use")
        })

      // The log is this process's own; another server may answer on the port that it failed to get.
      const deadline = performance.now() + startTimeoutMillis
      while (true) {
        const error = failed()
        if (error !== undefined) return yield* fail(`${name} did not start: ${error.message}`)
        if (!this.isRunning) {
          return yield* fail(`${name} ended at start (code ${this.child?.exitCode}, signal ${this.child?.signalCode})`)
        }
        if (listens(this.logFrom(offset)) && (yield* ping(pingUrl, pingStatus))) return
        if (performance.now() > deadline) return yield* fail(`${name} was not ready within ${startTimeoutMillis} ms`)
        yield* sleep(10)
      }
    })
  }

  private spawn(log: number): () => Error | undefined {
    const { args, binary } = this.command
    const wrapper = setpriv.find((path) => Fs.existsSync(path))
    const child = wrapper === undefined
      ? spawn(binary, args, this.spawnOptions(log))
      : spawn(wrapper, ["--pdeathsig", "KILL", binary, ...args], this.spawnOptions(log))
    let error: Error | undefined
    child.on("error", (cause) => {
      error = cause
    })
    this.child = child
    AtExit.add(this.onParentExit)
    return () => error
  }

  // A bare environment, because INFLUXDB_* variables override the configuration file.
  private spawnOptions(log: number): SpawnOptions {
    return {
      cwd: this.command.directory,
      env: { HOME: this.command.directory },
      stdio: ["ignore", log, log]
    }
  }

  private signalAndWait(signal: NodeJS.Signals, done: (state: string) => boolean): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      if (!this.isRunning) return
      this.child?.kill(signal)
      const state = Effect.sync(() => processState(this.child?.pid))
      yield* Effect.orDie(waitFor(state, (state) => state === undefined || done(state), { what: signal, interval: 5 }))
    })
  }
}

const ping = (url: string, status: number) =>
  LoopbackHttp.send({ url: new URL(url), method: "GET", timeoutMillis: 1000 }).pipe(
    Effect.map((response) => response.status === status),
    Effect.orElseSucceed(() => false)
  )

/** The state letter of a process, where the system tells. */
const processState = (pid: number | undefined): string | undefined => {
  try {
    const stat = Fs.readFileSync(`/proc/${pid}/stat`, "utf8")
    return stat.charAt(stat.lastIndexOf(")") + 2)
  } catch {
    return undefined
  }
}
