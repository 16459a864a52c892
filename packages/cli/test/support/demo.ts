/** `efflux demo` as a process with a folder for temporary files of its own. */
import { assert } from "@effect/vitest"
import * as Fs from "node:fs"
import { type Ended, type Run, start, temporaryFolder } from "./efflux.ts"

export interface DemoEnded extends Ended {
  readonly lines: ReadonlyArray<string>
  /** What the run left in its folder. */
  readonly leftovers: ReadonlyArray<string>
}

export const demo = (
  args: ReadonlyArray<string>,
  env: NodeJS.ProcessEnv = {}
): { readonly run: Run; readonly ended: Promise<DemoEnded> } => {
  const folder = temporaryFolder()
  const run = start(["demo", ...args], { env: { TMPDIR: folder, ...env } })
  const ended = run.ended.then((ended) => {
    return { ...ended, lines: ended.out.trimEnd().split("\n"), leftovers: Fs.readdirSync(folder) }
  })
  return { run, ended }
}

/**
 * Runs the demo until one run has stored all that it sent, and printed what a test looks for. On a busy machine the
 * receiver may be kept from reading for longer than its kernel buffer lasts; then the demo says so, and ends with 1. Or
 * the demo is kept from its second look at the machine for as long as it runs.
 */
export const demoStored = async (
  args: ReadonlyArray<string>,
  options: { readonly env?: NodeJS.ProcessEnv; readonly shows?: RegExp } = {}
): Promise<DemoEnded> => {
  while (true) {
    const ended = await demo(args, options.env).ended
    const lost = /: lost \d+ \([\d.]+ %\); [1-9]\d* datagrams dropped by the receiver's kernel/.test(
      ended.lines.at(-1)!
    )
    if (!lost && (options.shows === undefined || options.shows.test(ended.out))) return ended
    assert.strictEqual(ended.code, lost ? 1 : 0)
    console.log(`the demo once more: ${ended.lines.at(-1)}`)
  }
}

/** The local UDP ports of this system, where it tells. */
export const boundPorts = (): ReadonlyArray<number> =>
  Fs.existsSync("/proc/net/udp")
    ? Fs.readFileSync("/proc/net/udp", "utf8").split("\n").slice(1, -1).map((line) =>
      parseInt(line.trim().split(/\s+/)[1]!.split(":")[1]!, 16)
    )
    : []
