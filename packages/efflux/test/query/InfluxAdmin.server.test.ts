import { assert } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeServer } from "@efflux/testkit/realServer"
import { Duration, Effect } from "effect"
import { InfluxAdmin, InfluxClient, InfluxQL } from "efflux"
import { failsWith } from "../support/reasons.ts"

const withHttp = <Eff extends Effect.Effect<any, any, InfluxClient.InfluxClient>>(
  use: (server: InfluxServer.Server) => Generator<Eff, unknown, never>
) =>
  Effect.gen(function*() {
    const server = yield* InfluxServer.InfluxServer
    yield* Effect.gen(() => use(server)).pipe(Effect.provide(InfluxClient.layer({ version: 1, url: server.httpUrl })))
  })

// A name that tries to break out of its quotes.
const odd = `odd "name"; DROP DATABASE kept; -- 'x'`

describeServer("administration of InfluxDB 1", { databases: ["kept"] }, (it) => {
  it.effect("makes and drops databases, of any name", () =>
    withHttp(function*() {
      yield* InfluxAdmin.createDatabase("plain")
      yield* InfluxAdmin.createDatabase(odd, { duration: "2 weeks", shardDuration: "1 day", policy: "fortnight" })
      yield* InfluxAdmin.createDatabase("plain")
      assert.deepStrictEqual(yield* InfluxAdmin.databases, ["kept", "plain", odd])
      const [policy] = yield* InfluxAdmin.retentionPolicies(odd)
      assert.strictEqual(policy?.name, "fortnight")
      assert.strictEqual(Duration.toDays(policy.duration), 14)
      assert.strictEqual(Duration.toDays(policy.shardDuration), 1)
      yield* InfluxAdmin.dropDatabase(odd)
      yield* InfluxAdmin.dropDatabase("plain")
      yield* InfluxAdmin.dropDatabase("never was")
      assert.deepStrictEqual(yield* InfluxAdmin.databases, ["kept"])
      yield* failsWith(InfluxAdmin.createDatabase(""), "InvalidStatement", /an empty name/)
    }))

  it.effect("makes, changes and drops retention policies", () =>
    withHttp(function*() {
      yield* InfluxAdmin.createDatabase("policies")
      yield* InfluxAdmin.createRetentionPolicy("policies", odd, { duration: Duration.hours(36), isDefault: true })
      yield* InfluxAdmin.createRetentionPolicy("policies", "years", { duration: Duration.infinity })
      const shown = () =>
        Effect.map(InfluxAdmin.retentionPolicies("policies"), (policies) =>
          policies.map(({ duration, isDefault, name, replication }) => [
            name,
            Duration.isFinite(duration) ? Duration.toHours(duration) : Infinity,
            replication,
            isDefault
          ]))
      assert.deepStrictEqual(yield* shown(), [
        ["autogen", Infinity, 1, false],
        [odd, 36, 1, true],
        ["years", Infinity, 1, false]
      ])
      yield* InfluxAdmin.alterRetentionPolicy("policies", "years", { duration: "520 weeks", isDefault: true })
      yield* InfluxAdmin.dropRetentionPolicy("policies", odd)
      assert.deepStrictEqual(yield* shown(), [["autogen", Infinity, 1, false], ["years", 520 * 7 * 24, 1, true]])
      yield* failsWith(
        InfluxAdmin.createRetentionPolicy("policies", "short", { duration: "1 minute" }),
        "StatementFailed",
        /must be at least 1h0m0s/
      )
      yield* InfluxAdmin.dropDatabase("policies")
    }))

  it.effect("makes and drops continuous queries, with values that stay values", () =>
    withHttp(function*(server) {
      yield* InfluxAdmin.createDatabase("continuous")
      const value = "it's\n\\ \" END; DROP DATABASE kept"
      const select = InfluxQL.query`SELECT mean(v) AS v INTO ${InfluxQL.identifier(odd)} FROM m
          WHERE s = ${value} AND t =~ ${/^a\/b\\$/} GROUP BY time(${Duration.minutes(5)}), *`
      yield* InfluxAdmin.createContinuousQuery("continuous", odd, select, { every: "1 minute", for: "10 minutes" })
      const [made] = yield* InfluxAdmin.continuousQueries
      assert.strictEqual(made?.database, "continuous")
      assert.strictEqual(made.name, odd)
      assert.include(made.statement, "RESAMPLE EVERY 1m FOR 10m")
      // The query that the server shows can be used to make it again.
      yield* InfluxAdmin.dropContinuousQuery("continuous", odd)
      assert.deepStrictEqual(yield* InfluxAdmin.continuousQueries, [])
      yield* InfluxClient.execute(InfluxQL.unsafe(made.statement))
      assert.deepStrictEqual(yield* InfluxAdmin.continuousQueries, [made])
      yield* server.restart
      assert.deepStrictEqual(yield* InfluxAdmin.continuousQueries, [made])
      yield* failsWith(
        InfluxAdmin.createContinuousQuery("continuous", "nul", InfluxQL.query`SELECT ${"\0"}`),
        "InvalidStatement",
        /NUL/
      )
      yield* InfluxAdmin.dropDatabase("continuous")
    }))

  it.effect("deletes a range of points, up to its end and not with it, of the series that are named", () =>
    withHttp(function*(server) {
      yield* InfluxAdmin.createDatabase("ranges")
      yield* server.writeLines("ranges", "m,host=a v=1 10\nm,host=b v=1 20\nm,host=a v=1 30\nn,host=a v=1 20")
      const left = Effect.map(
        InfluxClient.query(InfluxQL.query`SELECT v, host FROM m, n`, { database: "ranges" }),
        (rows) => rows.map(({ host, time }) => [host, time])
      )
      yield* InfluxAdmin.deleteRange("ranges", { start: 10n, stop: 30n, measurement: "m", tags: { host: "a" } })
      assert.deepStrictEqual(yield* left, [["b", 20n], ["a", 30n], ["a", 20n]])
      yield* InfluxAdmin.deleteRange("ranges", { start: 0n, stop: 30n, tags: { host: "a' OR host = 'b" } })
      assert.strictEqual((yield* left).length, 3)
      yield* InfluxAdmin.deleteRange("ranges", { start: 0n, stop: 30n })
      assert.deepStrictEqual(yield* left, [["a", 30n]])
      yield* InfluxAdmin.dropDatabase("ranges")
    }))

  it.effect("shows what is in a database", () =>
    withHttp(function*(server) {
      yield* InfluxAdmin.createDatabase("contents")
      yield* server.writeLines(
        "contents",
        "cpu,host=a,az=1 load=1,n=2i 1\ncpu,host=b load=1 2\nmem,host=a used=\"x\" 3"
      )
      assert.deepStrictEqual(yield* InfluxAdmin.measurements("contents"), ["cpu", "mem"])
      assert.deepStrictEqual(yield* InfluxAdmin.tagKeys("contents"), [
        { measurement: "cpu", key: "az" },
        { measurement: "cpu", key: "host" },
        { measurement: "mem", key: "host" }
      ])
      assert.deepStrictEqual(yield* InfluxAdmin.tagKeys("contents", "mem"), [{ measurement: "mem", key: "host" }])
      assert.deepStrictEqual(yield* InfluxAdmin.tagValues("contents", "host", "cpu"), [
        { measurement: "cpu", value: "a" },
        { measurement: "cpu", value: "b" }
      ])
      assert.deepStrictEqual(yield* InfluxAdmin.fieldKeys("contents", "cpu"), [
        { measurement: "cpu", key: "load", type: "float" },
        { measurement: "cpu", key: "n", type: "integer" }
      ])
      yield* InfluxAdmin.dropMeasurement("contents", "cpu")
      assert.deepStrictEqual(yield* InfluxAdmin.measurements("contents"), ["mem"])
      yield* InfluxAdmin.dropDatabase("contents")
      assert.deepStrictEqual(yield* InfluxAdmin.databases, ["kept"])
    }))
})
