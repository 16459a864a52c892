/**
 * A database against servers that check every request strictly against the documentation of InfluxDB 2 and 3: no
 * violation, and what they stored is exactly what was pushed.
 */
import { assert, describe, it } from "@effect/vitest"
import { SecretWatch, StrictV2, StrictV3 } from "@efflux/testkit"
import { assertLaw } from "@efflux/testkit/law"
import { Arbitrary, Effect, Metric, Redacted } from "effect"
import { type DatabaseConfig, InfluxDatabase, Point, Precision } from "efflux"
import { samePoint } from "../encode/roundTrip.ts"
import { secret } from "../support/httpFaults.ts"

const seed = Number(process.env.EFFLUX_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** Generated points, each of a series of its own so that no types can be in conflict, all with a timestamp. */
const generated = (count: number): Effect.Effect<ReadonlyArray<Point.Point>> =>
  Effect.gen(function*() {
    const points: Array<Point.Point> = []
    yield* Arbitrary.checkEffect(Arbitrary.schema(Point.Point), (point) => points.push(point) > 0, {
      runs: count,
      seed,
      maxDiscards: count
    })
    // With backslashes before what separates tags and fields.
    const hostile = ["x\\,admin\\=yes", "\\\\,a=b", "a\\=b", "\\\\server\\share", "a\\b"].map((text): Point.Point => ({
      measurement: "m",
      tags: { t: text, [text]: "v" },
      fields: { f: text }
    }))
    return [...points, ...hostile].map((point, n) => ({
      ...point,
      measurement: `m${n} ${point.measurement}`,
      timestamp: point.timestamp ?? BigInt(n)
    }))
  })

const servers = {
  v2: (maxBodyBytes?: number) =>
    Effect.map(
      StrictV2.make({ token: secret, org: "my org", buckets: ["b & c"], maxBodyBytes }),
      (server) => ({
        server,
        stored: () => server.points("b & c"),
        config: {
          transport: "http",
          version: 2,
          url: server.url,
          org: "my org",
          bucket: "b & c",
          token: Redacted.make(secret)
        } as const
      })
    ),
  v3: (maxBodyBytes?: number) =>
    Effect.map(StrictV3.make({ token: secret, maxBodyBytes }), (server) => ({
      server,
      stored: () => server.points("d-b"),
      config: { transport: "http", version: 3, url: server.url, database: "d-b", token: Redacted.make(secret) } as const
    }))
}

const run = <E, R>(
  config: DatabaseConfig.DatabaseConfig,
  use: (database: InfluxDatabase.Database) => Effect.Effect<unknown, E, R>
) => {
  const watch = SecretWatch.make(secret)
  return Effect.gen(function*() {
    const stats = yield* Effect.scoped(Effect.gen(function*() {
      const database = yield* InfluxDatabase.make({ name: "strict", ...config } as DatabaseConfig.DatabaseConfig)
      yield* use(database)
      yield* watch.lookAtMetrics
      return database.statsUnsafe
    }))
    assertLaw(stats())
    return stats()
  }).pipe(
    Effect.provide(watch.layer),
    Effect.provideService(Metric.MetricRegistry, new Map()),
    Effect.tap(() => Effect.sync(() => assert.deepStrictEqual(watch.found, [])))
  )
}

for (const api of ["v2", "v3"] as const) {
  describe(`a database and the API ${api}, strictly`, () => {
    for (const gzipThreshold of ["none", 0] as const) {
      it.live(`2000 hostile points, ${gzipThreshold === 0 ? "gzip" : "plain"}: each is stored as it was pushed (seed ${seed})`, () =>
        Effect.gen(function*() {
          const { config, server, stored } = yield* servers[api]()
          const points = yield* generated(2000)
          const stats = yield* run(
            { ...config, senders: 1, gzipThreshold },
            (database) => Effect.sync(() => points.forEach((point) => database.pushUnsafe(point)))
          )
          assert.deepStrictEqual(server.violations, [])
          assert.strictEqual(stats.sent, points.length, JSON.stringify(stats))
          assert.strictEqual(stored().length, points.length)
          for (const [n, point] of points.entries()) {
            if (!samePoint(point, stored()[n]!)) assert.deepStrictEqual(stored()[n], point as never)
          }
          assert.isTrue(
            server.exchanges.every(({ headers }) =>
              headers["content-encoding"] === (gzipThreshold === 0 ? "gzip" : undefined)
            )
          )
        }))
    }

    for (const precision of ["ns", "us", "ms", "s"] as const) {
      it.live(`precision ${precision} is named as the API names it, and times arrive in it`, () =>
        Effect.gen(function*() {
          const { config, server, stored } = yield* servers[api]()
          const timestamp = 1_700_000_000_123_456_789n
          yield* run(
            { ...config, precision },
            (database) => Effect.sync(() => database.pushUnsafe({ measurement: "m", fields: { v: 1 }, timestamp }))
          )
          const unit = Precision.nanosPer(precision)
          assert.deepStrictEqual(stored().map((point) => point.timestamp), [timestamp / unit * unit])
          assert.deepStrictEqual(server.violations, [])
        }))
    }
  })
}
