/**
 * Checks the model of the buffer (`model/buffer.pml`) with spin, which explores every order of the steps of producers,
 * senders and the close. Needs spin and a C compiler.
 */
import { NodeServices } from "@effect/platform-node"
import { Effect, FileSystem } from "effect"
import { execFile, spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const model = fileURLToPath(new URL("../model/buffer.pml", import.meta.url))

export interface Verdict {
  /** The error that the checker found; `undefined` if none. */
  readonly error: string | undefined
  /** Distinct states that it explored. */
  readonly states: number
}

export interface Options {
  /** The part of the model to break; see there. */
  readonly mutant?: string | undefined
  /** `safety`: no assertion is ever broken. `liveness`: the close always ends. */
  readonly what: "safety" | "liveness"
}

/** Whether the checker and a compiler are installed. */
export const isInstalled = (): boolean =>
  ["spin", "gcc"].every((program) => spawnSync(program, ["--version"]).error === undefined)

const run = (directory: string, program: string, args: ReadonlyArray<string>): Effect.Effect<string> =>
  Effect.promise(async (signal) => {
    const { stdout } = await promisify(execFile)(program, args, { cwd: directory, maxBuffer: 1 << 24, signal })
    return stdout
  })

/** Checks the model, in a temporary directory. */
export const check = (options: Options): Effect.Effect<Verdict> =>
  Effect.gen(function*() {
    const directory = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
    const isSafety = options.what === "safety"
    yield* run(directory, "spin", [...(options.mutant === undefined ? [] : [`-D${options.mutant}`]), "-a", model])
    // The checker models a fair scheduler by copies of the states, for which it must know the number of processes.
    const flags = isSafety ? ["-DSAFETY", "-DNOCLAIM"] : ["-DNFAIR=3"]
    yield* run(directory, "gcc", ["-O1", ...flags, "-o", "pan", "pan.c"])
    const output = yield* run(directory, "./pan", ["-m100000", ...(isSafety ? [] : ["-a", "-f"])])
    return read(output)
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer), Effect.orDie)

/** Reads the output of the checker. An unfinished search proves nothing, so it is an error. */
const read = (output: string): Verdict => {
  const errors = /errors: (\d+)/.exec(output)
  const states = /^ *([\d.e+]+) states, stored/m.exec(output)
  if (errors === null || states === null || /max search depth too small|out of memory/.test(output)) {
    throw new Error(`the checker did not come to an end: ${output}`)
  }
  const error = /^pan:\d+: (.*)$/m.exec(output)?.[1]
  if ((errors[1] === "0") !== (error === undefined)) throw new Error(`the checker contradicts itself: ${output}`)
  return { error, states: Number(states[1]) }
}

/** The mutants of the model, by the property that they break. */
export const modelMutants: ReadonlyArray<{ readonly mutant: string; readonly what: Options["what"] }> = [
  { mutant: "TAKE_THEN_BOOK", what: "safety" },
  { mutant: "FORGET_HELD", what: "safety" },
  { mutant: "SETTLE_TWICE", what: "safety" },
  { mutant: "FORGET_QUEUE", what: "safety" },
  { mutant: "DROP_NEWEST", what: "safety" },
  { mutant: "NO_DEADLINE", what: "liveness" }
]
