/**
 * 200 000 points through each transport into a real VictoriaMetrics: what was sent is stored, once, with its value.
 *
 * VictoriaMetrics keeps floats in a decimal form of its own: thirds lose their last digits there, whoever sends them. So
 * the values have three decimals, as measured ones do.
 */
import { assert } from "@effect/vitest"
import { kernelDrops, VictoriaServer } from "@efflux/testkit"
import { describeVictoria } from "@efflux/testkit/realServer"
import { Effect, Redacted } from "effect"
import type { DatabaseConfig, Point } from "efflux"
import { alone, rejectionOf, waitUntilRead, withDatabase } from "../support/delivery.ts"

const total = 200_000
const hosts = 100
const start = 1_700_000_000_000

interface Case {
  readonly name: string
  readonly config: (server: VictoriaServer.Server) => DatabaseConfig.DatabaseConfig
  /** Points that are pushed before the server must have read them: over UDP no more than the kernel's buffer holds. */
  readonly atOnce?: number
}

const cases: ReadonlyArray<Case> = [
  { name: "UDP", config: ({ linePort }) => ({ port: linePort }), atOnce: 1000 },
  { name: "TCP", config: ({ linePort }) => ({ transport: "tcp", port: linePort }) },
  { name: "HTTP v1", config: ({ httpUrl }) => ({ transport: "http", version: 1, url: httpUrl, database: "" }) },
  {
    name: "HTTP v1 without gzip",
    config: ({ httpUrl }) => ({ transport: "http", version: 1, url: httpUrl, database: "", gzipThreshold: "none" })
  },
  { name: "HTTP v2", config: ({ httpUrl }) => ({ transport: "http", version: 2, url: httpUrl, org: "o", bucket: "b" }) }
]

const valueOf = (n: number): number => Math.round(n * 1234.5678) / 1000

const point = (measurement: string, n: number): Point.Input => ({
  measurement,
  tags: { host: `h ${n % hosts}` },
  fields: { v: valueOf(n), n: BigInt(n) },
  timestamp: BigInt(start + Math.floor(n / hosts)) * 1_000_000n
})

describeVictoria("200 000 points into VictoriaMetrics", {}, (it) => {
  for (const { config, name } of cases) {
    it.effect(
      `over ${name}: no timestamp is stored as another one, and one that would be is refused`,
      () =>
        Effect.gen(function*() {
          const server = yield* VictoriaServer.VictoriaServer
          const measurement = `old_${name.toLowerCase().replaceAll(/\W/g, "_")}`
          const march1973 = 100_000_000_000
          const times = [-1e12, -1, 0, 1, 4_294_967, 1_000_000_000, march1973 - 1, march1973, march1973 + 1, 1e12]
          const stats = yield* alone(
            withDatabase({ ...config(server), dialect: "victoria-metrics" }, (database) =>
              database.pushAll(times.map((time) => ({
                measurement,
                tags: { time_: String(time) },
                fields: { v: 1 },
                timestamp: new Date(time)
              }))))
          )
          assert.deepStrictEqual([stats.sent, stats.dropped.invalid], [3, 7])
          const selector = `{__name__="${measurement}_v"}`
          yield* server.waitForCount(3, { selector, timeout: "20 seconds", interval: "500 millis" })
          const stored = (yield* server.series(selector)).map(({ labels, millis }) => [labels.time_, ...millis])
          assert.deepStrictEqual(
            stored.sort((a, b) =>
              Number(a[1]) - Number(b[1])
            ),
            [march1973, march1973 + 1, 1e12].map((time) => [String(time), time])
          )
        }),
      60_000
    )
  }

  for (const { atOnce = total, config, name } of cases) {
    /** Sends all points, and gives how many datagrams the kernel dropped in front of the server. */
    const send = Effect.fnUntraced(function*(server: VictoriaServer.Server, measurement: string) {
      const before = (yield* kernelDrops(server.linePort))!
      const stats = yield* alone(
        withDatabase(
          { ...config(server), queueCapacity: total, drainTimeout: "1 minute" },
          (database) =>
            Effect.gen(function*() {
              for (let n = 0; n < total;) {
                for (const end = n + atOnce; n < end; n++) database.pushUnsafe(point(measurement, n))
                if (atOnce === total) return
                yield* database.flush
                yield* waitUntilRead(server.linePort)
              }
            })
        )
      )
      yield* waitUntilRead(server.linePort)
      assert.strictEqual(stats.sent, total)
      return (yield* kernelDrops(server.linePort))! - before
    })

    const check = Effect.fnUntraced(function*(server: VictoriaServer.Server, measurement: string) {
      const selector = `{__name__=~"${measurement}_(v|n)"}`
      yield* server.waitForCount(2 * total, { selector, timeout: "2 minutes", interval: "500 millis" })
      let samples = 0
      for (const { labels, millis, name: metric, values } of yield* server.series(selector)) {
        const host = Number(/^h (\d+)$/.exec(labels.host ?? "")?.[1])
        for (const [index, value] of values.entries()) {
          const n = (millis[index]! - start) * hosts + host
          if (value !== (metric.endsWith("_v") ? valueOf(n) : n)) {
            assert.fail(`${metric} of ${JSON.stringify(labels)} at ${millis[index]} is ${value}`)
          }
          samples++
        }
      }
      assert.strictEqual(samples, 2 * total)
    })

    it.effect(`over ${name}: all that was sent is stored, with its value`, () =>
      Effect.gen(function*() {
        const server = yield* VictoriaServer.VictoriaServer
        const measurement = name.toLowerCase().replaceAll(/\W/g, "_")
        assert.strictEqual(yield* send(server, measurement), 0)
        yield* check(server, measurement)
      }))
  }
})

const user = { username: "writer", password: "s3cr3t" }

describeVictoria("what VictoriaMetrics refuses has the status of its answer", { user }, (it) => {
  const paths = [["", 401, {}], ["/none", 400, {
    username: user.username,
    password: Redacted.make(user.password)
  }]] as const
  for (const [path, status, login] of paths) {
    it.effect(`v1 at "${path}": ${status}`, () =>
      Effect.gen(function*() {
        const { httpUrl } = yield* VictoriaServer.VictoriaServer
        const target = { transport: "http", version: 1, url: `${httpUrl}${path}`, database: "", ...login } as const
        assert.strictEqual((yield* rejectionOf(target)).status, status)
      }))
  }
})
