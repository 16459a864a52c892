/**
 * `bench:overload [--seconds N]`
 *
 * A program pushes ten times what its database can send, for a minute. Before that it pushes as much to a transport
 * that accepts everything at once; the difference is the price of overload. It measures what the program notices: the
 * duration of a push, the delay of the event loop, the growth of memory. It also checks what the server receives: which
 * points arrive, and in which order.
 *
 * It has a process of its own, because its memory is measured.
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
  /** Points per second after the warm-up. */
  readonly pushed: number
  readonly sent: number
  /** Nanoseconds per push. */
  readonly push: { readonly p50: number; readonly p99: number }
  /** Delay of the event loop in milliseconds. */
  readonly loop: { readonly p50: number; readonly p99: number }
  /**
   * Megabytes per minute, as the slope of a line through samples: of live memory after a collection, and of resident
   * memory.
   */
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
/** Milliseconds that the fake server takes for a payload. */
const sendMillis = 10
// A payload of the default size has nine of these points, so the four senders take this many points a second, at most.
const drain = senders * 9 * (1000 / sendMillis)
const factor = 10

// Each sample collects garbage. That is rare enough not to affect the event loop.
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

/** What arrived, in the order of each connection. */
class Arrivals {
  points = 0
  newest = -1
  /** The greatest age of a point when it arrived: the number of points pushed after it. */
  oldest = 0
  /** The points that arrived after the last push. */
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

/** Megabytes per minute. */
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
  // At least until there is a sample, in case the process was suspended.
  for (let now = start; now < start + seconds * 1000 || live.length === 0; now = performance.now()) {
    if (counted === undefined && now - start >= warmUp) {
      const { pushed, sent } = database.statsUnsafe()
      counted = { pushed, sent, at: now }
      pushes.reset()
      delay.enable()
    }
    // All that are due, but at most those of a twentieth of a second, in case the process was suspended.
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
  // The newest points survived: those queued at the end are the last ones pushed.
  const survivors = arrivals.afterwards.filter((number) => number >= arrivals.pushed - queuedAtEnd).sort((a, b) =>
    a - b
  )
  Assert.deepEqual(
    survivors,
    Array.from({ length: queuedAtEnd }, (_, i) => arrivals.pushed - queuedAtEnd + i),
    "the newest points survived"
  )
  // No point arrived that should have been shed: one older than a full queue and what the senders may hold.
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
    // A warm-up, so that the code is compiled before anything is measured.
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
