/** The program under test, as its parent sees it. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { DatabaseConfig } from "efflux"
import type { Sample } from "./Load.ts"
import type { Namespace } from "./Namespace.ts"
import * as Program from "./Program.ts"
import type { Closed } from "./programs/pusher.ts"

type Asked<A> = Effect.Effect<A, Program.ProgramError>

/** A program with a database under load. */
export class Pusher {
  readonly program: Program.Program

  constructor(program: Program.Program) {
    this.program = program
  }

  /** Points per second from now on. */
  rate(perSecond: number): Asked<void> {
    return this.program.ask("rate", { perSecond })
  }

  /** Pushes so many points without giving the event loop a turn. */
  burst(points: number): Asked<void> {
    return this.program.ask("burst", { points })
  }

  pushAll(points: number): Asked<void> {
    return this.program.ask("pushAll", { points }, 120_000)
  }

  /** Pushes points of so many series, one each, as fast as they go. */
  distinct(series: number): Asked<void> {
    return this.program.ask("distinct", { series }, 300_000)
  }

  /** Steps the wall clock of the program. */
  step(millis: number): Asked<void> {
    return this.program.ask("step", { millis })
  }

  get flush(): Asked<void> {
    return this.program.ask("flush")
  }

  get sample(): Asked<Sample> {
    return this.program.ask("sample")
  }

  /** Forgets the percentiles, and the most in flight and queued, so far. */
  get reset(): Asked<void> {
    return this.program.ask("reset")
  }

  /** Collects garbage; needs `--expose-gc`. */
  get collect(): Asked<void> {
    return this.program.ask("collect")
  }

  /** Closes the database, and lets the program end. */
  get close(): Asked<Closed> {
    return this.program.ask("close", {}, 60_000)
  }
}

/**
 * Options of Node for a program whose resident memory is measured. Left alone, V8 lets garbage pile up for minutes
 * before resident memory comes to rest, and nothing else could be seen.
 */
export const steadyHeap: ReadonlyArray<string> = ["--max-old-space-size=64", "--max-semi-space-size=4"]

/** How to start one. */
export interface PusherOptions {
  readonly database: DatabaseConfig.DatabaseConfig
  readonly perSecond?: number | undefined
  readonly namespace?: Namespace | undefined
  readonly node?: ReadonlyArray<string> | undefined
}

/** Starts one, for the life of the scope. */
export const start = (options: PusherOptions): Effect.Effect<Pusher, Program.ProgramError, Scope.Scope> => {
  const { database, namespace, node, perSecond } = options
  return Effect.map(
    Program.start({ name: "pusher", options: { database, perSecond }, namespace, node }),
    (program) => new Pusher(program)
  )
}
