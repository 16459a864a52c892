/**
 * One database: a queue, its senders, its counters, in a scope.
 *
 * This is the assembly. The parts: `PointBuffer` (queue and ledger), `SenderPool`
 * (the fibers), `AutoTimestamps`, `Reporter`, `DatabaseMetrics`. How payloads leave is the
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
import type { Rejected } from "../../InfluxError.ts"
import type * as Point from "../../Point.ts"
import type { Events, Transport } from "../../Transport.ts"
import type { Settings } from "../config/Settings.ts"
import { SeriesPoint } from "../series/SeriesPoint.ts"
import { AutoTimestamps, type QueuedPoint } from "./AutoTimestamps.ts"
import { Ledger, type Stats } from "./Ledger.ts"
import * as MetricRegistration from "./MetricRegistration.ts"
import { PointBuffer } from "./PointBuffer.ts"
import { SlidingQueue } from "./PointQueue.ts"
import * as Pressure from "./Pressure.ts"
import { Reporter } from "./Reporter.ts"
import * as SelfReport from "./SelfReport.ts"
import * as SenderPool from "./SenderPool.ts"

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
  const queue = yield* Queue.sliding<QueuedPoint>(settings.queueCapacity)
  const dispatcher = yield* Effect.withFiberSucceed((fiber) => fiber.currentDispatcher)
  const ledger = new Ledger()
  const buffer = new PointBuffer(new SlidingQueue(queue, ledger.dropped), ledger, settings, dispatcher)
  const reporter = new Reporter(buffer, settings)
  if (MetricRegistration.isRegistered(context, settings.name)) yield* reporter.sameName
  const metrics = yield* Effect.acquireRelease(
    Effect.sync(() =>
      MetricRegistration.register(context, {
        name: settings.name,
        ledger,
        capacity: settings.queueCapacity,
        queued: () => buffer.size,
        queuedBytes: () => buffer.bytes
      })
    ),
    ({ remove }) => Effect.sync(remove)
  )

  const transport = yield* makeTransport({
    onRefused: (endpoint) => {
      ledger.refusals++
      reporter.refused(endpoint)
    },
    onFailure: (error) => reporter.failure(error, 0)
  }, settings)
  yield* Effect.forkIn(reporter.run, scope)
  yield* Effect.forkIn(flushEvery(buffer, settings.flushInterval), scope)
  const rejections = yield* Effect.acquireRelease(PubSub.sliding<Rejected>(keptRejections), PubSub.shutdown)
  const senders = yield* SenderPool.start(
    {
      buffer,
      settings,
      transport,
      reporter,
      observeSend: metrics.observeSend,
      onRejected: (rejected) => PubSub.publishUnsafe(rejections, rejected)
    },
    scope
  )

  const clock = yield* Clock.Clock
  const timestamps = settings.timestamps === "client" ? new AutoTimestamps(clock, settings.precision) : undefined
  const pushUnsafe = (point: Point.Input, options?: PushOptions): void => {
    let high = false
    let hasTimestamp = true
    try {
      if (options !== undefined || point instanceof SeriesPoint) high = isHigh(point, options)
      hasTimestamp = point.timestamp !== undefined && point.timestamp !== null
    } catch {
      // A getter or proxy that throws here throws again when the point is written, and is counted there.
    }
    buffer.offer(hasTimestamp || timestamps === undefined ? point : timestamps.give(point), high)
  }
  const statsUnsafe = () => buffer.snapshot()
  const report = Effect.sync(() => pushUnsafe(SelfReport.make(settings.name, statsUnsafe())))

  // Finalizers run last in, first out: this one before the fibers above are interrupted.
  yield* Scope.addFinalizer(
    scope,
    Effect.gen(function*() {
      if (settings.selfReport !== undefined) yield* report
      buffer.close()
      reporter.closing()
      yield* Effect.timeoutOption(Effect.interruptible(buffer.flush), settings.drainTimeout)
      const { inFlight } = ledger
      yield* Fiber.interruptAll(senders)
      buffer.discard()
      yield* reporter.finish(inFlight)
    })
  )
  if (settings.selfReport !== undefined) {
    yield* Effect.forkIn(Effect.forever(Effect.andThen(Effect.sleep(settings.selfReport), report)), scope)
  }

  const meter = new Pressure.PressureMeter(buffer, settings, clock)
  return {
    push: (point: Point.Input, options?: PushOptions) => Effect.sync(() => pushUnsafe(point, options)),
    pushAll: (points, options) => pushAll(points, (point) => pushUnsafe(point, options)),
    flush: buffer.flush,
    stats: Effect.sync(statsUnsafe),
    pressure: Effect.sync(() => meter.look()),
    pressureChanges: pressureChanges(() => new Pressure.PressureMeter(buffer, settings, clock)),
    rejections: Stream.fromPubSub(rejections),
    pushUnsafe,
    statsUnsafe
  }
})

const isHigh = (point: Point.Input, options: PushOptions | undefined): boolean =>
  (options?.priority ?? (point instanceof SeriesPoint ? point.reader.priority : undefined)) === "high"

// One look after the other, when the consumer asks for one: nothing is buffered, and without a consumer nothing runs.
const pressureChanges = (makeMeter: () => Pressure.PressureMeter): Stream.Stream<Pressure.Pressure> =>
  Stream.suspend(() => {
    const meter = makeMeter()
    const look = Effect.sync(() => meter.look())
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
const flushEvery = (buffer: PointBuffer, interval: number): Effect.Effect<never> =>
  buffer.filled.pipe(
    Effect.andThen(Effect.sleep(interval)),
    Effect.andThen(Effect.sync(() => buffer.requestFlush())),
    Effect.forever
  )
