import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Result, Stream } from "effect"
import { LineProtocol } from "efflux"

const encode = (text: string) => new TextEncoder().encode(text)

const reasonOf = (result: Result.Result<unknown, LineProtocol.DecodeError>) =>
  Result.isFailure(result) ? result.failure.reason : "none"

const repeat = (text: string, bytes: number): Uint8Array => {
  const pattern = encode(text)
  const all = new Uint8Array(bytes)
  for (let i = 0; i < bytes; i++) all[i] = pattern[i % pattern.length]
  return all
}

describe("decode", () => {
  it("takes a line with and without its line feed, as text and as bytes", () => {
    for (const line of ["m,a=b v=1 2", "m,a=b v=1 2\n", encode("m,a=b v=1 2"), encode("\n m,a=b v=1 2\n\n")]) {
      const expected = { measurement: "m", tags: { a: "b" }, fields: { v: 1 }, timestamp: 2n }
      assert.deepStrictEqual(Result.getOrThrow(LineProtocol.decode(line)), expected)
    }
  })

  it("fails where there is no point, or more than one line", () => {
    for (const text of ["", "\n", "  ", "# comment"]) {
      assert.strictEqual(reasonOf(LineProtocol.decode(text)), "no point")
    }
    const several = LineProtocol.decode("m v=1\n\nm v=2")
    assert.strictEqual(reasonOf(several), "several lines")
    assert.include(String(Result.getFailure(several)), "line 3")
  })

  it("refuses a lone surrogate where it stands, and takes pairs", () => {
    for (const text of ["m,a=\ud83d v=1", "m,a=\ude00 v=1"]) {
      assert.deepInclude(LineProtocol.decodeAll(`é v=1\n${text}`).errors[0], {
        line: 2,
        column: 5,
        reason: "invalid UTF-8"
      })
    }
    assert.strictEqual(Result.getOrThrow(LineProtocol.decode("m,a=😀 v=1")).tags.a, "😀")
  })

  it("does not keep the bytes that it was given", () => {
    const bytes = encode("measurement,tag=value field=\"a string that is longer than any cache takes\"")
    const point = Result.getOrThrow(LineProtocol.decode(bytes))
    bytes.fill(120)
    LineProtocol.decode(bytes)
    assert.strictEqual(point.fields.field, "a string that is longer than any cache takes")
    assert.strictEqual(Result.getOrThrow(LineProtocol.decode("measurement,tag=value f=1")).tags.tag, "value")
  })

  it("gives errors that are safe to log", () => {
    const [error] = LineProtocol.decodeAll("m v=\u001b[31m\u0007 \"").errors
    assert.strictEqual(error._tag, "DecodeError")
    assert.strictEqual(
      error.message,
      "line 1, column 5: expected a number, a boolean or a quoted string, at \"\\u001b[31m\\u0007 \\\"\""
    )
  })

  it("does not mix up names that are unescaped differently", () => {
    const text = "a\\\",a\\\"=a\\\" a\\\"=\"a\\\"\""
    for (let i = 0; i < 2; i++) {
      assert.deepStrictEqual(Result.getOrThrow(LineProtocol.decode(text)), {
        measurement: "a\"",
        tags: { "a\\\"": "a\\\"" },
        fields: { "a\"": "a\"" }
      })
      assert.deepStrictEqual(Result.getOrThrow(LineProtocol.decode(text, { dialect: "influx-3" })), {
        measurement: "a\\\"",
        tags: { "a\\\"": "a\\\"" },
        fields: { "a\\\"": "a\"" }
      })
    }
  })
})

describe("decodeAll", () => {
  it("counts bad lines beyond maxErrors", () => {
    const decoded = LineProtocol.decodeAll("x\n".repeat(10) + "m v=1", { maxErrors: 3 })
    assert.deepStrictEqual([decoded.points.length, decoded.errors.length, decoded.failed], [1, 3, 10])
  })

  it("bounds the length of a line, in bytes, without its line feed", () => {
    const options = { maxLineBytes: 8 }
    assert.strictEqual(LineProtocol.decodeAll("m v=1234\nm v=123\n", options).points.length, 2)
    const decoded = LineProtocol.decodeAll("m v=12345\nm v=1\n", options)
    assert.deepInclude(decoded.errors[0], { line: 1, column: 9, reason: "line too long" })
    assert.strictEqual(decoded.points.length, 1)
  })

  it("limits a series key as the server does: with 4 bytes and the field key within 65535", () => {
    const line = (bytes: number) => `m,t=${"x".repeat(bytes - 4)} v=1`
    assert.strictEqual(LineProtocol.decodeAll(line(65_530)).points.length, 1)
    assert.strictEqual(LineProtocol.decodeAll(line(65_531)).errors[0].reason, "series key too long")
    assert.strictEqual(LineProtocol.decodeAll(line(65_531), { dialect: "influx-3" }).points.length, 1)
  })

  // A quadratic decoder would take an hour. The bound is a thousand times what an idle machine needs.
  const hostile = ["\n", "a", " ", ",", "=", "\\", "\\,", "\\\\=", "\"", "a v=\"", "m,a=b", "m v=1", "#", "m v=\"é"]
  it.each(hostile)("takes time linear in the text: 2 MB of %j", (pattern) => {
    for (const maxLineBytes of [undefined, 2 ** 30]) {
      const bytes = repeat(pattern, 2 ** 21)
      const start = performance.now()
      const { failed, points } = LineProtocol.decodeAll(bytes, { maxLineBytes })
      assert.isBelow(performance.now() - start, 120_000)
      assert.isAtMost(points.length + failed, 1)
    }
  })

  it("takes time linear in the number of tags and fields", () => {
    const names = Array.from({ length: 100_000 }, (_, i) => `k${i}`)
    const line = `m,${names.map((name) => `${name}=v`).join(",")} ${names.map((name) => `${name}=1`).join(",")}`
    const start = performance.now()
    const { points } = LineProtocol.decodeAll(line, { maxLineBytes: 2 ** 30, dialect: "influx-3" })
    assert.isBelow(performance.now() - start, 120_000)
    assert.strictEqual(Object.keys(points[0].tags).length + Object.keys(points[0].fields).length, 200_000)
  })
})

describe("decodeStream", () => {
  const decodeChunks = (chunks: Iterable<Uint8Array>, options?: LineProtocol.DecodeOptions) =>
    Stream.runCollect(LineProtocol.decodeStream(options)(Stream.fromIterable(chunks)))

  it.effect("skips an overlong line to its end, in bounded memory, as one error", () =>
    Effect.gen(function*() {
      let reused = 0
      const buffer = new Uint8Array(2 ** 16).fill(120)
      // 64 MB of one line, always in the same buffer
      const chunks = (function*() {
        yield encode("m v=1\nm v=\"")
        for (; reused < 1024; reused++) yield buffer
        yield encode("\ny\" 7\nm v=2\n")
      })()
      const before = process.memoryUsage().arrayBuffers
      const results = yield* decodeChunks(chunks)
      assert.isBelow(process.memoryUsage().arrayBuffers - before, 32 * 2 ** 20)
      assert.deepStrictEqual(
        results.map((result) => Result.isSuccess(result) ? result.success.fields.v : result.failure.reason),
        [1, "line too long", 2]
      )
      assert.deepInclude(Result.isFailure(results[1]) ? results[1].failure : {}, { line: 2, column: 2 ** 20 + 1 })
    }))

  it.effect("does not keep the chunks that it was given", () =>
    Effect.gen(function*() {
      const buffer = new Uint8Array(4)
      const text = encode("measure,tag=value v=\"text\"\n".repeat(20))
      const chunks = (function*() {
        for (let at = 0; at < text.length; at += 4) {
          buffer.fill(0)
          buffer.set(text.subarray(at, at + 4))
          yield buffer.subarray(0, Math.min(4, text.length - at))
        }
      })()
      // one chunk at a time, as a socket would give them
      const source = Stream.fromIterable(chunks, { chunkSize: 1 })
      const results = yield* Stream.runCollect(LineProtocol.decodeStream()(source))
      assert.strictEqual(results.filter(Result.isSuccess).length, 20)
      for (const result of results) {
        assert.deepStrictEqual(Result.getOrThrow(result).tags, { tag: "value" })
        assert.deepStrictEqual(Result.getOrThrow(result).fields, { v: "text" })
      }
    }))

  it.effect("pulls its source only when what it gave is used up", () =>
    Effect.gen(function*() {
      let pulled = 0
      const source = Stream.fromEffectRepeat(Effect.sync(() => {
        pulled++
        return encode("m v=1\n".repeat(5000))
      }))
      const results = yield* LineProtocol.decodeStream()(source).pipe(Stream.take(5001), Stream.runCollect)
      assert.strictEqual(results.length, 5001)
      assert.strictEqual(pulled, 2)
    }))

  it.effect("hands results on in small arrays, however large the chunk", () =>
    Effect.gen(function*() {
      const sizes = yield* LineProtocol.decodeStream()(Stream.make(encode("m v=1\n".repeat(5000)))).pipe(
        Stream.chunks,
        Stream.map((chunk) => chunk.length),
        Stream.runCollect
      )
      assert.deepStrictEqual(sizes, [1024, 1024, 1024, 1024, 904])
    }))

  it.effect("fails with its source's error, after the lines before it", () =>
    Effect.gen(function*() {
      const source = Stream.make(encode("m v=1\nm v=")).pipe(Stream.concat(Stream.fail("cut off")))
      const seen: Array<unknown> = []
      const exit = yield* LineProtocol.decodeStream()(source).pipe(
        Stream.runForEach((result) => Effect.sync(() => seen.push(result))),
        Effect.flip
      )
      assert.strictEqual(exit, "cut off")
      assert.strictEqual(seen.length, 1)
    }))

  it.effect("gives each line as soon as it is complete", () =>
    Effect.gen(function*() {
      const source = Stream.make(encode("m v=1\nm v=2")).pipe(Stream.concat(Stream.never))
      const fiber = yield* LineProtocol.decodeStream()(source).pipe(Stream.take(1), Stream.runCollect, Effect.forkChild)
      const results = yield* Fiber.join(fiber)
      assert.strictEqual(results.length, 1)
    }))

  it.effect("starts anew each time it is run", () =>
    Effect.gen(function*() {
      const stream = LineProtocol.decodeStream()(Stream.make(encode("m v=1\nx")))
      const first = yield* Stream.runCollect(stream)
      const second = yield* Stream.runCollect(stream)
      assert.deepStrictEqual(
        second.map((result) => Result.isFailure(result) ? result.failure.line : 0),
        first.map((result) => Result.isFailure(result) ? result.failure.line : 0)
      )
      assert.deepStrictEqual(second.map(Result.isSuccess), [true, false])
    }))
})
