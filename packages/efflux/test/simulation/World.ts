/**
 * A world for Effect programs in which a seed decides everything: which of the
 * runnable tasks runs next, where a fiber has to pause, and when time passes.
 * It is one synchronous loop; nothing in it waits for real.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import type { SeededRandom } from "./SeededRandom.ts"

interface Timer {
  readonly at: number
  readonly run: () => void
}

// Where everything starts, so that timestamps look like timestamps.
const start = 1_700_000_000_000

export class World implements Scheduler.Scheduler {
  readonly executionMode = "async"
  readonly #random: SeededRandom
  readonly #pauses: number
  readonly #tasks: Array<() => void> = []
  #timers: Array<Timer> = []
  /** Milliseconds since the start. */
  now = 0
  steps = 0

  constructor(random: SeededRandom) {
    this.#random = random
    // Some runs pause fibers at every other operation, some hardly ever.
    this.#pauses = random.pick([0, 0.01, 0.1, 0.5])
  }

  shouldYield(fiber: Fiber.Fiber<unknown, unknown>): boolean {
    // As with Effect's own scheduler a fiber that is resumed does at least one operation. If it could pause before
    // that, an interruption of a fiber that has not started yet would be lost.
    return this.#pauses > 0 && fiber.currentOpCount > 1 && this.#random.chance(this.#pauses)
  }

  makeDispatcher(): Scheduler.SchedulerDispatcher {
    return {
      scheduleTask: (task) => {
        this.#tasks.push(task)
      },
      flush: () => {
        throw new Error("the simulation never flushes a dispatcher")
      }
    }
  }

  readonly clock: Clock.Clock = (() => {
    const millis = () => start + this.now
    const wallNanos = () => BigInt(millis()) * 1_000_000n
    const monotonicNanos = () => BigInt(this.now) * 1_000_000n
    return {
      currentTimeMillisUnsafe: millis,
      currentTimeMillis: Effect.sync(millis),
      currentTimeNanosUnsafe: wallNanos,
      currentTimeNanos: Effect.sync(wallNanos),
      monotonicTimeNanosUnsafe: monotonicNanos,
      monotonicTimeNanos: Effect.sync(monotonicNanos),
      sleep: (duration) => this.sleep(Duration.toMillis(duration))
    }
  })()

  /** Waits in virtual time. */
  sleep(millis: number): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      const timer: Timer = { at: this.now + Math.max(1, Math.ceil(millis)), run: () => resume(Effect.void) }
      this.#timers.push(timer)
      return Effect.sync(() => {
        this.#timers = this.#timers.filter((other) => other !== timer)
      })
    })
  }

  /**
   * Runs a program to its end and calls `check` after every step. Calls `fail`
   * if it does not end within `maxSteps`, or if nothing is left that could run.
   */
  run<A, E>(
    program: Effect.Effect<A, E>,
    check: () => void,
    maxSteps: number,
    fail: (message: string) => never
  ): Exit.Exit<A, E> {
    const context = Context.make(Scheduler.Scheduler, this as Scheduler.Scheduler).pipe(
      Context.add(Clock.Clock, this.clock)
    )
    const fiber = Effect.runForkWith(context)(program)
    while (true) {
      check()
      const exit = fiber.pollUnsafe()
      if (exit !== undefined) return exit
      if (++this.steps > maxSteps) fail(`not at its end after ${maxSteps} steps`)
      this.#step(fail)
    }
  }

  #step(fail: (message: string) => never): void {
    // Mostly time stands still while something can run, but a timer may also come first.
    if (this.#tasks.length > 0 && !(this.#timers.length > 0 && this.#random.chance(0.05))) {
      const [task] = this.#tasks.splice(this.#random.integer(0, this.#tasks.length - 1), 1)
      return task()
    }
    if (this.#timers.length === 0) fail("nothing can run any more, and no timer is left")
    const at = Math.min(...this.#timers.map((timer) => timer.at))
    const due = this.#timers.filter((timer) => timer.at === at)
    const timer = this.#random.pick(due)
    this.#timers = this.#timers.filter((other) => other !== timer)
    this.now = Math.max(this.now, at)
    timer.run()
  }
}
