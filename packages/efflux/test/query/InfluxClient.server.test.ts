/** Queries against a real InfluxDB 1. */
import { assert, it } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeInfluxd, describeServer } from "@efflux/testkit/realServer"
import { Effect, Fiber, Option, Redacted, Schema, Stream } from "effect"
import { InfluxClient, InfluxQL, Series } from "efflux"
import { failsWith } from "../support/reasons.ts"

const asking = <Eff extends Effect.Effect<any, any, any>>(
  test: (http: InfluxClient.Client, server: InfluxServer.Server) => Generator<Eff, unknown, never>
) =>
  Effect.gen(function*() {
    const server = yield* InfluxServer.InfluxServer
    const http = yield* InfluxClient.make({ version: 1, url: server.httpUrl, database: "db" })
    yield* Effect.gen(() => test(http, server))
  }).pipe(Effect.scoped)

describeServer("a query of InfluxDB 1", { databases: ["db"] }, (it) => {
  it.effect("gives rows with exact integers and times, and without what is null", () =>
    asking(function*(http, server) {
      yield* server.writeLines(
        "db",
        `precise,host=a i=9223372036854775807i,f=1.5,s="x",b=true 1767225600123456789\nprecise,host=b i=-9223372036854775808i,f=1e21 -9223372036854775806\nprecise i=7i,f=1 1`
      )
      assert.deepStrictEqual(yield* http.query(InfluxQL.query`SELECT * FROM precise`), [
        { time: -9223372036854775806n, f: 1e21, host: "b", i: -9223372036854775808n },
        { time: 1n, f: 1, i: 7n },
        { time: 1767225600123456789n, b: true, f: 1.5, host: "a", i: 9223372036854775807n, s: "x" }
      ])
      const time = InfluxQL.time(1767225600123456789n)
      assert.deepStrictEqual(
        yield* http.query(InfluxQL.query`SELECT i FROM precise WHERE time = ${time} AND i = ${9223372036854775807n}`),
        [{ time: 1767225600123456789n, i: 9223372036854775807n }]
      )
      assert.deepStrictEqual(
        yield* http.queryOne(InfluxQL.query`SELECT count(i), mean(f) FROM precise WHERE i = 7`),
        Option.some({ time: 0n, count: 1n, mean: 1 })
      )
    }))

  it.effect("has tags of groups as columns, and the measurement where it is asked for", () =>
    asking(function*(http, server) {
      yield* server.writeLines("db", "g1,host=a v=1 1\ng1,host=b v=2 2\ng1 v=3 3\ng2 v=4 4")
      assert.deepStrictEqual(
        yield* http.query(InfluxQL.query`SELECT v FROM g1, g2 GROUP BY host`, { measurement: "name" }),
        [
          { time: 3n, v: 3, name: "g1" },
          { time: 1n, v: 1, host: "a", name: "g1" },
          { time: 2n, v: 2, host: "b", name: "g1" },
          { time: 4n, v: 4, name: "g2" }
        ]
      )
    }))

  it.effect("reads rows by a Schema or by a series", () =>
    asking(function*(http, server) {
      yield* server.writeLines("db", "typed,host=a n=1i,load=0.5 1\ntyped n=9007199254740993i,load=1e18 2")
      const all = InfluxQL.query`SELECT * FROM typed`
      const Typed = Schema.Struct({ time: Schema.BigInt, host: Schema.optional(Schema.String), n: InfluxClient.Int64 })
      assert.deepStrictEqual(yield* http.query(all, { as: Typed }), [
        { time: 1n, host: "a", n: 1n },
        { time: 2n, n: 9007199254740993n }
      ])
      const series = Series.make("typed", {
        tags: { host: Schema.String },
        fields: { n: Schema.BigInt, load: Schema.Number }
      })
      assert.deepStrictEqual(yield* http.query(all, { as: series }), [
        { host: "a", n: 1n, load: 0.5, timestamp: 1n },
        { host: "", n: 9007199254740993n, load: 1e18, timestamp: 2n }
      ])
      yield* failsWith(
        http.query(all, { as: Schema.Struct({ n: InfluxClient.SafeInt }) }),
        "InvalidRow",
        /^Row 1 .*\["n"\]/
      )
    }))

  it.effect("streams rows one line at a time, and is cancelled when nobody takes more", () =>
    Effect.scoped(Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const http = yield* InfluxClient.make({ version: 1, url: server.httpUrl, database: "db", chunkSize: 10 })
      yield* server.writeLines("db", Array.from({ length: 1000 }, (_, n) => `many n=${n}i ${n + 1}`).join("\n"))
      const rows = http.queryStream(InfluxQL.query`SELECT n FROM many`)
      const all = yield* Stream.runCollect(rows)
      assert.deepStrictEqual(all.map((row) => row.n), Array.from({ length: 1000 }, (_, n) => BigInt(n)))
      const some = yield* Stream.runCollect(Stream.take(rows, 15))
      assert.strictEqual(some.length, 15)
    })))

  it.effect(
    "ends a query on the server when its consumer stops, also one that is stuck in its midst",
    () =>
      asking(function*(http, server) {
        for (let n = 0; n < 200_000; n += 10_000) {
          const lines = Array.from(
            { length: 10_000 },
            (_, i) => `stuck,host=a n=${n + i}i,text="${"x".repeat(100)}" ${n + i}`
          )
          yield* server.writeLines("db", lines.join("\n"))
        }
        const running = Effect.map(
          http.query(InfluxQL.query`SHOW QUERIES`),
          (queries) => queries.filter(({ query }) => String(query).includes("stuck")).length
        )
        let taken = 0
        const fiber = yield* http.queryStream(InfluxQL.query`SELECT * FROM stuck`).pipe(
          Stream.mapEffect(() => Effect.suspend(() => ++taken === 10 ? Effect.never : Effect.void)),
          Stream.runDrain,
          Effect.forkChild
        )
        yield* server.waitFor(Effect.sync(() => taken), (taken) => taken === 10)
        // It stays there until more is taken.
        assert.strictEqual(yield* running, 1)
        yield* Fiber.interrupt(fiber)
        yield* server.waitFor(running, (running) => running === 0)
        assert.strictEqual(taken, 10)
      })
  )

  it.effect("has typed errors for statements that the server refuses or fails at", () =>
    asking(function*(http) {
      yield* failsWith(http.query(InfluxQL.query`SELEC 1`), "StatementFailed", /found SELEC/)
      yield* failsWith(
        http.query(InfluxQL.query`SHOW TAG KEYS`, { database: "nope" }),
        "StatementFailed",
        /database not found: nope$/
      )
      yield* failsWith(http.execute(InfluxQL.query`DROP MEASUREMENT m ${"x"}`), "StatementFailed", /parsing/)
      yield* failsWith(
        Stream.runDrain(http.queryStream(InfluxQL.query`SELECT ${Number.NaN}`)),
        "InvalidStatement",
        /value 1 is a number that is not finite/
      )
    }))

  it.effect("keeps the results of several statements apart, and never merges them", () =>
    asking(function*(http, server) {
      yield* server.writeLines("db", Array.from({ length: 25 }, (_, n) => `several n=${n}i ${n}`).join("\n"))
      const chunked = yield* InfluxClient.make({ version: 1, url: server.httpUrl, database: "db", chunkSize: 10 })
      const two = InfluxQL.query`SELECT n FROM several; SELECT n FROM nowhere; SHOW DATABASES`
      for (const client of [http, chunked]) {
        const all = yield* client.queryAll(two)
        assert.deepStrictEqual(all.map(({ id, rows }) => [id, rows.length]), [[0, 25], [1, 0], [2, 1]])
        const error = yield* failsWith(client.query(two), "InvalidAnswer", /several results \(0, 1\); queryAll/)
        assert.isFalse(error.isRetryable)
        yield* failsWith(Stream.runDrain(client.queryStream(two)), "InvalidAnswer", /several results/)
        yield* client.execute(two)
      }
      yield* failsWith(http.queryAll(InfluxQL.query`SHOW DATABASES; DROP nothing`), "StatementFailed", /parsing/)
      yield* failsWith(
        http.queryAll(InfluxQL.query`SHOW DATABASES; SHOW TAG KEYS ON nope`),
        "StatementFailed",
        /database not found: nope/
      )
    }))

  it.effect("lets no column hide another one", () =>
    asking(function*(http, server) {
      yield* server.writeLines("db", "hiding,host=a v=1,w=2 1")
      const hiding = [
        InfluxQL.query`SELECT mean(v) AS host FROM hiding GROUP BY host`,
        InfluxQL.query`SELECT v AS time FROM hiding`,
        InfluxQL.query`SELECT v AS x, v AS x_1, w AS x FROM hiding`
      ]
      for (const statement of hiding) {
        yield* failsWith(http.query(statement), "InvalidAnswer", /two columns, or a column and a tag, are named/)
      }
      yield* failsWith(
        http.query(InfluxQL.query`SELECT v FROM hiding`, { measurement: "v" }),
        "InvalidAnswer",
        /named v/
      )
      assert.deepStrictEqual(yield* http.query(InfluxQL.query`SELECT host, v FROM hiding GROUP BY host`), [
        { time: 1n, host: "a", v: 1 }
      ])
      assert.deepStrictEqual(yield* http.query(InfluxQL.query`SELECT v FROM hiding`, { measurement: "about" }), [
        { time: 1n, v: 1, about: "hiding" }
      ])
    }))

  it.effect("says what is wrong with a statement also where that has a control character", () =>
    asking(function*(http) {
      for (const odd of ["\u0001", "\u007f", "x \u001b y"]) {
        const error = yield* failsWith(
          http.query(InfluxQL.query`SELECT ${InfluxQL.unsafe(odd)} FROM m`),
          "StatementFailed",
          /control character/
        )
        assert.isFalse(error.isRetryable)
      }
      const plain = yield* failsWith(
        http.query(InfluxQL.query`SELECT ä FROM`),
        "StatementFailed",
        /error parsing query: found/
      )
      assert.notMatch(plain.message, /\ufffd|\\u/)
    }))

  it.effect("is told what the server is", () =>
    asking(function*(http) {
      const { build, version } = yield* http.ping
      assert.strictEqual(build, "OSS")
      assert.match(version!, /^1\.\d+\.\d+/)
    }))
})

describeInfluxd("a server that wants to know who asks", (binary) => {
  const admin = { username: "root", password: "s3cr3t horse/+ battery" }

  it.live("answers those whom it knows, and refuses the others", () =>
    Effect.scoped(Effect.gen(function*() {
      const server = yield* InfluxServer.make({ binary, databases: ["db"], admin })
      const config = { version: 1, url: server.httpUrl, database: "db" } as const
      const known = yield* InfluxClient.make({ ...config, username: "root", password: Redacted.make(admin.password) })
      yield* known.execute(InfluxQL.query`CREATE DATABASE other`)
      assert.deepStrictEqual(yield* known.query(InfluxQL.query`SHOW DATABASES`), [{ name: "db" }, { name: "other" }])
      const wrong = yield* InfluxClient.make({ ...config, username: "root", password: Redacted.make("wrong") })
      const nobody = yield* InfluxClient.make(config)
      for (const http of [wrong, nobody]) {
        const error = yield* failsWith(http.query(InfluxQL.query`SHOW DATABASES`), "Unauthorized", /401/)
        assert.isFalse(error.isRetryable)
        assert.strictEqual((yield* http.ping).build, "OSS")
      }
      yield* known.execute(InfluxQL.query`CREATE USER reader WITH PASSWORD ${"r"}`)
      yield* known.execute(InfluxQL.query`GRANT READ ON db TO reader`)
      const reader = yield* InfluxClient.make({ ...config, username: "reader", password: Redacted.make("r") })
      assert.deepStrictEqual(yield* reader.query(InfluxQL.query`SELECT * FROM nothing`), [])
      yield* failsWith(reader.execute(InfluxQL.query`DROP DATABASE db`), "Unauthorized", /403/)
      assert.deepStrictEqual(yield* known.query(InfluxQL.query`SHOW DATABASES`), [{ name: "db" }, { name: "other" }])
    })))
})
