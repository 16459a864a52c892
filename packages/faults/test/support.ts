/** The hosts of a test, repeated measurements for busy machines, and the report of what was measured. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import type { DatabaseConfig } from "efflux"
import type { Sample } from "../src/Load.ts"
import * as Namespace from "../src/Namespace.ts"
import * as Pusher from "../src/Pusher.ts"
import * as Receiver from "../src/Receiver.ts"
import * as Row from "../src/Row.ts"

export const port = 8089

/** How to start a program under load and a receiver for it, each in its namespace. */
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

/**
 * Measures up to three times, because a promise about time may fail on a busy machine. Exact promises must hold each
 * time; the measurement itself asserts them.
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

/** A growth in bytes, with its sign. */
export const grown = (bytes: number): string => `${bytes < 0 ? "−" : "+"}${megabytes(Math.abs(bytes))}`

/** The counters that are not 0, in few words. */
const account = ({ law, stats }: Pick<Sample, "law" | "stats">): ReadonlyArray<string> => {
  const dropped = Object.entries(stats.dropped).filter(([, points]) => points > 0)
    .map(([reason, points]) => `, ${reason} ${points}`)
  return [`pushed ${stats.pushed}, sent ${stats.sent}${dropped.join("")}`, `the law held in ${law.looks} checks`]
}

/**
 * Reports what a test measured for a row, and the counters of a sample. Numbers are shown in groups of three digits.
 */
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
