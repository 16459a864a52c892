/**
 * The official clients against the strict servers of the testkit: what real clients send must not be a violation, and
 * they must understand what the servers answer.
 *
 * influxdb3-client queries over gRPC (Arrow Flight), which the strict server does not support; only its writes and its
 * request for the version go over HTTP.
 */
import { assert, describe, it } from "@effect/vitest"
import { StrictV2, StrictV3 } from "@efflux/testkit"
import {
  flux,
  HttpError as HttpErrorV2,
  InfluxDB,
  Point as PointV2,
  setLogger as setLoggerV2
} from "@influxdata/influxdb-client"
import {
  type ClientOptions,
  HttpError as HttpErrorV3,
  InfluxDBClient,
  Point as PointV3,
  setLogger as setLoggerV3
} from "@influxdata/influxdb3-client"
import { Effect } from "effect"

const silent = { error: () => {}, warn: () => {} }

const v2 = Effect.gen(function*() {
  setLoggerV2(silent)
  const server = yield* StrictV2.make({ token: "t0", org: "my org", buckets: ["b & c"] })
  const connect = (token = "t0") => new InfluxDB({ url: server.url, token, timeout: 60_000 })
  return { server, connect }
})

const manyPoints = Array.from(
  { length: 100 },
  (_, index) =>
    new PointV2("m,=  x").tag("a b", "c,d=e").floatField("f", index / 3).intField("i", index).uintField("u", index)
      .stringField("s", "a \"b\" \\ c\nd").booleanField("b", index % 2 === 0).timestamp(
        String(1_700_000_000_000 + index)
      )
)

describe("influxdb-client", () => {
  for (const gzipThreshold of [0, 1_000_000]) {
    it.effect(`writes without a violation, ${gzipThreshold === 0 ? "gzip" : "plain"}`, () =>
      Effect.gen(function*() {
        const { connect, server } = yield* v2
        const writer = connect().getWriteApi("my org", "b & c", "ms", { gzipThreshold, maxRetries: 0 })
        writer.writePoints(manyPoints)
        yield* Effect.promise(() => writer.close())
        assert.deepStrictEqual(server.violations, [])
        assert.strictEqual(
          server.exchanges[0]?.headers["content-encoding"],
          gzipThreshold === 0 ? "gzip" : undefined
        )
        const points = server.points("b & c")
        assert.strictEqual(points.length, 100)
        assert.deepStrictEqual(
          [points[7]?.measurement, points[7]?.tags, points[7]?.timestamp, points[7]?.fields.f, points[7]?.fields.s],
          ["m,=  x", { "a b": "c,d=e" }, 1_700_000_000_007_000_000n, 7 / 3, "a \"b\" \\ c\nd"]
        )
      }))
  }

  it.effect("queries without a violation, and reads the tables", () =>
    Effect.gen(function*() {
      const { connect, server } = yield* v2
      const writer = connect().getWriteApi("my org", "b & c", "ns", { maxRetries: 0 })
      writer.writeRecord("m,t=a\\,\\ b i=9007199254740991i,s=\"x \\\"y\\\"\nz\" 1700000000123456789")
      yield* Effect.promise(() => writer.close())
      for (const gzip of [false, true]) {
        const rows = yield* Effect.promise(() =>
          connect().getQueryApi({ org: "my org", gzip }).collectRows<Record<string, unknown>>(
            flux`from(bucket: ${"b & c"}) |> range(start: 0)`
          )
        )
        const common = { result: "_result", _time: "2023-11-14T22:13:20.123456789Z", _measurement: "m", t: "a, b" }
        assert.deepStrictEqual(rows, [
          { ...common, table: 0, _value: 9007199254740991, _field: "i" },
          { ...common, table: 1, _value: "x \"y\"\nz", _field: "s" }
        ])
      }
      assert.deepStrictEqual(server.violations, [])
    }))

  type Given = { readonly bucket?: string; readonly line?: string; readonly token?: string }
  const failures: ReadonlyArray<readonly [what: string, given: Given, status: number, code: string]> = [
    ["a wrong token", { token: "other" }, 401, "unauthorized"],
    ["an unknown bucket", { bucket: "none" }, 404, "not found"],
    ["a malformed line", { line: "m v=" }, 400, "invalid"],
    ["a conflict of types", { line: "m v=1\nm v=\"x\"" }, 422, "unprocessable entity"]
  ]
  it.effect.each(failures)("understands the answer to %s", ([, given, status, code]) =>
    Effect.gen(function*() {
      const { connect, server } = yield* v2
      const { bucket = "b & c", line = "m v=1", token } = given
      const errors: Array<unknown> = []
      const writer = connect(token).getWriteApi("my org", bucket, "ns", {
        maxRetries: 0,
        writeFailed: (error) => {
          errors.push(error)
          return Promise.resolve()
        }
      })
      writer.writeRecord(line)
      yield* Effect.promise(() => writer.close().catch(() => {}))
      const error = errors[0]
      assert.instanceOf(error, HttpErrorV2)
      assert.deepStrictEqual([error.statusCode, error.code], [status, code])
      assert.deepStrictEqual(server.violations, [])
    }))
})

const v3 = Effect.gen(function*() {
  setLoggerV3(silent)
  const server = yield* StrictV3.make({ token: "t0" })
  const connect = (options: Partial<ClientOptions> = {}) =>
    Effect.acquireRelease(
      Effect.sync(() =>
        new InfluxDBClient({
          host: server.url,
          token: "t0",
          database: "db",
          ...options,
          writeOptions: { noSync: false, precision: "ns", ...options.writeOptions }
        })
      ),
      (client) => Effect.promise(() => client.close())
    )
  return { server, connect }
})

const failureOf = (write: () => Promise<void>) =>
  Effect.promise(() => write().then(() => undefined, (error: unknown) => error))

describe("influxdb3-client", () => {
  for (const noSync of [false, true]) {
    for (const authScheme of [undefined, "Bearer"]) {
      const path = noSync ? "/api/v3/write_lp" : "/api/v2/write"
      it.effect(`writes to ${path} without a violation, ${authScheme ?? "Token"}`, () =>
        Effect.gen(function*() {
          const { connect, server } = yield* v3
          const client = yield* connect({
            writeOptions: { noSync },
            ...(authScheme === undefined ? {} : { authScheme })
          })
          const points = Array.from(
            { length: 100 },
            (_, index) =>
              PointV3.measurement("m").setTag("t", "c,d=e f").setFloatField("f", index / 3).setIntegerField("i", index)
                .setStringField("s", "a \"b\"\nc").setTimestamp(new Date(1_700_000_000_000 + index))
          )
          yield* Effect.promise(() => client.write(points))
          yield* Effect.promise(() => client.write(PointV3.measurement("small").setFloatField("f", 1)))
          assert.deepStrictEqual(server.violations, [])
          assert.deepStrictEqual(server.exchanges.map(({ headers, path }) => [path, headers["content-encoding"]]), [
            [path, "gzip"],
            [path, undefined]
          ])
          const stored = server.points("db")
          assert.strictEqual(stored.length, 101)
          assert.deepStrictEqual(stored[7], {
            measurement: "m",
            tags: { t: "c,d=e f" },
            fields: { f: 7 / 3, i: 7n, s: "a \"b\"\nc" },
            timestamp: 1_700_000_000_007_000_000n
          })
        }))
    }
  }

  it.effect("understands a partial write and a wrong token", () =>
    Effect.gen(function*() {
      const { connect, server } = yield* v3
      const client = yield* connect({ writeOptions: { noSync: true } })
      const partial = yield* failureOf(() => client.write("m v=1 1\nm v=\"x\" 2"))
      assert.instanceOf(partial, HttpErrorV3)
      assert.strictEqual(partial.statusCode, 400)
      assert.include(partial.message, "partial write of line protocol occurred")
      const stranger = yield* connect({ token: "other" })
      const unknown = yield* failureOf(() => stranger.write("m v=1 1"))
      assert.instanceOf(unknown, HttpErrorV3)
      assert.deepStrictEqual([unknown.statusCode, unknown.message], [401, "the request was not authenticated"])
      assert.deepStrictEqual(server.violations, [])
    }))

  it.effect("is caught writing nanoseconds where it was told to write milliseconds", () =>
    Effect.gen(function*() {
      const { connect, server } = yield* v3
      const client = yield* connect({ writeOptions: { noSync: true, precision: "ms" } })
      const point = PointV3.measurement("m").setFloatField("f", 1).setTimestamp(new Date(1_700_000_000_000))
      const refused = yield* failureOf(() => client.write(point))
      assert.instanceOf(refused, HttpErrorV3)
      assert.include(refused.message, "out of range")
      assert.strictEqual(server.exchanges[0]?.params.get("precision"), "millisecond")
      assert.strictEqual(server.exchanges[0]?.text, "m f=1 1700000000000000000")
    }))

  it.effect("learns the version", () =>
    Effect.gen(function*() {
      const { connect, server } = yield* v3
      const client = yield* connect()
      assert.strictEqual(yield* Effect.promise(() => client.getServerVersion()), "3.8.0")
      assert.deepStrictEqual(server.violations, [])
    }))
})
