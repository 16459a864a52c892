/**
 * One database: a queue, its senders, its counters, in a scope.
 *
 * This is the assembly. The parts: `PointBuffer` (queue and ledger), `SenderPool` (the fibers), `AutoTimestamps`,
 * `Reporter`, `DatabaseMetrics`. The `Transport` decides how payloads are sent.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { isIterable } from "effect/Predicate"
import * as PubSub from "effect/PubSub"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Sink from "effect/Sink"
import * as Stream from "effect/Stream"
import type { Rejected } from "../../InfluxError.ts"
import type * as Point from "../../Point.ts"
import type { Events, Transport } from "../../Transport.ts"
import type { DatabaseSettings } from "../config/DatabaseSettings.ts"
import { SeriesPoint } from "../encode/SeriesPoint.ts"
import { closing } from "../text/closing.ts"
import { preview } from "../text/preview.ts"
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
   * `"high"`: a full queue drops the point only if all its points have high priority. It is sent in the order of its
   * push like any other point. Default `"normal"`, or the priority of the point's series.
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
  /**
   * Pushes a point. Never waits and never fails: it is one offer to the queue.
   *
   * If the queue is full its oldest point is dropped (`queue_full`). A point that can't be written is dropped later,
   * by a sender (`invalid`, `oversize`). Everything is counted, see `stats`. Do not change the point afterwards.
   *
   * A point pushed with `{ priority: "high" }` is dropped only if all points in the queue have high priority. It is
   * then counted as `queue_full_high`.
   */
  (point: Point.Input, options: PushOptions | undefined): Effect.Effect<void, never, R>
  /**
   * Pushes a point. Never waits and never fails: it is one offer to the queue.
   *
   * If the queue is full its oldest point is dropped (`queue_full`). A point that can't be written is dropped later,
   * by a sender (`invalid`, `oversize`). Everything is counted, see `stats`. Do not change the point afterwards.
   */
  (point: Point.Input): Effect.Effect<void, never, R>
}

/**
 * The operations of a database. `R` is what an operation requires: nothing for a database as a value, the service for
 * its functions.
 *
 * @category models
 * @since 0.1.0
 */
export interface Operations<R> {
  /**
   * Pushes a point. Never waits and never fails. A full queue drops its oldest point; a point that can't be written
   * is dropped later, by a sender. Everything is counted, see `stats`. Do not change the point afterwards.
   */
  readonly push: Push<R>
  /**
   * Pushes points in order. Never fails. Yields to the event loop every few thousand points. If the argument is not
   * iterable, or throws while it is iterated, that is counted as one `invalid` point.
   */
  readonly pushAll: (points: Iterable<Point.Input>, options?: PushOptions) => Effect.Effect<void, never, R>
  /**
   * Pushes every point that it receives, and waits while the queue is full. It drops nothing itself, but points that
   * other code pushes into a full queue still drop the oldest one, even if it came from the sink.
   */
  readonly sink: Sink.Sink<void, Point.Input, never, never, R>
  /**
   * Sends what is queued without waiting for `flushInterval`, and waits until all points pushed before are settled:
   * sent or dropped. There is no timeout: while the server's name does not resolve, for example, it waits. Use
   * `Effect.timeout`.
   */
  readonly flush: Effect.Effect<void, never, R>
  /** A consistent snapshot: `pushed = sent + dropped (by reason) + queued + in flight` holds exactly. */
  readonly stats: Effect.Effect<Stats, never, R>
  /** How full the queue is, and how fast points arrive, leave and are dropped. */
  readonly pressure: Effect.Effect<Pressure.Pressure, never, R>
  /**
   * Emits the current pressure, and then a new value whenever the queue has changed by a tenth of its capacity, or
   * dropping began or ended. The pressure is checked ten times a second. The stream never ends.
   */
  readonly pressureChanges: Stream.Stream<Pressure.Pressure, never, R>
  /**
   * The server's rejections as they happen. A slow consumer misses the oldest. The stream ends when the database
   * closes.
   */
  readonly rejections: Stream.Stream<Rejected, never, R>
}

/**
 * A database as a value.
 *
 * @category models
 * @since 0.1.0
 */
export interface Database extends Operations<never> {
  /** The transport; `"custom"` is a `Transport` from the context. */
  readonly transport: DatabaseSettings["transport"] | "custom"
  /** `push` as a plain function, for callbacks and hot loops. Never throws. */
  readonly pushUnsafe: (point: Point.Input, options?: PushOptions) => void
  /** `stats` as a plain function. It also works after closing, when all points are settled. */
  readonly statsUnsafe: () => Stats
}

// The number of rejections that wait for a consumer of `rejections`; older ones are discarded.
const maxKeptRejections = 64

// The number of points that `pushAll` offers before it yields: a millisecond or two.
const pointsPerTurn = 4096

/**
 * Makes a database in the current scope. Closing the scope refuses new points, sends what is queued for at most
 * `drainTimeout`, and counts the rest as `shutdown`.
 *
 * @internal
 */
export const make = Effect.fnUntraced(function*<R>(
  settings: DatabaseSettings,
  makeTransport: (events: Events, settings: DatabaseSettings) => Effect.Effect<Transport["Service"], never, R>,
  transportName: Database["transport"] = settings.transport
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
    Effect.sync(() => MetricRegistration.register(context, buffer, settings, transportName)),
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
  const rejections = yield* Effect.acquireRelease(PubSub.sliding<Rejected>(maxKeptRejections), PubSub.shutdown)
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
      // Reading a property that plain points lack is cheaper than `instanceof`, which walks the prototypes.
      if (options !== undefined || (point as Partial<SeriesPoint>).reader !== undefined) high = isHigh(point, options)
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
  yield* Effect.forkIn(meter.run, scope)
  return {
    transport: transportName,
    push: (point: Point.Input, options?: PushOptions) => Effect.sync(() => pushUnsafe(point, options)),
    pushAll: (points, options) => pushAll(points, (point) => pushUnsafe(point, options)),
    sink: Sink.forEachArray((points) => pushEach(points, pushUnsafe, buffer)),
    flush: buffer.flush,
    stats: Effect.sync(statsUnsafe),
    pressure: Effect.sync(() => meter.look()),
    pressureChanges: meter.changes,
    rejections: Stream.fromPubSub(rejections),
    pushUnsafe,
    statsUnsafe
  }
})

const isHigh = (point: Point.Input, options: PushOptions | undefined): boolean =>
  (options?.priority ?? (point instanceof SeriesPoint ? point.reader.priority : undefined)) === "high"

// It waits until there is room for more than one point, because points leave the queue in batches.
const pushEach = Effect.fnUntraced(function*(
  points: Iterable<Point.Input>,
  pushUnsafe: (point: Point.Input) => void,
  waitsFor?: PointBuffer
) {
  let count = 0
  for (const point of points) {
    while (waitsFor?.hasRoomFor(point) === false) yield* waitsFor.room
    pushUnsafe(point)
    if (++count % pointsPerTurn === 0) yield* Effect.yieldNow
  }
})

/**
 * The operations that a database and shards have in common, as functions of their service.
 *
 * @internal
 */
export const operationsOf = <Self, Stats>(
  tag: Context.Service<Self, Pick<Database, "flush" | "pushAll" | "pushUnsafe" | "sink"> & { statsUnsafe: () => Stats }>
) => ({
  // One step of the fiber: it looks up the service and calls the function.
  push: (point: Point.Input, options?: PushOptions) =>
    Effect.withFiberSucceed((fiber) =>
      Context.get(fiber.context as Context.Context<Self>, tag).pushUnsafe(point, options)
    ),
  pushAll: (points: Iterable<Point.Input>, options?: PushOptions) => tag.use((self) => self.pushAll(points, options)),
  sink: Sink.unwrap(tag.useSync(({ sink }) => sink)),
  flush: tag.use(({ flush }) => flush),
  stats: tag.useSync((self) => self.statsUnsafe())
})

/** @internal */
export const pushAll = (points: Iterable<Point.Input>, pushUnsafe: (point: Point.Input) => void): Effect.Effect<void> =>
  closing(points, (points) => pushEach(points, pushUnsafe)).pipe(
    // An argument that can't be iterated is counted and logged as one unreadable point.
    Effect.catchDefect((error) =>
      Effect.sync(() =>
        pushUnsafe({
          get measurement(): never {
            throw isIterable(points)
              ? error
              : new TypeError(`pushAll takes an iterable of points, got ${preview(points)}`)
          },
          fields: {}
        })
      )
    )
  )

// A point waits for others for at most one interval, measured from the time when the queue was empty.
const flushEvery = (buffer: PointBuffer, interval: number): Effect.Effect<never> =>
  buffer.filled.pipe(
    Effect.andThen(Effect.sleep(interval)),
    Effect.andThen(Effect.sync(() => buffer.requestFlush())),
    Effect.forever
  )
