/** Answered writes: what the server stored, what it rejected and why, against strict servers and every kind of answer. */
import { assert, describe, it } from "@effect/vitest"
import { FaultServer, StrictV2, StrictV3 } from "@efflux/testkit"
import { Deferred, Effect, Fiber, Redacted, Stream } from "effect"
import { InfluxClient, Point } from "efflux"
import { failsWith } from "../support/reasons.ts"

const token = Redacted.make("a-s3cr3t-token")

const point = (n: number, value: Point.FieldValue = n): Point.Input => ({
  measurement: "m",
  tags: { n: String(n) },
  fields: { v: value },
  timestamp: BigInt(n)
})

const points = (count: number) => Array.from({ length: count }, (_, n) => point(n))

const v3 = Effect.fnUntraced(function*(maxBodyBytes?: number) {
  const server = yield* StrictV3.make({ token: "a-s3cr3t-token", maxBodyBytes })
  return { server, client: yield* InfluxClient.make({ version: 3, url: server.url, database: "db", token }) }
})

const v2 = Effect.fnUntraced(function*() {
  const server = yield* StrictV2.make({ token: "a-s3cr3t-token", org: "o", buckets: ["b"] })
  return { server, client: yield* InfluxClient.make({ version: 2, url: server.url, org: "o", token }) }
})

/** A server whose answers are given, and a client of InfluxDB 1 for it. */
const v1 = Effect.fnUntraced(function*(...answers: ReadonlyArray<FaultServer.Fault>) {
  const server = yield* FaultServer.make({ fallback: FaultServer.answer(204) })
  server.script(...answers)
  return { server, client: yield* InfluxClient.make({ version: 1, url: server.url, database: "db" }) }
})

const error = (status: number, message: string) => FaultServer.json(status, { error: message })

describe("InfluxClient.write", () => {
  it.live("InfluxDB 3: each bad line is a rejection with the index of its point and the server's reason", () =>
    Effect.gen(function*() {
      const { client, server } = yield* v3()
      yield* client.write([point(0, 1.5)])
      const mixed = points(100).map((plain, n) => n % 3 === 1 ? point(n, `text ${n}`) : plain)
      // A point in between has no line, so line numbers and point numbers differ.
      mixed.splice(10, 0, { measurement: "", fields: { v: 1 } })
      const result = yield* client.write(mixed)
      const bad = mixed.flatMap(({ fields, measurement }, index) =>
        typeof fields["v"] === "string" || measurement === "" ? [index] : []
      )
      assert.deepStrictEqual(result.rejections.map(({ index }) => index).toSorted((a, b) => a! - b!), bad)
      assert.deepStrictEqual([result.written, result.rejected], [101 - bad.length, bad.length])
      for (const { detail, index, line, points } of result.rejections) {
        assert.strictEqual(points, 1)
        if (index === 10) assert.strictEqual(detail, "measurement: must not be empty, got \"\"")
        else {
          assert.include(detail, "invalid column type for column 'v'")
          assert.include(line, `text ${String(mixed[index!]!.tags!["n"])}`)
        }
      }
      assert.strictEqual(server.stored("db").length, result.written)
      assert.deepStrictEqual(server.violations, [])
    }))

  it.live("InfluxDB 3 with acceptPartial off: all points of the request are rejected, the bad one by name", () =>
    Effect.gen(function*() {
      const { client, server } = yield* v3()
      yield* client.write([point(0, 1.5)])
      const result = yield* client.write([point(1), point(2, "text"), point(3)], { acceptPartial: false })
      assert.deepStrictEqual([result.written, result.rejected], [0, 3])
      assert.deepStrictEqual(result.rejections.map(({ index, points }) => [index, points]), [[1, 1], [undefined, 2]])
      assert.strictEqual(server.stored("db").length, 1)
      assert.deepStrictEqual(server.violations, [])
    }))

  it.live("InfluxDB 2: the bucket is needed, and a partial write says how many", () =>
    Effect.gen(function*() {
      const { client, server } = yield* v2()
      yield* failsWith(client.write(points(1)), "InvalidOption", /"bucket"/)
      yield* client.write([point(0, 1.5)], { bucket: "b" })
      const result = yield* client.write([point(1), point(2, "text"), point(3, Point.uint(7n)), point(4)], {
        bucket: "b"
      })
      assert.deepStrictEqual([result.written, result.rejected], [2, 2])
      assert.deepStrictEqual(result.rejections.map(({ index, points }) => [index, points]), [[undefined, 2]])
      assert.include(result.rejections[0]!.detail, "partial write")
      assert.strictEqual(server.stored("b").length, 3)
      assert.deepStrictEqual(server.violations, [])
    }))

  // What else a server may say is in `http/WriteAnswer.test.ts`.
  const answers: ReadonlyArray<readonly [string, FaultServer.Fault, ReadonlyArray<unknown>]> = [
    ["how many", error(400, "partial write: field type conflict dropped=2"), [[undefined, 2]]],
    ["which lines", error(400, "error parsing line 2 (1-based): bad; error parsing line 4 (1-based): x"), [[1, 1], [
      3,
      1
    ]]]
  ]
  it.live.each(answers)(
    "a server that says %s were refused: what was written and rejected is known",
    ([, answer, rejections]) =>
      Effect.gen(function*() {
        const { client, server } = yield* v1(answer)
        const result = yield* client.write(points(5))
        assert.deepStrictEqual(result.rejections.map(({ index, points }) => [index, points]), rejections)
        assert.deepStrictEqual([result.written, result.rejected], [3, 2])
        for (const { detail } of result.rejections) assert.isNotEmpty(detail)
        // A request is sent once, whatever the answer.
        assert.strictEqual(server.requests.length, 1)
      })
  )

  it.live("a single point that is refused is known by its index, whatever the server says", () =>
    Effect.gen(function*() {
      const { client } = yield* v1(error(400, "field type conflict"))
      const result = yield* client.write([point(0)])
      assert.deepStrictEqual(result.rejections, [{ index: 0, points: 1, detail: "field type conflict" }])
    }))

  const busy = FaultServer.answer(503, { body: "busy", headers: { "retry-after": "3" } })
  const failures: ReadonlyArray<readonly [string, FaultServer.Fault, string, boolean, number?]> = [
    ["503 with Retry-After", busy, "Unavailable", true, 3000],
    ["404", error(404, "database not found: \"db\""), "NotFound", false],
    ["a page of something else", FaultServer.answer(200, { body: "<html>hello</html>" }), "InvalidAnswer", false]
  ]
  it.live.each(failures)(
    "%s fails the write, once sent, and says whether a retry helps and what was settled before",
    ([, answer, reason, isRetryable, retryAfter]) =>
      Effect.gen(function*() {
        const { client, server } = yield* v1(FaultServer.answer(204), error(400, "partial write: no dropped=1"), answer)
        const bad: Point.Input = { measurement: "#no", fields: { v: 1 } }
        const all = [bad, ...points(6), bad]
        const failure = yield* Effect.flip(client.write(all, { batchSize: 2 }))
        assert.strictEqual(failure.reason._tag as string, reason)
        assert.strictEqual(failure.isRetryable, isRetryable)
        assert.strictEqual(failure.retryAfter, retryAfter)
        // The first bad point, two requests of two points; the third request failed, and the last bad point is behind it.
        const { rejected, rejections, written } = failure.settled!
        assert.deepStrictEqual([written, rejected], [3, 2])
        assert.deepStrictEqual(rejections.map(({ index }) => index), [0, undefined])
        assert.strictEqual(server.requests.length, 3)
        assert.include(server.requests[2]!.text, "m,n=4 v=4 4\nm,n=5 v=5 5")
        // From there it goes on.
        const rest = yield* client.write(all.slice(written + rejected))
        assert.deepStrictEqual([rest.written, rest.rejected], [2, 1])
      })
  )

  it.live.each([5, null, undefined, {}, points(1)[0], Promise.resolve([])])(
    "%# is no list of points: nothing is sent, and the error names what is allowed",
    (list) =>
      Effect.gen(function*() {
        const { client, server } = yield* v1()
        const failure = yield* Effect.flip(client.write(list as Iterable<Point.Input>))
        assert.match(failure.message, /^Option "points" is .*, allowed is an iterable of points, such as a list$/)
        assert.strictEqual(server.requests.length, 0)
      })
  )

  it.live("fails where nobody listens, and where an answer breaks off, without a second request", () =>
    Effect.gen(function*() {
      const broken = yield* FaultServer.make({ fallback: FaultServer.reset })
      const client = yield* InfluxClient.make({ version: 1, url: broken.url, database: "db" })
      const failure = yield* Effect.flip(client.write(points(3)))
      assert.strictEqual(failure.reason._tag, "RequestFailed")
      assert.isTrue(failure.isRetryable)
      assert.deepStrictEqual(failure.settled, { written: 0, rejected: 0, rejections: [] })
      assert.strictEqual(broken.requests.length, 1)
    }))

  it.live("points go in batches by number and bytes, as gzip from the threshold, each with its own time", () =>
    Effect.gen(function*() {
      const { client, server } = yield* v3()
      const plain = yield* client.write(points(10), { batchSize: 4, gzipThreshold: "none" })
      assert.strictEqual(plain.written, 10)
      assert.deepStrictEqual(server.exchanges.map(({ text }) => text!.split("\n").length), [4, 4, 2])
      const bySize = yield* client.write(points(1000), { maxPayloadBytes: 2000, gzipThreshold: 1 })
      assert.strictEqual(bySize.written, 1000)
      const sized = server.exchanges.slice(3)
      assert.isTrue(sized.every(({ text }) => text!.length <= 2000))
      assert.isTrue(sized.slice(0, -1).every(({ text }) => text!.length > 1970))
      assert.isTrue(sized.every(({ headers }) => headers["content-encoding"] === "gzip"))
      // One series without timestamps: all are stored.
      const timeless = Array.from({ length: 500 }, (_, n): Point.Input => ({ measurement: "t", fields: { n } }))
      yield* client.write(timeless, { batchSize: 100, tags: { app: "shop" } })
      const stored = server.stored("db").filter(({ measurement }) => measurement === "t")
      assert.strictEqual(stored.length, 500)
      assert.isTrue(stored.every(({ tags }) => tags["app"] === "shop"))
      assert.deepStrictEqual(yield* client.write([]), { written: 0, rejected: 0, rejections: [] })
      assert.deepStrictEqual(yield* client.write([{ measurement: "m", fields: {} }]), {
        written: 0,
        rejected: 1,
        rejections: [{ index: 0, points: 1, detail: "fields: a point needs at least one field with a finite value" }]
      })
      const long: Point.Input = { measurement: "m", fields: { v: "x".repeat(3000) } }
      const tooLong = yield* client.write([point(1), long, point(2)], { maxPayloadBytes: 2000 })
      assert.deepStrictEqual([tooLong.written, tooLong.rejections.map(({ index }) => index)], [2, [1]])
      assert.deepStrictEqual(server.violations, [])
    }))

  it.live("a stream is written as the server takes it, and its rejections are told together", () =>
    Effect.gen(function*() {
      const { client, server } = yield* v3()
      yield* client.write([point(0, 1.5)])
      let read = 0
      let ahead = 0
      const result = yield* Stream.fromIterable(points(20_000), { chunkSize: 100 }).pipe(
        Stream.map((plain) => {
          read++
          ahead = Math.max(ahead, read - (server.exchanges.length - 1) * 500)
          return read % 1000 === 0 ? { ...plain, fields: { v: "text" } } : plain
        }),
        Stream.run(client.writeSink({ batchSize: 500 }))
      )
      assert.deepStrictEqual([result.written, result.rejected], [19_980, 20])
      assert.deepStrictEqual(
        result.rejections.map(({ index }) => index),
        Array.from({ length: 20 }, (_, n) => n * 1000 + 999)
      )
      // One batch and one chunk.
      assert.isAtMost(ahead, 500 + 100)
      assert.strictEqual(server.stored("db").length, 19_980)
      assert.deepStrictEqual(server.violations, [])
    }))

  it.live("wrong options are named", () =>
    Effect.gen(function*() {
      const { client } = yield* v3()
      const wrong: ReadonlyArray<[object, string]> = [
        [{ batchSize: 0 }, "batchSize"],
        [{ maxPayloadBytes: "1 MiB" }, "maxPayloadBytes"],
        [{ bucket: "b" }, "bucket"],
        [{ retentionPolicy: "week" }, "retentionPolicy"],
        [{ dialect: "influx" }, "dialect"],
        [{ tags: { "": "x" } }, "tags"],
        [{ tags: { a: "x".repeat(100) }, maxPayloadBytes: 100 }, "tags"],
        [{ tags: { __name__: "x" }, dialect: "victoria-metrics" }, "tags"],
        [{ timeout: "soon" }, "timeout"],
        [{ precision: "s" }, "precision"]
      ]
      for (const [options, option] of wrong) {
        yield* failsWith(client.write(points(1), options), "InvalidOption", new RegExp(`"${option}"`))
        yield* failsWith(
          Stream.run(Stream.fromIterable(points(1)), client.writeSink(options)),
          "InvalidOption",
          new RegExp(`"${option}"`)
        )
      }
    }))

  it.live("options and a request are read once: what was checked is what is used", () =>
    Effect.gen(function*() {
      const { client, server } = yield* v1()
      /** An object whose option changes when it is read again. */
      const changing = <A extends object>(others: A, option: string, first: unknown, later: unknown) => {
        let reads = 0
        return Object.defineProperty({ ...others }, option, {
          enumerable: true,
          get: () => {
            if (reads++ === 0) return first
            if (later instanceof Error) throw later
            return later
          }
        })
      }
      yield* client.write(points(1), changing({}, "database", "db", new Error("read twice")))
      yield* client.write(points(1), changing({}, "bucket", undefined, "b"))
      yield* client.write(points(1), changing({}, "tags", { a: "b" }, "no tags"))
      yield* failsWith(client.write(points(1), changing({}, "bucket", "b", undefined)), "InvalidOption", /"bucket"/)
      assert.strictEqual(server.requests.length, 3)
      yield* client.request(changing({ method: "GET" as const, path: "" }, "path", "/health", "/../admin"))
      assert.strictEqual(server.requests.at(-1)!.path, "/health")
    }))

  it.live.each(["all were written", "a request fails", "it is interrupted"])(
    "closes its iterable when %s",
    (end) =>
      Effect.gen(function*() {
        const { client } = yield* v1(...end === "a request fails" ? [error(401, "no")] : [])
        let closed = 0
        const taken = yield* Deferred.make<void>()
        const some = function*() {
          try {
            for (let n = 0; n < 10 || end === "it is interrupted"; n++) {
              yield point(n)
              Deferred.doneUnsafe(taken, Effect.void)
            }
          } finally {
            closed++
          }
        }
        const writing = yield* Effect.forkChild(client.write(some(), { batchSize: 2 }))
        yield* Deferred.await(taken)
        yield* end === "it is interrupted" ? Fiber.interrupt(writing) : Fiber.await(writing)
        assert.strictEqual(closed, 1)
      })
  )

  it.effect("a client for tests keeps what was written", () =>
    Effect.gen(function*() {
      const result = yield* InfluxClient.write(points(2))
      assert.deepStrictEqual([result.written, result.rejected], [2, 0])
      const spy = yield* InfluxClient.Spy
      assert.deepStrictEqual(spy.written, ["m,n=0 v=0 0\nm,n=1 v=1 1"])
      spy.clear()
      assert.deepStrictEqual(spy.written, [])
    }).pipe(Effect.provide(InfluxClient.layerTest(() => []))))
})
