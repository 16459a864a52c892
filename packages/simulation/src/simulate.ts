/**
 * One run: several databases in a seeded {@link World}, with random options and points, transports with every outcome
 * and delay, and interruption and closing at any time. The promises are checked after every step of the scheduler.
 */
import { SeededRandom } from "@efflux/testkit/SeededRandom"
import { Cause, Effect, Exit, Fiber, Latch, Logger, Scope } from "effect"
import { Dns } from "effect/net"
import * as Database from "../../efflux/src/internal/database/Database.ts"
import * as UdpTransport from "../../efflux/src/internal/transport/UdpTransport.ts"
import { Network } from "./Network.ts"
import { type Scenario, someScenario } from "./Scenario.ts"
import { spitefulSender } from "./SpitefulTransport.ts"
import type { Outcome } from "./Summary.ts"
import { Violation } from "./Violation.ts"
import { type Run, Watch } from "./Watch.ts"
import { World } from "./World.ts"

const maxSteps = 50_000

/** Simulates one seed, and reports what happens to `trace`. Throws a {@link Violation}. */
export const simulate = (seed: number, trace?: (line: string) => void): Outcome => {
  const random = new SeededRandom(seed)
  const world = new World(random)
  // Kept, because databases survive what their transports throw.
  let violation: Violation | undefined
  const run: Run = {
    now: () => world.now,
    fail: (message) => {
      violation ??= new Violation(seed, message)
      throw violation
    },
    trace: trace && ((what) => trace(`step ${world.steps}, ${world.now} ms: ${what}`))
  }

  const subjects = Array.from({ length: random.pick([1, 1, 1, 1, 1, 1, 1, 2, 3]) }, (_, index) => {
    const scenario = someScenario(random, index)
    const watch = new Watch(run, random, scenario.settings, index, scenario.isCalm)
    watch.trace(() => JSON.stringify(scenario))
    return new Subject(world, random, watch, scenario)
  })

  const loggers: ReadonlySet<Logger.Logger<unknown, unknown>> = random.chance(0.05) ? new Set([throwing]) : new Set()
  const exit = world.run(
    subjects.length === 1
      ? subjects[0].live
      : Effect.forEach(subjects, (subject) => subject.live, { concurrency: "unbounded", discard: true }),
    loggers,
    () => {
      if (violation !== undefined) throw violation
      for (const { watch } of subjects) watch.check(world.isIdle)
    },
    maxSteps,
    run.fail
  )
  if (Exit.isFailure(exit)) run.fail(`the program failed: ${String(exit.cause)}`)
  for (const subject of subjects) subject.checkEnd()
  if (world.metrics.size > 0) run.fail(`${world.metrics.size} metrics are left`)
  return {
    seed,
    steps: world.steps,
    stats: subjects.flatMap(({ watch }) => watch.stats ?? []),
    lookUps: subjects.reduce((sum, { network }) => sum + network.lookUps, 0),
    refusals: subjects.reduce((sum, { watch }) => sum + watch.fates.refusals, 0),
    interruptions: subjects.reduce((sum, { interruptions }) => sum + interruptions, 0)
  }
}

/** A database, and the programs that use it. */
class Subject {
  readonly watch: Watch
  readonly network: Network
  interruptions = 0
  /** Opens when there is a database, or never will be. */
  readonly #made = Latch.makeUnsafe(false)
  readonly #world: World
  readonly #random: SeededRandom
  readonly #scenario: Scenario

  constructor(world: World, random: SeededRandom, watch: Watch, scenario: Scenario) {
    this.#world = world
    this.#random = random
    this.watch = watch
    this.network = new Network(world, random, watch)
    this.#scenario = scenario
  }

  /** From the start of the database to after its end. */
  readonly live: Effect.Effect<void> = Effect.gen({ self: this }, function*() {
    const { watch } = this
    const random = this.#random
    const producers: Array<Fiber.Fiber<void>> = []
    for (let i = random.integer(1, 3); i > 0; i--) producers.push(yield* Effect.forkChild(this.#produce))
    const owner = yield* Effect.forkChild(this.#own(producers))
    if (random.chance(0.2)) {
      yield* this.#wait
      this.interruptions++
      yield* Fiber.interrupt(owner)
    }
    const exit = yield* Fiber.await(owner)
    this.#made.openUnsafe()
    if (Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)) watch.fail(`it died: ${String(exit.cause)}`)
    watch.isClosed = true
    watch.trace(() => "closed")
    watch.push()
    yield* Fiber.interruptAll(producers)
    watch.push()
  })

  /** Creates the database and closes it: at once or later, once or twice, normally or by interruption. */
  readonly #own = Effect.fnUntraced(function*(this: Subject, producers: ReadonlyArray<Fiber.Fiber<void>>) {
    const scope = yield* Scope.make()
    yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
    yield* Effect.uninterruptibleMask((restore) => this.#attach(scope, restore(Scope.provide(this.#make, scope))))
    this.#made.openUnsafe()
    if (this.#random.chance(0.8)) yield* Fiber.awaitAll(producers)
    yield* this.#wait
    if (this.#random.chance(0.2)) {
      const close = Scope.close(scope, Exit.void)
      yield* Effect.all([close, close], { concurrency: this.#random.pick([1, 2]) })
    }
  }, Effect.scoped)

  readonly #attach = Effect.fnUntraced(function*(
    this: Subject,
    scope: Scope.Scope,
    make: Effect.Effect<Database.Database>
  ) {
    const { watch } = this
    watch.attach(yield* make)
    watch.trace(() => "made")
    // Finalizers run last in, first out: before the database's own.
    yield* Scope.addFinalizer(
      scope,
      Effect.sync(() => {
        watch.isClosing = true
        watch.trace(() => "closing")
      })
    )
  })

  checkEnd(): void {
    this.watch.checkEnd()
    this.network.checkEnd()
  }

  get #make() {
    const { isUdp, settings } = this.#scenario
    return Effect.suspend(() =>
      isUdp
        ? Database.make(settings, (events) => UdpTransport.makeDns(settings, events, this.network.makeSocket)).pipe(
          Effect.provideService(Dns.Dns, this.network.dns)
        )
        : Database.make(settings, () => Effect.succeed(spitefulSender(this.#world, this.#random, this.watch)))
    )
  }

  readonly #produce = Effect.gen({ self: this }, function*() {
    const { watch } = this
    const random = this.#random
    yield* this.#made.await
    for (let i = random.integer(1, 8); i > 0; i--) {
      watch.push()
      const pause = random.next()
      if (pause < 0.3) yield* this.#world.sleep(random.integer(1, 5))
      else if (pause < 0.5) yield* Effect.yieldNow
      if (random.chance(0.1)) yield* this.#flush
    }
  })

  get #flush(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (!this.watch.isAttached) return Effect.void
      const flush = this.watch.flush
      return this.watch.isCalm ? flush : Effect.timeoutOption(flush, this.#random.integer(1, 20))
    })
  }

  get #wait(): Effect.Effect<void> {
    return Effect.suspend(() =>
      this.#random.chance(0.5) ? this.#world.sleep(this.#random.integer(1, 30)) : yields(this.#random.integer(0, 20))
    )
  }
}

const yields = Effect.fnUntraced(function*(times: number) {
  for (let i = 0; i < times; i++) yield* Effect.yieldNow
})

const throwing = Logger.make(() => {
  throw new Error("simulated")
})
