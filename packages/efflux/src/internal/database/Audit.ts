/**
 * Measures how much of what a database sent over UDP arrived: compares its counters with those of InfluxDB 1's listener
 * over an interval.
 *
 * `sent` means that the operating system accepted a payload. After that the network, the receive buffer of the server's
 * kernel and the server's parser can drop points, and the sender is not told. The server counts what it received, and
 * `SHOW STATS FOR 'udp'` shows it.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { isUnknown } from "effect/Predicate"
import { InfluxError, InvalidAnswer } from "../../InfluxError.ts"
import { checker } from "../config/checkOptions.ts"
import { invalidOption } from "../config/invalidOption.ts"
import { declare, duration, optional, withDefault } from "../config/OptionSchema.ts"
import type { Client } from "../query/Operations.ts"
import type { Row } from "../query/Row.ts"
import { template } from "../query/Statement.ts"
import { monotonicMillis } from "../text/monotonic.ts"
import { preview } from "../text/preview.ts"
import type { Database } from "./Database.ts"

/**
 * Options of an audit.
 *
 * @category models
 * @since 0.1.0
 */
export interface AuditOptions {
  /** How long to compare, default 10 seconds. */
  readonly interval?: Duration.Input | undefined
  /**
   * The listener of the server that the database sends to: its port, default 8089, or, if several listeners have
   * that port, the `bind-address` of its configuration.
   */
  readonly listener?: number | string | undefined
}

/**
 * The result of an audit. Numbers are for the interval.
 *
 * @category models
 * @since 0.1.0
 */
export interface Audit {
  /** Milliseconds between the two queries of the server. */
  readonly millis: number
  /** The address of the listener, as the server reports it. */
  readonly listener: string
  /** Points and bytes that the operating system accepted from the database. */
  readonly sent: { readonly points: number; readonly bytes: number }
  /** Points that the server's parser accepted, and bytes of all datagrams that it read, from any sender. */
  readonly received: { readonly points: number; readonly bytes: number }
  /** Points that the server has written. The others are waiting for their batch, or were in a batch that failed. */
  readonly stored: number
  /** Datagrams that the server read and could not parse: all of their points are lost. */
  readonly unparsed: number
  /** Times that the server failed to read a datagram. */
  readonly readFailures: number
  /** Batches that the server could not write, wholly or in part: a field of another type, no disk. */
  readonly failedBatches: number
  /**
   * The estimate of the points that were sent and not received: lost in the network, in the kernel of the server, or
   * with a datagram that it could not parse. Never below 0. Every point that another program sends to the same listener
   * hides one loss. `undefined` if the server was restarted, because its counters then start again.
   */
  readonly lost: number | undefined
  /**
   * The possible error of `lost`: points that were sent while the server was being queried. Points in transit at the
   * two queries add to it, at most as many as the receive buffer of the listener holds.
   */
  readonly uncertainty: number
  /** Points that were received but not sent by this database: at least this many came from other senders. */
  readonly foreign: number
}

/**
 * Compares what a database sends with what its listener receives, for the duration of an effect. The points that the
 * effect pushes are sent before the second query.
 *
 * @internal
 */
export const audit = Effect.fnUntraced(
  function*<E, R>(
    database: Database,
    client: Client,
    during: Effect.Effect<unknown, E, R>,
    listener: number | string = 8089
  ): Effect.fn.Return<Audit, E | InfluxError, R> {
    if (database.transport !== "udp" && database.transport !== "custom") {
      return yield* Effect.fromResult(invalidOption(
        "transport",
        database.transport,
        "\"udp\": an audit compares with the counters of a UDP listener. Over HTTP the server answers every request, and "
          + "`Influx.stats` says what was sent, rejected and unknown; over TCP nobody counts what arrived"
      ))
    }
    const before = yield* look(database, client, listener)
    yield* during
    yield* database.flush
    yield* arrival(client, listener)
    return compare(before, yield* look(database, client, listener))
  }
)

// The query shows whether the server has such a listener.
const check = checker("AuditOptions", {
  interval: withDefault(duration(1), "10 seconds"),
  listener: optional(declare("a port or an address", isUnknown))
}, "options")

/**
 * An audit over the interval of the options.
 *
 * @internal
 */
export const auditInterval = Effect.fnUntraced(
  function*(database: Database, client: Client, options: AuditOptions): Effect.fn.Return<Audit, InfluxError> {
    const { interval } = yield* Effect.fromResult(check(options))
    return yield* audit(database, client, Effect.sleep(interval), options.listener)
  }
)

// As the server names them.
const counterNames = ["pointsRx", "bytesRx", "pointsParseFail", "readFail", "pointsTx", "batchesTxFail"] as const

type Counter = typeof counterNames[number]

type Counters = { readonly [name in Counter]: number } & { readonly bind: string }

// The server's counters, read between two readings of the database's.
const look = Effect.fnUntraced(function*(database: Database, client: Client, listener: number | string) {
  const sentBefore = database.statsUnsafe()
  const counters = yield* countersOf(client, listener)
  const millis = monotonicMillis(yield* Clock.Clock)
  return { millis, sentBefore, sentAfter: database.statsUnsafe(), server: counters }
})

// The server reads its socket continuously, but may be behind. It has caught up when two readings are equal. While
// other points are sent they never are, so the wait has a limit.
const arrival = Effect.fnUntraced(function*(client: Client, listener: number | string) {
  let last = yield* countersOf(client, listener)
  for (let waited = 0; waited < 10; waited++) {
    const now = yield* Effect.delay(countersOf(client, listener), 100)
    if (now.bytesRx === last.bytesRx && now.pointsRx === last.pointsRx && now.pointsTx === last.pointsTx) return
    last = now
  }
})

const countersOf = Effect.fnUntraced(function*(client: Client, listener: number | string) {
  const rows = yield* client.query(template("InfluxQL")`SHOW STATS FOR 'udp'`)
  const found = rows.filter(({ bind }) =>
    typeof listener === "string" ? bind === listener : String(bind).endsWith(`:${listener}`)
  )
  if (found.length === 1) return yield* readCounters(found[0], client.endpoint)
  const allowed = rows.map(({ bind }) => JSON.stringify(String(bind))).join(", ")
  return yield* Effect.fromResult(invalidOption(
    "listener",
    listener,
    rows.length === 0 ? "that of a UDP listener, and the server has none" : `one of ${allowed}`,
    { shown: preview(listener) }
  ))
})

const readCounters = (row: Row, endpoint: string): Effect.Effect<Counters, InfluxError> => {
  const missing = counterNames.find((name) => typeof row[name] !== "bigint" && typeof row[name] !== "number")
  if (missing !== undefined) {
    const detail = `the statistics have no ${missing}`
    return Effect.fail(new InfluxError({ reason: new InvalidAnswer({ endpoint, detail }) }))
  }
  const counters = Object.fromEntries(counterNames.map((name) => [name, Number(row[name])]))
  return Effect.succeed({ bind: String(row.bind), ...counters } as unknown as Counters)
}

type Look = Effect.Success<ReturnType<typeof look>>

const compare = (before: Look, after: Look): Audit => {
  const since = (counter: Counter): number => after.server[counter] - before.server[counter]
  const isRestarted = since("pointsRx") < 0 || since("bytesRx") < 0
  // After a restart the server has counted from 0.
  const server = (counter: Counter): number => isRestarted ? after.server[counter] : since(counter)
  const sent = (counter: "sent" | "bytes"): number => after.sentBefore[counter] - before.sentBefore[counter]
  const missing = sent("sent") - server("pointsRx")
  return {
    millis: after.millis - before.millis,
    listener: after.server.bind,
    sent: { points: sent("sent"), bytes: sent("bytes") },
    received: { points: server("pointsRx"), bytes: server("bytesRx") },
    stored: server("pointsTx"),
    unparsed: server("pointsParseFail"),
    readFailures: server("readFail"),
    failedBatches: server("batchesTxFail"),
    lost: isRestarted ? undefined : Math.max(0, missing),
    uncertainty: before.sentAfter.sent - before.sentBefore.sent + after.sentAfter.sent - after.sentBefore.sent,
    foreign: isRestarted ? 0 : Math.max(0, -missing)
  }
}
