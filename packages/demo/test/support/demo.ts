/**
 * The demo as a child process, as `start` runs it but without a terminal.
 */
import { type ChildProcess, spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"

const program = fileURLToPath(new URL("../../src/main.ts", import.meta.url))

/** How a run ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly lines: ReadonlyArray<string>
  readonly errors: string
  /** What the run left in its folder for temporary files. */
  readonly leftovers: ReadonlyArray<string>
}

/** A run. */
export interface Run {
  readonly child: ChildProcess
  /** What was printed so far. */
  readonly output: () => string
  readonly ended: Promise<Ended>
}

/** Starts the demo with a folder for temporary files of its own. */
export const start = (args: ReadonlyArray<string>, env: NodeJS.ProcessEnv = {}): Run => {
  const temporary = Fs.mkdtempSync(Path.join(Os.tmpdir(), "efflux-demo-test-"))
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, FORCE_COLOR: undefined, NODE_OPTIONS: undefined, TMPDIR: temporary, ...env },
    stdio: ["ignore", "pipe", "pipe"]
  })
  let output = ""
  let errors = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => output += text)
  child.stderr.setEncoding("utf8").on("data", (text: string) => errors += text)
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (code, signal) => {
      const leftovers = Fs.readdirSync(temporary)
      Fs.rmSync(temporary, { recursive: true })
      resolve({ code, signal, lines: output.trimEnd().split("\n"), errors, leftovers })
    })
  })
  return { child, output: () => output, ended }
}

/** Waits until something has been printed, and returns what matched. */
export const printed = async (run: Run, pattern: RegExp): Promise<RegExpExecArray> => {
  for (let attempt = 0; attempt < 6000; attempt++) {
    const match = pattern.exec(run.output())
    if (match !== null) return match
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${pattern} was not printed: ${run.output()}`)
}

/** Waits until a process is gone. */
export const gone = async (pid: number): Promise<boolean> => {
  for (let attempt = 0; attempt < 3000; attempt++) {
    try {
      process.kill(pid, 0)
    } catch {
      return true
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return false
}
