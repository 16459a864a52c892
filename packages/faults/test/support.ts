/** What the faults share: the law, waiting, and a second try where a busy machine was late. */
import { assert } from "@effect/vitest"
import { waitFor, type WaitOptions } from "@efflux/testkit"
import { assertLaw } from "@efflux/testkit/law"
import { Effect } from "effect"
import type { DatabaseConfig } from "efflux"
import type { Sample } from "../src/Load.ts"
import * as Namespace from "../src/Namespace.ts"
import * as Pusher from "../src/Pusher.ts"
import * as Receiver from "../src/Receiver.ts"
import * as Row from "../src/Row.ts"

export const port = 8089

/** A program under load and a receiver for it, each in its namespace, that starts when it is asked to. */
const hosts = (near: Namespace.Namespace, far: Namespace.Namespace, host: string) => ({
  push: (database: Partial<DatabaseConfig.UdpConfig> = {}, options: Omit<Pusher.Options, "database"> = {}) =>
    Pusher.start({ namespace: near, database: { host, port, ...database }, ...options }),
  receive: (options: Partial<Receiver.Options> = {}) => Receiver.start({ namespace: far, host, port, ...options })
})

/** One host with nothing but loopback. */
export const alone = Effect.map(
  Namespace.make,
  (namespace) => ({ namespace, ...hosts(namespace, namespace, "127.0.0.1") })
)

/** Two hosts, of which the far one receives. */
export const linked = Effect.gen(function*() {
  const { far, near } = yield* Namespace.pair
  const { push, receive } = hosts(near.namespace, far.namespace, far.address)
  return { near, far, push, receiver: yield* receive() }
})

/** The law on every look so far, and a program that wrote nothing to its standard error. */
export const assertSound = (pusher: Pusher.Pusher, sample: Sample): void => {
  assertLaw(sample.stats)
  assert.strictEqual(sample.law.broken, 0)
  assert.isAbove(sample.law.looks, 0)
  assert.strictEqual(pusher.program.written, "")
}

/** Looks once, and finds the law unbroken. */
export const sound = (pusher: Pusher.Pusher) =>
  Effect.tap(pusher.sample(), (sample) => Effect.sync(() => assertSound(pusher, sample)))

/** Closes the database and checks its last counters, and that the program ends by itself with code 0. */
export const close = Effect.fnUntraced(function*(pusher: Pusher.Pusher) {
  const closed = yield* pusher.close()
  const ended = yield* pusher.program.exit
  assertLaw(closed.stats)
  assert.deepStrictEqual([closed.stats.queued, closed.stats.inFlight, closed.stats.sendersBusy], [0, 0, 0])
  // What is pushed after closing is counted.
  assert.strictEqual(closed.after.dropped.shutdown, closed.stats.dropped.shutdown + 1)
  assertLaw(closed.after)
  assert.deepStrictEqual([ended.code, ended.signal, pusher.program.written], [0, null, ""])
  return closed
})

/** Ends the load, and waits until all of it was sent or dropped. */
export const rest = (pusher: Pusher.Pusher) => Effect.andThen(pusher.rate(0), pusher.flush())

/** Waits for a sample. */
export const until = (pusher: Pusher.Pusher, accept: (sample: Sample) => boolean, options?: WaitOptions) =>
  waitFor(pusher.sample(), accept, { interval: 20, ...options })

/** Waits until so many points are received more than were before. */
export const untilMore = (receiver: Receiver.Receiver, points: number, options?: WaitOptions) =>
  Effect.gen(function*() {
    const before = (yield* receiver.received()).points
    return yield* waitFor(receiver.received(), (received) => received.points >= before + points, {
      interval: 10,
      what: `${points} more points`,
      ...options
    })
  })

/** Waits until nothing more comes. */
export const untilQuiet = Effect.fnUntraced(function*(receiver: Receiver.Receiver) {
  let last = yield* receiver.received()
  while (true) {
    yield* Effect.sleep(300)
    const now = yield* receiver.received()
    if (now.payloads === last.payloads) return now
    last = now
  }
})

/**
 * Measures, up to three times: where others use the machine as well, a promise about time may need a second look. What
 * is promised exactly must hold each time, and is asserted by the measurement itself.
 */
export const measured = Effect.fnUntraced(function*<A, E, R>(
  what: string,
  measure: Effect.Effect<A, E, R>,
  accept: (value: A) => boolean
) {
  const seen: Array<A> = []
  while (seen.length < 3) {
    const value = yield* measure
    seen.push(value)
    if (accept(value)) return value
    console.log(`${what}: not so in try ${seen.length}: ${JSON.stringify(value)}`)
  }
  return assert.fail(`${what}: ${JSON.stringify(seen)}`)
})

/** Seconds since the call. */
export const stopwatch = () => {
  const start = performance.now()
  return () => (performance.now() - start) / 1000
}

export const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`

/** By how much something grew. */
export const grown = (bytes: number): string => `${bytes < 0 ? "−" : "+"}${megabytes(Math.abs(bytes))}`

/** Looks and reasons that are not 0, in few words. */
const account = ({ law, stats }: Pick<Sample, "law" | "stats">): ReadonlyArray<string> => {
  const dropped = Object.entries(stats.dropped).filter(([, points]) => points > 0)
    .map(([reason, points]) => `, ${reason} ${points}`)
  return [`pushed ${stats.pushed}, sent ${stats.sent}${dropped.join("")}`, `law exact in ${law.looks} looks`]
}

/** What a test measured of a row, with what became of the points; numbers are shown in groups of three digits. */
export const report = (
  id: string,
  dose: string,
  figures: ReadonlyArray<string>,
  sample?: Pick<Sample, "law" | "stats">
): void => {
  const texts = sample === undefined ? figures : [...figures, ...account(sample)]
  Row.result(
    id,
    dose,
    texts.join("; ").replace(/(?<![.\d])\d{4,}/g, (digits) => digits.replace(/\B(?=(?:\d{3})+$)/g, " "))
  )
}
