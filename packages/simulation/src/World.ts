/**
 * A simulated environment for Effect programs, in which a seed decides everything: which runnable task runs next, where
 * a fiber must pause, when time passes, how late timers are, and when the wall clock is set. It is one synchronous
 * loop; nothing in it really waits.
 */
import type { SeededRandom } from "@efflux/testkit/SeededRandom"
import {
  Clock,
  Context,
  Duration,
  Effect,
  type Exit,
  type Fiber,
  Logger,
  Metric,
  Random,
  References,
  Scheduler,
  Semaphore
} from "effect"
import * as LookUpLimit from "../../efflux/src/internal/transport/LookUpLimit.ts"

interface Timer {
  readonly at: number
  readonly run: () => void
}

// The start time, so that timestamps look realistic.
const start = 1_700_000_000_000

const hour = 3_600_000

// Milliseconds by which a timer may overtake tasks that could run before it.
const hurry = 20

export class World implements Scheduler.Scheduler {
  readonly executionMode = "async"
  readonly #random: SeededRandom
  readonly #pauses: number
  readonly #lateness: number
  readonly #clockSteps: number
  /** Earlier values of the wall clock, to which it may be set again. */
  readonly #shown: Array<number> = [0]
  readonly #tasks: Array<() => void> = []
  readonly #timers: Array<Timer> = []
  /** Milliseconds since the start, by the monotonic clock. */
  now = 0
  /** The lead of the wall clock over the monotonic one. */
  wallOffset = 0
  steps = 0
  /** The metric registry of all databases. */
  readonly metrics: typeof Metric.MetricRegistry.Service = new Map()

  constructor(random: SeededRandom) {
    this.#random = random
    // Some runs pause fibers at every other operation, some hardly ever. In some runs timers are late, or clocks are
    // set.
    this.#pauses = random.pick([0, 0, 0.01, 0.01, 0.05, 0.2, 0.5])
    this.#lateness = random.pick([0, 0, 0.1])
    this.#clockSteps = random.pick([0, 0, 0, 0.1, 0.6])
  }

  /** Whether nothing can run until time passes. */
  get isIdle(): boolean {
    return this.#tasks.length === 0
  }

  shouldYield(fiber: Fiber.Fiber<unknown, unknown>): boolean {
    // As with Effect's own scheduler, a resumed fiber runs at least one operation. If it could pause before that, an
    // interruption of a fiber that has not started yet would be lost.
    return this.#pauses > 0 && fiber.currentOpCount > 1 && this.#random.chance(this.#pauses)
  }

  readonly #dispatcher: Scheduler.SchedulerDispatcher = {
    scheduleTask: (task) => {
      this.#tasks.push(task)
    },
    flush: () => {
      throw new Error("the simulation never flushes a dispatcher")
    }
  }

  makeDispatcher(): Scheduler.SchedulerDispatcher {
    return this.#dispatcher
  }

  readonly clock: Clock.Clock = (() => {
    const millis = () => start + this.now + this.wallOffset
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

  /** The source of jitter for Effect's schedules. */
  readonly #jitter = {
    nextDoubleUnsafe: () => this.#random.next(),
    nextIntUnsafe: () => this.#random.integer(0, 2 ** 31)
  }

  /** Waits in virtual time. */
  sleep(millis: number): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      const cancel = this.schedule(millis, () => resume(Effect.void))
      return Effect.sync(cancel)
    })
  }

  /** Calls back after some virtual time, as a kernel would. Returns a function that cancels it. */
  schedule(millis: number, run: () => void): () => void {
    const timer: Timer = { at: this.now + Math.max(1, Math.ceil(millis)), run }
    this.#timers.push(timer)
    return () => {
      const index = this.#timers.indexOf(timer)
      if (index >= 0) this.#timers.splice(index, 1)
    }
  }

  /**
   * Runs a program to its end, then whatever it left behind, and calls `check` after every step. Calls `fail` if that
   * takes more than `maxSteps`, or if it can't continue.
   */
  run<A, E>(
    program: Effect.Effect<A, E>,
    loggers: ReadonlySet<Logger.Logger<unknown, unknown>>,
    check: () => void,
    maxSteps: number,
    fail: (message: string) => never
  ): Exit.Exit<A, E> {
    const context = Context.make(Scheduler.Scheduler, this as Scheduler.Scheduler).pipe(
      Context.add(Clock.Clock, this.clock),
      Context.add(Random.Random, this.#jitter),
      Context.add(LookUpLimit.Permits, Semaphore.makeUnsafe(2)),
      Context.add(Metric.MetricRegistry, this.metrics),
      Context.add(Logger.CurrentLoggers, loggers),
      Context.add(References.MinimumLogLevel, loggers.size === 0 ? "None" : "Info")
    )
    // Most errors are simulated, and their stacks would cost a third of the time.
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    try {
      const fiber = Effect.runForkWith(context)(program)
      while (true) {
        check()
        const exit = fiber.pollUnsafe()
        if (this.#tasks.length === 0 && this.#timers.length === 0) {
          return exit ?? fail("nothing can run any more, but the program is not at its end")
        }
        if (++this.steps > maxSteps) fail(`not at its end after ${maxSteps} steps`)
        this.#step()
      }
    } finally {
      Error.stackTraceLimit = stackTraceLimit
    }
  }

  #step(): void {
    const random = this.#random
    const tasks = this.#tasks
    const timers = this.#timers
    const first = this.#firstTimer()
    // Time usually stands still while a task can run, but a timer that is nearly due may come first.
    const isTimersTurn = tasks.length === 0 ||
      (first >= 0 && timers[first].at - this.now <= hurry && random.chance(0.05))
    if (!isTimersTurn) {
      const index = tasks.length === 1 ? 0 : random.integer(0, tasks.length - 1)
      const task = tasks[index]
      const last = tasks.pop()!
      if (index < tasks.length) tasks[index] = last
      return task()
    }
    const [timer] = timers.splice(first, 1)
    this.now = Math.max(this.now, timer.at)
    // The event loop was blocked: this timer is late, and so are the others that were due meanwhile.
    if (this.#lateness > 0 && random.chance(this.#lateness)) this.now += random.pick([1, 10, 100, 5000])
    if (this.#clockSteps > 0) this.#setClock()
    timer.run()
  }

  #setClock(): void {
    const random = this.#random
    if (random.chance(this.#clockSteps)) {
      this.wallOffset = random.chance(0.5)
        ? random.pick(this.#shown) - this.now
        : this.wallOffset + random.pick([-hour, 24 * hour, -1, 1, -10, 10, -2000, -2000, 1990, 1990])
    }
    this.#shown.push(this.now + this.wallOffset)
  }

  /** The index of a timer that is due next, any of several; -1 if there is none. */
  #firstTimer(): number {
    const timers = this.#timers
    let first = timers.length - 1
    let same = 1
    for (let i = first - 1; i >= 0; i--) {
      if (timers[i].at < timers[first].at) {
        first = i
        same = 1
      } else if (timers[i].at === timers[first].at && this.#random.chance(1 / ++same)) first = i
    }
    return first
  }
}
