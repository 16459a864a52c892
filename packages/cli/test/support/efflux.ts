/** The command `efflux` as a process: with pipes, or in a terminal of its own. */
import { assert } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import * as Dgram from "node:dgram"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { inject, onTestFinished } from "vitest"
import { FakeTerminal } from "./terminal.ts"

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export class Run {
  readonly child: ChildProcess
  out = ""
  err = ""
  readonly ended: Promise<Ended>

  constructor(child: ChildProcess) {
    this.child = child
    // A test that fails or runs out of time leaves no process behind.
    onTestFinished(() => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL")
    })
    child.stdout?.setEncoding("utf8").on("data", (text: string) => this.out += text)
    child.stderr?.setEncoding("utf8").on("data", (text: string) => this.err += text)
    child.stdin?.on("error", () => {})
    this.ended = new Promise((resolve, reject) => {
      child.on("error", reject)
      // The code that a shell would report.
      child.on("close", (code, signal) =>
        resolve({
          code: signal === null ? code : 128 + Os.constants.signals[signal],
          out: this.out,
          err: this.err
        }))
    })
  }

  /** Waits until something was printed, and returns what matched. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    while (true) {
      const match = pattern.exec(this.out) ?? pattern.exec(this.err)
      if (match !== null) return match
      if (this.child.exitCode !== null) {
        throw new Error(`${pattern} was not printed: ${JSON.stringify({ out: this.out, err: this.err })}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** What a terminal of its own shows. */
  get shown(): ReadonlyArray<string> {
    const terminal = new FakeTerminal()
    terminal.write(this.out.replaceAll("\r\n", "\n"))
    return terminal.shown
  }

  async port(scheme: string): Promise<number> {
    return Number((await this.printed(new RegExp(`${scheme}://127\\.0\\.0\\.1:(\\d+)`)))[1])
  }
}

const environment = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...process.env,
  FORCE_COLOR: undefined,
  NO_COLOR: undefined,
  NODE_OPTIONS: undefined,
  INFLUX_TOKEN: undefined,
  INFLUX_USERNAME: undefined,
  INFLUX_PASSWORD: undefined,
  TERM: "xterm",
  ...env
})

/** Starts the command with pipes, or with files, which it takes over. */
export const start = (
  args: ReadonlyArray<string>,
  { cwd, env = {}, stdin = "pipe", stdout = "pipe" }: {
    readonly env?: NodeJS.ProcessEnv
    readonly cwd?: string
    readonly stdin?: number | "pipe"
    readonly stdout?: number | "pipe"
  } = {}
) => {
  const child = spawn(process.execPath, [inject("efflux"), ...args], {
    env: environment(env),
    // What a command writes by default is not left in the repository.
    cwd: cwd ?? temporaryFolder(),
    stdio: [stdin, stdout, "pipe"]
  })
  for (const file of [stdin, stdout]) if (typeof file === "number") Fs.closeSync(file)
  return new Run(child)
}

/** Starts the command and gives it a text to read. */
export const pipe = (args: ReadonlyArray<string>, input: string | Uint8Array, cwd?: string): Promise<Ended> => {
  const run = start(args, cwd === undefined ? {} : { cwd })
  run.child.stdin!.end(input)
  return run.ended
}

/** Each of these arguments is refused in words, with code 2, and without a stack, help or secret. */
export const assertRefused = async (
  command: string,
  cases: ReadonlyArray<readonly [args: ReadonlyArray<string>, message: RegExp, env?: NodeJS.ProcessEnv]>
): Promise<void> => {
  await Promise.all(cases.map(async ([args, message, env = {}]) => {
    const run = start([command, ...args], { env })
    run.child.stdin!.end()
    const { code, err } = await run.ended
    assert.match(err, message)
    assert.notMatch(err, /^ {4}at |^USAGE|hunter2/m)
    assert.strictEqual(code, 2, args.join(" "))
  }))
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** Starts the command in a terminal of its own, to which `child.stdin` types. */
export const startInTerminal = (args: ReadonlyArray<string>, cwd?: string): Run => {
  const command = ["exec", ...[process.execPath, inject("efflux"), ...args].map(quoted)].join(" ")
  return new Run(
    spawn("script", ["-qefc", `stty rows 40 cols 100; ${command}`, "/dev/null"], {
      env: environment({}),
      cwd: cwd ?? temporaryFolder()
    })
  )
}

/** Sends datagrams, one after the other. */
export const sendUdp = async (port: number, payloads: ReadonlyArray<string | Uint8Array>): Promise<void> => {
  const socket = Dgram.createSocket("udp4")
  for (const payload of payloads) {
    await new Promise<void>((resolve, reject) =>
      socket.send(payload, port, "127.0.0.1", (error) => error === null ? resolve() : reject(error))
    )
  }
  socket.close()
}

/** A folder that is gone after the test. */
export const temporaryFolder = (): string => {
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "efflux-cli-test-"))
  onTestFinished(() => Fs.rmSync(folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 }))
  return folder
}

/** What an effect makes, until the test has ended. */
export const untilTestEnds = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>): Promise<A> => {
  const scope = Scope.makeUnsafe()
  onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return Effect.runPromise(Scope.provide(effect, scope))
}
