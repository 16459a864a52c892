/**
 * One database: a queue, its senders, its counters, in a scope.
 *
 * This is the assembly. The parts: `Custody` (queue and ledger), `SenderPool`
 * (the fibers), `Stamper`, `Reporter`, `DatabaseMetrics`. How payloads leave is the
 * `Transport`'s matter.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as PubSub from "effect/PubSub"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Settings } from "../../DatabaseConfig.ts"
import type { Rejected } from "../../InfluxError.ts"
import type * as Point from "../../Point.ts"
import type { Events, Transport } from "../../Transport.ts"
import { PreparedPoint } from "../encode/PreparedPoint.ts"
import { Custody } from "./Custody.ts"
import type { Stats } from "./Ledger.ts"
import * as Pressure from "./Pressure.ts"
import * as Registration from "./registration.ts"
import { Reporter } from "./Reporter.ts"
import * as SelfReport from "./SelfReport.ts"
import * as SenderPool from "./SenderPool.ts"
import { type Entry, Stamper } from "./Stamper.ts"

/**
 * How a point is pushed.
 *
 * @category models
 * @since 0.1.0
 */
export interface PushOptions {
  /**
   * `"high"`: a full queue drops the point only when no other is left to drop. It is sent in the order of its push like
   * any other. Default `"normal"`, or what the series of the point says.
   */
  readonly priority?: "normal" | "high" | undefined
}

/**
 * `push`, as a function that takes one point, which `Effect.forEach` wants, or
 * a point with options.
 *
 * @category models
 * @since 0.1.0
 */
export interface Push<R> {
  (point: Point.Input, options: PushOptions | undefined): Effect.Effect<void, never, R>
  (point: Point.Input): Effect.Effect<void, never, R>
}

/**
 * What a database does. See `Influx` for the contracts.
 *
 * @category models
 * @since 0.1.0
 */
export interface Database {
  readonly push: Push<never>
  readonly pushAll: (points: Iterable<Point.Input>, options?: PushOptions) => Effect.Effect<void>
  readonly flush: Effect.Effect<void>
  readonly stats: Effect.Effect<Stats>
  readonly pressure: Effect.Effect<Pressure.Pressure>
  readonly pressureChanges: Stream.Stream<Pressure.Pressure>
  readonly rejections: Stream.Stream<Rejected>
  /** `push` for callbacks and hot loops, without an Effect around it. Never throws. */
  readonly pushUnsafe: (point: Point.Input, options?: PushOptions) => void
  /** `stats` without an Effect around it. Also after closing, when all points are settled. */
  readonly statsUnsafe: () => Stats
}

// Rejections that wait for a consumer of `rejections`; older ones go.
const keptRejections = 64

// How often a stream of pressures looks.
const lookMillis = 100

// Points that pushAll offers before it gives the event loop a turn: a millisecond or two.
const pointsPerTurn = 4096

/**
 * Makes a database in the current scope. Closing the scope stops the intake,
 * sends what is queued for at most `drainTimeout`, and counts the rest as
 * `shutdown`.
 *
 * @internal
 */
export const make = Effect.fnUntraced(function*<R>(
  settings: Settings,
  makeTransport: (events: Events, settings: Settings) => Effect.Effect<Transport["Service"], never, R>
): Effect.fn.Return<Database, never, R | Scope.Scope> {
  const scope = yield* Effect.scope
  const context = yield* Effect.context<never>()
  const queue = yield* Queue.sliding<Entry>(settings.queueCapacity)
  const dispatcher = yield* Effect.withFiberSucceed((fiber) => fiber.currentDispatcher)
  const custody = new Custody(queue, settings, dispatcher)
  const reporter = new Reporter(custody, settings)
  if (Registration.isRegistered(context, settings.name)) yield* reporter.sameName
  const metrics = yield* Effect.acquireRelease(
    Effect.sync(() =>
      Registration.register(context, {
        name: settings.name,
        ledger: custody.ledger,
        capacity: settings.queueCapacity,
        queued: () => custody.size,
        queuedBytes: () => custody.bytes
      })
    ),
    ({ remove }) => Effect.sync(remove)
  )

  const sender = yield* makeTransport({
    onRefused: (endpoint) => {
      custody.ledger.refusals++
      reporter.refused(endpoint)
    },
    onFailure: (error) => reporter.failure(error, 0)
  }, settings)
  yield* Effect.forkIn(reporter.run, scope)
  yield* Effect.forkIn(reporter.watchShedding, scope)
  yield* Effect.forkIn(flushEvery(custody, settings.flushInterval), scope)
  const rejections = yield* Effect.acquireRelease(PubSub.sliding<Rejected>(keptRejections), PubSub.shutdown)
  const senders = yield* SenderPool.start(
    {
      custody,
      settings,
      sender,
      reporter,
      observeSend: metrics.observeSend,
      onRejected: (rejected) => PubSub.publishUnsafe(rejections, rejected)
    },
    scope
  )

  const clock = yield* Clock.Clock
  const stamper = new Stamper(clock, settings.precision)
  const stamps = settings.timestamps === "client"
  const pushUnsafe = (point: Point.Input, options?: PushOptions): void => {
    let high = false
    let stamp = false
    try {
      if (options !== undefined || point instanceof PreparedPoint) high = isHigh(point, options)
      stamp = stamps && (point.timestamp === undefined || point.timestamp === null)
    } catch {
      // A getter or proxy that throws here throws again when the point is written, and is counted there.
    }
    custody.offer(stamp ? stamper.stamp(point) : point, high)
  }
  const statsUnsafe = () => custody.snapshot()
  const report = Effect.sync(() => pushUnsafe(SelfReport.make(settings.name, statsUnsafe())))

  // Finalizers run last in, first out: this one before the fibers above are interrupted.
  yield* Scope.addFinalizer(
    scope,
    Effect.gen(function*() {
      if (settings.selfReport !== undefined) yield* report
      custody.close()
      yield* Effect.timeoutOption(Effect.interruptible(custody.flush), settings.drainTimeout)
      yield* Fiber.interruptAll(senders)
      custody.discard()
      yield* reporter.finish
    })
  )
  if (settings.selfReport !== undefined) {
    yield* Effect.forkIn(Effect.forever(Effect.andThen(Effect.sleep(settings.selfReport), report)), scope)
  }

  const gauge = new Pressure.Gauge(custody, settings, clock)
  return {
    push: (point: Point.Input, options?: PushOptions) => Effect.sync(() => pushUnsafe(point, options)),
    pushAll: (points, options) => pushAll(points, (point) => pushUnsafe(point, options)),
    flush: custody.flush,
    stats: Effect.sync(statsUnsafe),
    pressure: Effect.sync(() => gauge.look()),
    pressureChanges: pressureChanges(() => new Pressure.Gauge(custody, settings, clock)),
    rejections: Stream.fromPubSub(rejections),
    pushUnsafe,
    statsUnsafe
  }
})

const isHigh = (point: Point.Input, options: PushOptions | undefined): boolean =>
  (options?.priority ?? (point instanceof PreparedPoint ? point.encoder.priority : undefined)) === "high"

// One look after the other, when the consumer asks for one: nothing is buffered, and without a consumer nothing runs.
const pressureChanges = (makeGauge: () => Pressure.Gauge): Stream.Stream<Pressure.Pressure> =>
  Stream.suspend(() => {
    const gauge = makeGauge()
    const look = Effect.sync(() => gauge.look())
    return Stream.fromEffect(look).pipe(
      Stream.concat(Stream.fromEffectRepeat(Effect.andThen(Effect.sleep(lookMillis), look))),
      Stream.changesWith(Pressure.isSame)
    )
  })

/** @internal */
export const pushAll = Effect.fnUntraced(
  function*(points: Iterable<Point.Input>, pushUnsafe: (point: Point.Input) => void) {
    let count = 0
    for (const point of points) {
      pushUnsafe(point)
      if (++count % pointsPerTurn === 0) yield* Effect.yieldNow
    }
  }
)

// A point waits for others at most one interval, counted from when the queue was empty.
const flushEvery = (custody: Custody, interval: number): Effect.Effect<never> =>
  custody.filled.pipe(
    Effect.andThen(Effect.sleep(interval)),
    Effect.andThen(Effect.sync(() => custody.requestFlush())),
    Effect.forever
  )
