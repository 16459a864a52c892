/** What all versions have in common, tested with the test client and with answers of a server. */
import { assert, describe, it } from "@effect/vitest"
import { FaultServer } from "@efflux/testkit"
import { DateTime, Effect, Layer, Option, Redacted, Schema, Stream, Tracer } from "effect"
import { type ClientConfig, Flux, InfluxClient, InfluxError, InfluxQL, Sql } from "efflux"
import { failsWith } from "../support/reasons.ts"

const select = InfluxQL.query`SELECT load FROM cpu WHERE host = ${"a"}`

const withAnswer = <A, E>(
  answer: Parameters<typeof InfluxClient.makeTest>[0],
  use: (client: InfluxClient.Client) => Effect.Effect<A, E>
) => Effect.suspend(() => use(InfluxClient.makeTest(answer).client))

class Archive extends InfluxClient.Service<Archive>()("test/Archive") {}

describe("the client for tests", () => {
  it.effect("answers by a function of the statement, and keeps what was asked until it is cleared", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* InfluxClient.query(select), [{ load: 0.5 }])
      yield* InfluxClient.execute(InfluxQL.query`DROP MEASUREMENT ${InfluxQL.identifier("x")}`, { database: "other" })
      const { asked, clear } = yield* InfluxClient.Spy
      assert.deepStrictEqual(
        asked.map(({ database, operation, params, text }) => [operation, text, params, database]),
        [
          ["SELECT", "SELECT load FROM cpu WHERE host = $p0", `{"p0":"a"}`, "metrics"],
          ["DROP", "DROP MEASUREMENT $p0", `{"p0":{"identifier":"x"}}`, "other"]
        ]
      )
      clear()
      assert.deepStrictEqual(asked, [])
      for (
        const statement of [
          InfluxQL.query`${InfluxQL.unsafe("-- clean up\n")}DROP MEASUREMENT x`,
          InfluxQL.query` /* SELECT **/ /* "*/ delete FROM x`,
          InfluxQL.query`((SELECT 1))`,
          InfluxQL.query`${"SELECT"}`,
          InfluxQL.query`${InfluxQL.unsafe(`${"/* */".repeat(1000)}*`)}`
        ]
      ) yield* InfluxClient.query(statement)
      assert.deepStrictEqual(asked.map(({ operation }) => operation), ["DROP", "DELETE", "SELECT", "OTHER", "OTHER"])
      clear()
      yield* failsWith(InfluxClient.query(InfluxQL.query`SHOW USERS`), "Unauthorized", /403/)
      yield* failsWith(InfluxClient.request({ method: "GET", path: "/x" }), "NotFound", /\/x/)
    }).pipe(
      Effect.provide(InfluxClient.layerTest(
        ({ operation }) =>
          operation === "SHOW"
            ? Effect.fail(
              new InfluxError.InfluxError({
                reason: new InfluxError.Unauthorized({ endpoint: "test", status: 403, detail: "" })
              })
            )
            : [{ load: 0.5 }],
        { database: "metrics" }
      ))
    ))

  it.effect("takes a request of the API only if its path can't name another host, and all of it can be sent", () => {
    const sent: Array<string> = []
    const wrong: ReadonlyArray<readonly [request: unknown, option: string]> = [
      // Appended to the URL, this becomes a password and another host.
      [{ method: "GET", path: "@evil.example/x" }, `"path" is "<redacted>@evil.example/x"`],
      [{ method: "GET", path: ".evil.example/x" }, `"path"`],
      [{ method: "GET", path: ":1/x" }, `"path"`],
      [{ method: "GET", path: "" }, `"path"`],
      [{ method: "GET", path: "\\\\evil.example" }, `"path"`],
      [{ method: "GET", path: "/a\r\nb" }, `"path"`],
      [{ method: "GET", path: "/a#b" }, `"path"`],
      ...[
        "/../x",
        "/x/../../y",
        "/..",
        "/x/.. ",
        "/./x",
        "/%2e%2e/x",
        "/.%2E/x",
        "/%2e./x?a",
        "/x/%252e%252e/y",
        "/..%2fx",
        "/x%2F..%2f../y",
        "/..%5cx",
        "/..;/x",
        "/..%3ba=b/x",
        "/.?x"
      ].map((path) => [{ method: "DELETE", path }, `"path" is .*the segments \\. and \\.\\.`] as const),
      [{ method: "GET" }, `"path" is missing`],
      [{ method: "PATCH", path: "/x" }, `"method" is "PATCH"`],
      [{ method: "POST", path: "/x", params: { limit: 5 } }, `"params"`],
      [{ method: "POST", path: "/x", body: { n: 1n } }, `"body"`],
      [{ method: "POST", path: "/x", body: () => 1 }, `"body" is a function`],
      [{ method: "POST", path: "/x", header: { a: "b" } }, `"header"`],
      ["/x", "request"],
      [undefined, "request"]
    ]
    return Effect.gen(function*() {
      for (const [request, option] of wrong) {
        yield* failsWith(InfluxClient.request(request as never), "InvalidOption", new RegExp(option))
      }
      assert.deepStrictEqual(sent, [])
      const paths = [
        "/x",
        "/x?a=b",
        "/é x",
        "//x",
        "/x?a=/../",
        "/...",
        "/..x/y..",
        "/a..b/.x",
        "/x/%2e%2ey",
        "/a;..",
        "/%2f"
      ]
      for (const path of paths) {
        assert.match(new URL(`http://h/tenant${path}`).pathname, /^\/tenant\//)
        yield* InfluxClient.request({ method: "POST", path, params: { a: undefined, b: "c" }, body: [null] })
      }
      assert.deepStrictEqual(sent, paths)
    }).pipe(
      Effect.provide(InfluxClient.layerTest(() => [], {
        onRequest: ({ path }) => {
          sent.push(path)
          return ""
        }
      }))
    )
  })

  it.effect("can be any class, beside the default one, and be what the default is asked of", () => {
    const archive = InfluxClient.makeTest(() => [{ name: "archive" }])
    return Effect.gen(function*() {
      assert.deepStrictEqual(yield* Archive.query(select), [{ name: "archive" }])
      assert.deepStrictEqual(yield* InfluxClient.query(select), [{ name: "default" }])
      assert.deepStrictEqual(yield* InfluxClient.query(select).pipe(InfluxClient.withClient(Archive)), [
        { name: "archive" }
      ])
      assert.strictEqual(archive.spy.asked.length, 2)
      assert.strictEqual((yield* InfluxClient.Spy).asked.length, 1)
    }).pipe(Effect.provide([
      Layer.succeed(Archive, archive.client),
      InfluxClient.layerTest(() => [{ name: "default" }])
    ]))
  })
})

describe("several results", () => {
  const two = () => [{ id: 0, rows: [{ n: 1n }] }, { id: 1, rows: [] }, { id: "b", rows: [{ n: 2n }, { n: 3n }] }]

  it.effect("come apart from queryAll alone, with the empty ones, and read by a Schema", () =>
    withAnswer(two, (client) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* client.queryAll(select), two())
        yield* failsWith(client.queryOne(select), "InvalidAnswer", /several results \(0, 1\); queryAll/)
        const as = Schema.Struct({ n: InfluxClient.SafeInt })
        assert.deepStrictEqual(yield* client.queryAll(select, { as }), [
          { id: 0, rows: [{ n: 1 }] },
          { id: 1, rows: [] },
          { id: "b", rows: [{ n: 2 }, { n: 3 }] }
        ])
      })))

  it.effect("number the row that does not fit within its own result", () =>
    withAnswer(
      () => [{ id: 0, rows: [{ n: 1n }, { n: 1n }] }, { id: 1, rows: [{ n: 1n }, { n: "x" }] }],
      (client) =>
        failsWith(client.queryAll(select, { as: Schema.Struct({ n: Schema.BigInt }) }), "InvalidRow", /^Row 1 of an/)
    ))
})

describe("queryOne", () => {
  it.effect("gives the only row, none, or an error if there are more", () =>
    Effect.gen(function*() {
      const rows = (count: number) => () => Array.from({ length: count }, () => ({ n: 1n }))
      const one = (count: number) => withAnswer(rows(count), (client) => client.queryOne(select))
      assert.deepStrictEqual(yield* one(1), Option.some({ n: 1n }))
      assert.deepStrictEqual(yield* one(0), Option.none())
      yield* failsWith(one(2), "InvalidAnswer", /more than one row; add LIMIT 1$/)
      yield* failsWith(one(100_000), "InvalidAnswer", /more than one row/)
      const as = Schema.Struct({ n: InfluxClient.SafeInt })
      assert.deepStrictEqual(
        yield* withAnswer(rows(1), (client) => client.queryOne(select, { as })),
        Option.some({ n: 1 })
      )
    }))
})

describe("values of rows", () => {
  const read = <A>(value: InfluxClient.Cell, schema: Schema.ConstraintDecoder<A>) =>
    Effect.map(
      withAnswer(() => [{ v: value }], (client) => client.query(select, { as: Schema.Struct({ v: schema }) as never })),
      (rows) => (rows[0] as { readonly v: unknown }).v
    )

  it.effect("are read as a time of any kind, to the millisecond before, also before 1970", () =>
    Effect.gen(function*() {
      const times: ReadonlyArray<readonly [bigint, number]> = [
        [1767225600123456789n, 1767225600123],
        [0n, 0],
        [-1n, -1],
        [-1_000_000n, -1],
        [-1_000_001n, -2],
        [-9223372036854775806n, -9223372036855]
      ]
      for (const [nanos, millis] of times) {
        assert.strictEqual(yield* read(nanos, Schema.BigInt), nanos)
        assert.deepStrictEqual(yield* read(nanos, InfluxClient.DateFromNanos), new Date(millis))
        const time = (yield* read(nanos, InfluxClient.DateTimeFromNanos)) as DateTime.Utc
        assert.strictEqual(DateTime.toEpochMillis(time), millis)
      }
      const encode = Schema.encodeSync(InfluxClient.DateFromNanos)
      assert.strictEqual(encode(new Date(-1)), -1_000_000n)
    }))

  it.effect("say of an integer, a float or a time of another type what reads it", () =>
    Effect.gen(function*() {
      const wrong: ReadonlyArray<readonly [InfluxClient.Cell, Schema.ConstraintDecoder<unknown>, RegExp]> = [
        [
          7n,
          Schema.Number,
          /Expected number at \["v"\], got a bigint; an integer of an answer is a bigint: .*SafeInt$/
        ],
        [7n, Schema.Int, /an integer of an answer is a bigint/],
        [7n, Schema.Finite, /an integer of an answer is a bigint/],
        [7, Schema.BigInt, /Expected bigint at \["v"\], got a number; .*InfluxClient\.Int64$/],
        [7n, Schema.Date, /a time is a bigint of nanoseconds: read it by InfluxClient\.DateFromNanos/],
        [7n, Schema.DateTimeUtc, /a time is a bigint of nanoseconds/],
        ["x", Schema.BigInt, /Expected bigint at \["v"\], got a string$/],
        [2n ** 53n, InfluxClient.SafeInt, /\["v"\]/],
        [0.5, InfluxClient.Int64, /\["v"\], got a number$/]
      ]
      for (const [value, schema, message] of wrong) yield* failsWith(read(value, schema), "InvalidRow", message)
    }))
})

describe("wrong options and statements", () => {
  it.effect("are named, with their value and what is allowed, and nothing is asked", () =>
    Effect.gen(function*() {
      const { client, spy } = InfluxClient.makeTest(() => [])
      const wrong: ReadonlyArray<readonly [object, RegExp]> = [
        [
          { timeout: "soon" },
          /^Option "timeout" is "soon", allowed is a duration from 1 ms to 24 days, like .*"1 second"$/
        ],
        [{ timeout: Number.NaN }, /"timeout" is NaN/],
        [{ timeout: -1 }, /"timeout" is -1/],
        [{ timeout: {} }, /"timeout" is an empty object/],
        [{ timeout: "Infinity" }, /"timeout" is "Infinity"/],
        [{ database: 5 }, /"database" is 5/],
        [{ database: "" }, /"database" is ""/],
        [{ retentionPolicy: null }, /"retentionPolicy" is null/],
        [{ measurement: ["x"] }, /"measurement" is a list of 1/],
        [{ timout: 5 }, /^Option "timout" is 5, but StatementOptions has no such option. Did you mean "timeout"\?$/],
        [{ db: "x" }, /^Option "db" is a string, but StatementOptions has no such option/],
        [{ Database: undefined, retention: "x" }, /^Option "retention" is a string, but/],
        [new Map(), /^Option "options" is an instance of Map, allowed is a plain object of options/],
        [null as never, /^Option "options" is null, allowed is a plain object of options/],
        [{ as: "x" }, /"as" is "x", allowed is a Schema or a typed series/],
        [{ as: {} }, /"as" is object/]
      ]
      for (const [options, message] of wrong) {
        yield* failsWith(client.query(select, options), "InvalidOption", message)
        yield* failsWith(Stream.runDrain(client.queryStream(select, options)), "InvalidOption", message)
      }
      assert.isAtMost(spy.asked.length, 4)
      yield* client.query(select, { timeout: "3 seconds", database: "d", retentionPolicy: "r", measurement: "m" })
      const v2 = InfluxClient.makeTest(() => [], { version: 2 }).client
      yield* failsWith(v2.query(Flux.query`x`, { database: "d" }), "InvalidOption", /no option of InfluxDB 2/)
      const v3 = InfluxClient.makeTest(() => [], { version: 3 }).client
      yield* failsWith(v3.query(Sql.query`x`, { retentionPolicy: "d" }), "InvalidOption", /InfluxDB 1 only/)
    }))

  it.effect("say what is no statement, and what a server is not asked in", () =>
    Effect.gen(function*() {
      const { client } = InfluxClient.makeTest(() => [])
      for (const value of ["SELECT 1", undefined, null, {}, Object.create(Object.getPrototypeOf(select)), ["x"]]) {
        const error = yield* failsWith(
          client.query(value as never),
          "InvalidStatement",
          /^This is not a statement: make/
        )
        assert.notMatch(error.message, /nothing statement/)
      }
      yield* failsWith(
        client.query(Sql.query`SELECT 1`),
        "InvalidStatement",
        /^The SQL statement can't be sent: InfluxDB 1 is asked in InfluxQL$/
      )
      const [v2, v3] = ([2, 3] as const).map((version) => InfluxClient.makeTest(() => [], { version }).client)
      yield* failsWith(v2!.query(InfluxQL.query`x`), "InvalidStatement", /InfluxDB 2 is asked in Flux$/)
      yield* failsWith(v3!.query(Flux.query`x`), "InvalidStatement", /asked in SQL and InfluxQL$/)
    }))
})

describe("spans", () => {
  const spansOf = (
    config: { readonly version: 1 | 2 | 3; readonly database?: string },
    use: (client: InfluxClient.Client) => Effect.Effect<unknown, unknown>
  ) =>
    Effect.gen(function*() {
      const spans: Array<Tracer.Span> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      yield* Effect.exit(use(InfluxClient.makeTest(() => [], config).client)).pipe(Effect.withTracer(tracer))
      return spans.map(({ attributes, kind, name }): object => ({ name, kind, ...Object.fromEntries(attributes) }))
    })
  const server = {
    kind: "client",
    "db.system.name": "influxdb",
    "server.address": "influxdb.test",
    "server.port": 8086
  }

  it.effect("have the server, the database and the operation, and neither statement nor values", () =>
    Effect.gen(function*() {
      const secret = "s3cr3t"
      const v1 = yield* spansOf({ version: 1, database: "metrics" }, (client) =>
        Effect.all([
          client.ping,
          client.query(InfluxQL.query`  select * FROM m WHERE h = ${secret}`, { database: "other" }),
          client.execute(InfluxQL.query`DROP MEASUREMENT m`),
          Stream.runDrain(client.queryStream(InfluxQL.query`SHOW DATABASES`)),
          client.query(InfluxQL.query`SELECT ${Number.NaN}`)
        ]))
      assert.deepStrictEqual(v1, [
        { name: "InfluxClient.ping", ...server },
        { name: "InfluxClient.query", ...server, "db.operation.name": "SELECT", "db.namespace": "other" },
        { name: "InfluxClient.execute", ...server, "db.operation.name": "DROP", "db.namespace": "metrics" },
        { name: "InfluxClient.queryStream", ...server, "db.operation.name": "SHOW", "db.namespace": "metrics" },
        { name: "InfluxClient.query", ...server }
      ])
      assert.notInclude(JSON.stringify(v1), secret)
      assert.deepStrictEqual(
        yield* spansOf({ version: 2 }, (client) => client.queryAll(Flux.query`from(bucket: "b")`)),
        [{ name: "InfluxClient.queryAll", ...server, "db.operation.name": "QUERY", "db.namespace": "test" }]
      )
    }))
})

describe("the same rows", () => {
  // What a series with a float, an integer, a boolean and a text comes as from each version, with floats that look like integers.
  const msgPack = Buffer.from(
    "81a7726573756c74739182ac73746174656d656e745f696400a67365726965739183a46e616d65a16da7636f6c756d6e7395a474696d65a166a1" +
      "69a162a173a676616c7565739295c70c050000000000000000000000" +
      "01cb4000000000000000" + "02c3a17895c70c05000000000000000000000002" + "cb3fe0000000000000" +
      "cf0020000000000001" + "c2a179",
    "hex"
  )
  const csv = `#datatype,string,long,dateTime:RFC3339Nano,double,long,boolean,string\r
#group,false,false,false,false,false,false,false\r
#default,_result,,,,,,\r
,result,table,time,f,i,b,s\r
,,0,1970-01-01T00:00:00.000000001Z,2,2,true,x\r
,,0,1970-01-01T00:00:00.000000002Z,0.5,9007199254740993,false,y\r
\r
`
  const json = `{"time":"1970-01-01T00:00:00.000000001","f":2.0,"i":2,"b":true,"s":"x"}
{"time":"1970-01-01T00:00:00.000000002","f":0.5,"i":9007199254740993,"b":false,"s":"y"}
`
  const token = Redacted.make("t")
  const versions: ReadonlyArray<
    readonly [ClientConfig.ClientConfig, InfluxClient.Statement, string, string | Buffer]
  > = [
    [{ version: 1 }, select, "application/x-msgpack", msgPack],
    [{ version: 2, org: "o", token }, Flux.query`x`, "text/csv; charset=utf-8", csv],
    [{ version: 3, database: "d", token }, Sql.query`SELECT 1`, "application/jsonl", json]
  ]

  it.live("have the same JavaScript types from all three versions", () =>
    Effect.scoped(Effect.gen(function*() {
      for (const [config, statement, type, body] of versions) {
        const server = yield* FaultServer.make()
        server.script(FaultServer.answer(200, { body: body as string, headers: { "content-type": type } }))
        const client = yield* InfluxClient.make({ ...config, url: server.url })
        assert.deepStrictEqual(yield* client.query(statement), [
          { time: 1n, f: 2, i: 2n, b: true, s: "x" },
          { time: 2n, f: 0.5, i: 9007199254740993n, b: false, s: "y" }
        ], `version ${config.version}`)
      }
    })))
})
