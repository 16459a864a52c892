/** The program's metrics in a real InfluxDB: what is read back equals what was counted. */
import { assert, it } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeInfluxd } from "@efflux/testkit/realServer"
import { Effect, Layer, Metric } from "effect"
import { type DatabaseConfig, InfluxDatabase, MetricsExporter } from "efflux"

const fresh = Effect.provideServiceEffect(Metric.MetricRegistry, Effect.sync(() => new Map()))

/** Runs an effect with an exporter into a database of the server, and closes both. */
const exporting = (
  server: InfluxServer.Server,
  db: string,
  options: MetricsExporter.Options & Pick<DatabaseConfig.DatabaseConfig, "queueCapacity">,
  during: Effect.Effect<void, unknown, InfluxDatabase.InfluxDatabase> = Effect.void
) => {
  const { queueCapacity, ...exporter } = options
  return Effect.provide(
    during,
    Layer.provideMerge(
      MetricsExporter.layer(exporter),
      InfluxDatabase.layer({
        transport: "http",
        version: 1,
        url: server.httpUrl,
        database: db,
        name: db,
        queueCapacity
      })
    )
  )
}

/** Whether a whole number was an integer or a float is not to be seen in an answer in JSON. */
const texts = (fields: object) => Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, String(value)]))

/** All that a database holds: series, and the fields that are there. */
const stored = Effect.fnUntraced(function*(server: InfluxServer.Server, db: string) {
  // One statement for each: over several measurements an integer field becomes a float where another has floats.
  const names = yield* server.rows("SHOW MEASUREMENTS", { db })
  const { results } = yield* server.query(
    names.map(({ name }) => `SELECT * FROM "${String(name)}" GROUP BY *`).join(";"),
    { db }
  )
  return results.flatMap(({ series = [] }) => series).flatMap(({ columns, name, tags = {}, values = [] }) =>
    values.map((row) => {
      const cells = columns.map((column, index) => [column, row[index]] as const)
      const fields = cells.filter(([column, value]) => column !== "time" && value !== null)
      const named = Object.entries(tags).filter(([, value]) => value !== "")
      return [JSON.stringify([name, Object.fromEntries(named)]), texts(Object.fromEntries(fields))] as const
    })
  )
})

const layouts = [["efflux", undefined], ["v1", "telegraf-prometheus-v1"], ["v2", "telegraf-prometheus-v2"]] as const

describeInfluxd("MetricsExporter", (binary) => {
  it.live("a metric of each type is read back as it was counted, in each layout", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.make({ binary, databases: ["efflux", "v1", "v2"] })
      yield* Metric.update(Metric.counter("requests", { attributes: { route: "/users/:id" } }), 2.5)
      yield* Metric.update(Metric.counter("bytes", { bigint: true, incremental: true }), 9007199254740993n)
      yield* Metric.update(Metric.gauge("load"), 0.1)
      const words = Metric.frequency("status")
      for (const word of ["ok", "ok", "not found, \"really\""]) yield* Metric.update(words, word)
      const sizes = Metric.histogram("size", { boundaries: [0.5, 10, 2_500_000] })
      for (const size of [0.5, 7, 7, 3e6]) yield* Metric.update(sizes, size)
      const latency = Metric.summary("latency", { maxAge: "1 minute", maxSize: 10, quantiles: [0.5, 0.99] })
      for (const millis of [1, 2, 4]) yield* Metric.update(latency, millis)

      for (const [db, layout] of layouts) {
        yield* exporting(server, db, { layout })
        // As `metricPoints.test.ts` has each layout; points of one series and time are one row.
        const expected = new Map<string, Record<string, unknown>>()
        for (
          const { fields, measurement, tags = {} } of MetricsExporter.toPoints(yield* Metric.snapshot, { layout })
            .points
        ) {
          const series = JSON.stringify([measurement, tags])
          expected.set(series, { ...expected.get(series), ...fields })
        }
        assert.isAbove(expected.size, 5)
        assert.sameDeepMembers(
          yield* stored(server, db),
          [...expected].map(([series, fields]) => [series, texts(fields)])
        )
      }
    }).pipe(fresh))

  it.live(
    "the sum of all deltas is what was counted, though the server is killed and started again meanwhile",
    () =>
      Effect.gen(function*() {
        const server = yield* InfluxServer.make({ binary, databases: ["db"] })
        const counter = Metric.counter("c", { bigint: true, incremental: true })
        const sizes = Metric.histogram("h", { boundaries: [10, 100] })
        const words = Metric.frequency("f")
        let counted = 0
        const count = Effect.fnUntraced(function*(rounds: number) {
          for (let i = 0; i < rounds; i++) {
            counted++
            yield* Metric.update(counter, 3n)
            yield* Metric.update(sizes, counted % 150)
            yield* Metric.update(words, counted % 3 === 0 ? "third" : "other")
            yield* Effect.sleep(2)
          }
        })
        yield* exporting(
          server,
          "db",
          { interval: "50 millis", temporality: "delta" },
          Effect.gen(function*() {
            yield* count(100)
            yield* server.kill
            yield* count(200)
            yield* server.start
            yield* count(100)
          })
        )
        const sum = (field: string, from: string) =>
          Effect.map(
            server.rows(`SELECT sum("${field}") AS n FROM ${from}`, { db: "db" }),
            ([row]) => Number(row?.["n"])
          )
        const exports = yield* server.count("db", "c", "count")
        assert.isAbove(exports, 3)
        assert.strictEqual(yield* sum("count", "c"), 3 * counted)
        assert.strictEqual(yield* sum("count", "h"), counted)
        const small = Array.from({ length: counted }, (_, i) => (i + 1) % 150).filter((size) => size <= 10)
        assert.strictEqual(yield* sum("le_10", "h"), small.length)
        assert.strictEqual(yield* sum("count", "f WHERE word = 'third'"), Math.floor(counted / 3))
      }).pipe(fresh)
  )

  it.live(
    "10 000 metrics in one export are all stored, and the event loop gets its turns meanwhile",
    () =>
      Effect.gen(function*() {
        const server = yield* InfluxServer.make({ binary, databases: ["db"] })
        for (let i = 0; i < 10_000; i++) {
          const attributes = { n: `${i}`, host: `host-${i % 7}` }
          if (i % 2 === 0) yield* Metric.update(Metric.gauge("gauge", { attributes }), i)
          else yield* Metric.update(Metric.histogram("histogram", { attributes, boundaries: [1, 10, 100, 1000] }), i)
        }
        // How many points were pushed at the turns that the event loop had meanwhile.
        const pushed = new Set<number>()
        let watching: NodeJS.Immediate | undefined
        const watch = ({ statsUnsafe }: InfluxDatabase.Database) => {
          const look = (): void => {
            pushed.add(statsUnsafe().pushed)
            watching = setImmediate(look)
          }
          look()
        }
        yield* exporting(server, "db", { queueCapacity: 20_000 }, Effect.map(InfluxDatabase.InfluxDatabase, watch))
        clearImmediate(watching)
        assert.strictEqual(yield* server.count("db", "gauge", "value"), 5000)
        assert.strictEqual(yield* server.count("db", "histogram", "count"), 5000)
        assert.isAbove(pushed.size, 10_000 / 256)
      }).pipe(fresh)
  )
})
