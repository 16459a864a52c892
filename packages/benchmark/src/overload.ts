/**
 * `bench:overload [--seconds N]`
 *
 * A program pushes ten times what its database can send, for a minute, and before that the same to a database that takes
 * all at once: the price of overload is the difference. What the program sees is measured: how long its pushes take, how
 * late its event loop is, how its memory grows. And what the server sees: which points came, in which order.
 *
 * It runs in its own process, because its memory is measured.
 */
import * as Program from "@efflux/testkit/Program"
import { slopePerMinute } from "@efflux/testkit/Slope"
import { Effect, Layer, Logger, ManagedRuntime } from "effect"
import { InfluxDatabase, type Point, Transport } from "efflux"
import * as Assert from "node:assert/strict"
import { createHistogram, monitorEventLoopDelay } from "node:perf_hooks"
import { setTimeout as sleep } from "node:timers/promises"
import { parseArgs } from "node:util"

export interface Outcome {
  readonly seconds: number
  /** Points a second that were pushed, and that were sent, from the end of the warm-up on. */
  readonly pushed: number
  readonly sent: number
  /** Nanoseconds that a push took. */
  readonly push: { readonly p50: number; readonly p99: number }
  /** Milliseconds that the event loop was late. */
  readonly loop: { readonly p50: number; readonly p99: number }
  /** Megabytes that a minute brought, as lines through samples: of what lives after a collection, and of resident memory. */
  readonly memory: { readonly live: number; readonly resident: number }
}

export interface Overload {
  readonly unloaded: Outcome
  readonly overloaded: Outcome
  readonly dropped: number
}

const senders = 4
const batchSize = 100
const queueCapacity = 10_000
/** What a sender takes for a payload, in milliseconds: so fast is the fake server. */
const sendMillis = 10
// A payload of the default size has nine of these points, so the four senders take this many points a second, at most.
const drain = senders * 9 * (1000 / sendMillis)
const factor = 10

// A collection at each sample: seldom enough that it does not change how the loop does.
const sampleMillis = 4000

const routes = ["/users", "/users/:id", "/orders/:id/items", "/health"]
const pointOf = (sequence: number): Point.Input => ({
  measurement: "http_request",
  tags: { host: "web-01", method: "GET", route: routes[sequence & 3], status: "200" },
  fields: {
    sequence: BigInt(sequence),
    duration: (sequence * 7919) % 1000,
    ok: true,
    path: `/users/${sequence % 1000}`
  }
})

/** What came, in the order of each connection. */
class Arrivals {
  points = 0
  newest = -1
  /** How old the oldest point was when it came, in points that were pushed after it. */
  oldest = 0
  /** The points that came after everything was pushed. */
  readonly afterwards: Array<number> = []
  pushed = 0
  over = false

  readonly sender = (millis: number): Layer.Layer<Transport.Transport> =>
    Layer.succeed(Transport.Transport, {
      open: Effect.sync(() => {
        let last = -1
        return {
          isStale: () => false,
          send: (payload: Uint8Array) =>
            Effect.andThen(
              millis > 0 ? Effect.sleep(millis) : Effect.void,
              Effect.sync(() => {
                for (const [, sequence] of Buffer.from(payload).toString("latin1").matchAll(/ sequence=(\d+)i,/g)) {
                  const number = Number(sequence)
                  Assert.ok(number > last, `${number} came behind ${last} on one connection`)
                  last = number
                  this.#came(number)
                }
              })
            )
        }
      })
    })

  #came(number: number): void {
    this.points++
    if (number > this.newest) this.newest = number
    if (this.over) this.afterwards.push(number)
    else this.oldest = Math.max(this.oldest, this.pushed - number)
  }
}

/** Megabytes a minute. */
const slopeOf = (samples: ReadonlyArray<number>): number =>
  slopePerMinute(samples.map((bytes, i) => ({ at: i * sampleMillis, bytes }))) / 1e6

const collect = (): void => {
  if (globalThis.gc === undefined) throw new Error("memory is measured after collections: run node with --expose-gc")
  void globalThis.gc()
}

const attempt = async (
  millis: number,
  seconds: number
): Promise<{ readonly outcome: Outcome; readonly dropped: number }> => {
  const arrivals = new Arrivals()
  const runtime = ManagedRuntime.make(
    InfluxDatabase.layerTransport({
      name: "overload",
      queueCapacity,
      batchSize,
      senders,
      pacing: "none",
      drainTimeout: "60 seconds"
    })
      .pipe(Layer.provide(arrivals.sender(millis)), Layer.provide(Logger.layer([])))
  )
  const database = await runtime.runPromise(InfluxDatabase.InfluxDatabase.use(Effect.succeed))
  const perMilli = drain * factor / 1000
  const warmUp = Math.min(10, seconds / 3) * 1000
  const pushes = createHistogram()
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const live: Array<number> = []
  const resident: Array<number> = []
  const start = performance.now()
  let counted: { readonly pushed: number; readonly sent: number; readonly at: number } | undefined
  // Until there is a figure at least, should the process have been stopped meanwhile.
  for (let now = start; now < start + seconds * 1000 || live.length === 0; now = performance.now()) {
    if (counted === undefined && now - start >= warmUp) {
      const { pushed, sent } = database.statsUnsafe()
      counted = { pushed, sent, at: now }
      pushes.reset()
      delay.enable()
    }
    // As many as are due; not more than a twentieth of a second's at once, should the process have been stopped.
    const due = Math.min(Math.floor((now - start) * perMilli) - arrivals.pushed, 50 * perMilli)
    for (let i = 0; i < due; i++) {
      const point = pointOf(arrivals.pushed++)
      const before = process.hrtime.bigint()
      database.pushUnsafe(point)
      pushes.record(process.hrtime.bigint() - before + 1n)
    }
    if (counted !== undefined && now >= counted.at + live.length * sampleMillis) {
      collect()
      const { external, heapUsed, rss } = process.memoryUsage()
      live.push(heapUsed + external)
      resident.push(rss)
    }
    await sleep(1)
  }
  delay.disable()
  const { pushed, sent } = database.statsUnsafe()
  const elapsed = (performance.now() - counted!.at) / 1000
  arrivals.over = true
  const queuedAtEnd = database.statsUnsafe().queued
  await runtime.runPromise(database.flush)
  const end = database.statsUnsafe()
  const dropped = Object.values(end.dropped).reduce((sum, n) => sum + n, 0)
  Assert.equal(end.pushed, end.sent + dropped, "every point is accounted for")
  Assert.equal(dropped, end.dropped.queue_full, "nothing was lost but to the full queue")
  Assert.equal(arrivals.points, end.sent, "what was sent has come")
  // The newest points survived: all that were queued at the end, which are the last ones that were pushed.
  const survivors = arrivals.afterwards.filter((number) => number >= arrivals.pushed - queuedAtEnd).sort((a, b) =>
    a - b
  )
  Assert.deepEqual(
    survivors,
    Array.from({ length: queuedAtEnd }, (_, i) => arrivals.pushed - queuedAtEnd + i),
    "the newest points survived"
  )
  // None came that should have been shed: older than a full queue, and what the senders may hold meanwhile.
  Assert.ok(
    arrivals.oldest <= queueCapacity + Math.ceil(perMilli * 1000) + senders * batchSize,
    `a point came that was ${arrivals.oldest} points old`
  )
  await runtime.dispose()
  return {
    dropped,
    outcome: {
      seconds,
      pushed: (pushed - counted!.pushed) / elapsed,
      sent: (sent - counted!.sent) / elapsed,
      push: { p50: pushes.percentile(50), p99: pushes.percentile(99) },
      loop: { p50: delay.percentile(50) / 1e6, p99: delay.percentile(99) / 1e6 },
      memory: { live: slopeOf(live), resident: slopeOf(resident) }
    }
  }
}

const functions = {
  measure: async (seconds: number): Promise<Overload> => {
    // What compiles, compiles before anything is measured.
    await attempt(0, Math.min(2, seconds / 3))
    const { outcome: unloaded } = await attempt(0, Math.max(1, seconds / 3))
    const { dropped, outcome: overloaded } = await attempt(sendMillis, seconds)
    return { unloaded, overloaded, dropped }
  }
}

export type Functions = typeof functions

if (process.send !== undefined) Program.serve(functions)
else {
  const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" } } })
  const seconds = Number(values.seconds)
  if (!(seconds >= 1)) throw new Error("--seconds is a number from 1 on")
  console.log(await functions.measure(seconds))
}
