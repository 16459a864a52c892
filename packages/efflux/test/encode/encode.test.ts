/** What `LineProtocol.encode` writes and what it refuses. See `LineWriter.test.ts` for the buffer behind it. */
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Result } from "effect"
import { LineProtocol, Point, Precision } from "efflux"
import type { EncodeErrorReason, PointPart } from "../../src/internal/encode/EncodeError.ts"
import { decimal, double, hostile, integer, point } from "../support/arbitraries.ts"
import { reference } from "../support/reference.ts"

const encode = (point: unknown, options?: LineProtocol.EncodeOptions): string =>
  Result.getOrThrow(LineProtocol.encode(point as Point.Input, options))

const refusal = (point: unknown, options?: LineProtocol.EncodeOptions): LineProtocol.EncodeError => {
  const result = LineProtocol.encode(point as Point.Input, options)
  if (Result.isSuccess(result)) return assert.fail(`written: ${JSON.stringify(result.success)}`)
  assert.strictEqual(result.failure._tag, "EncodeError")
  return result.failure
}

type Place = "measurement" | "tag key" | "tag value" | "field key" | "field value"
const names: ReadonlyArray<Place> = ["measurement", "tag key", "tag value", "field key"]
const places: ReadonlyArray<Place> = [...names, "field value"]

/** A point with a text in one place; `["__proto__"]` and the like define a key as any other. */
const having = (place: Place, text: string): Point.Input => ({
  measurement: place === "measurement" ? text : "m",
  tags: { [place === "tag key" ? text : "t"]: place === "tag value" ? text : "v" },
  fields: { [place === "field key" ? text : "f"]: place === "field value" ? text : 1 }
})

const keyOf = (place: Place): string | undefined =>
  place === "tag value" ? "\"t\"" : place === "field value" ? "\"f\"" : undefined

const assertRefused = (place: Place, text: string, reason: EncodeErrorReason) => {
  const { key, part, reason: given } = refusal(having(place, text))
  assert.deepStrictEqual({ part, reason: given, key }, { part: place, reason, key: keyOf(place) }, JSON.stringify(text))
}

describe("escapes", () => {
  it("commas and spaces in a measurement, and an equals sign in a key or tag value as well", () => {
    assert.strictEqual(encode(having("measurement", "a,b c=d\"e")), "a\\,b\\ c=d\"e,t=v f=1")
    assert.strictEqual(encode(having("tag key", "a,b c=d\"e")), "m,a\\,b\\ c\\=d\"e=v f=1")
    assert.strictEqual(encode(having("tag value", "a,b c=d\"e")), "m,t=a\\,b\\ c\\=d\"e f=1")
    assert.strictEqual(encode(having("field key", "a,b c=d\"e")), "m,t=v a\\,b\\ c\\=d\"e=1")
  })

  it("only quotes and backslashes in a string value, whatever else it holds", () => {
    assert.strictEqual(encode(having("field value", "a,b c=d")), "m,t=v f=\"a,b c=d\"")
    assert.strictEqual(encode(having("field value", "\"\\\n\r\u0000\u007f")), "m,t=v f=\"\\\"\\\\\n\r\u0000\u007f\"")
    assert.strictEqual(encode(having("field value", "")), "m,t=v f=\"\"")
  })

  it("text beyond ASCII stays as it is, in every place", () => {
    for (const text of ["é", "漢字", "😀", "\u2028", "\ufeff", "\u0080", "a\u0301", "\u{10ffff}", "\ud7ff\ue000"]) {
      for (const place of places) assert.include(encode(having(place, text)), text, place)
    }
  })

  it("a backslash that stands before nothing special is a backslash", () => {
    for (const place of names) assert.include(encode(having(place, "a\\b\\\\c")), "a\\b\\\\c", place)
  })

  it("a tag value may have backslashes before a comma or an equals sign, a key of a tag too", () => {
    for (const special of [",", "="]) {
      for (let run = 1; run <= 5; run++) {
        const backslashes = "\\".repeat(run)
        assert.strictEqual(
          encode(having("tag value", `a${backslashes}${special}b`)),
          `m,t=a${backslashes}\\${special}b f=1`
        )
        assert.strictEqual(
          encode(having("tag key", `a${backslashes}${special}b`)),
          `m,a${backslashes}\\${special}b=v f=1`
        )
      }
    }
  })
})

describe("refusals", () => {
  it("no control character gets into a name, wherever it stands", () => {
    for (let code = 0; code <= 0x7f; code++) {
      if (code === 32) code = 0x7f
      const character = String.fromCharCode(code)
      for (const place of names) {
        for (const text of [character, `${character}a`, `a${character}`, `a${character}b`]) {
          assertRefused(place, text, "control character")
        }
      }
    }
  })

  it("a name never ends in a backslash, of one or of five", () => {
    for (const place of names) {
      for (let run = 1; run <= 5; run++) {
        assertRefused(place, "\\".repeat(run), "trailing backslash")
        assertRefused(place, `a${"\\".repeat(run)}`, "trailing backslash")
        assertRefused(place, `é${"\\".repeat(run)}`, "trailing backslash")
      }
    }
  })

  it("no backslash stands before a quote, comma, equals sign or space in measurements and field keys", () => {
    for (const place of ["measurement", "field key"] as const) {
      for (const special of ["\"", ",", "=", " "]) {
        for (let run = 1; run <= 5; run++) {
          assertRefused(place, `a${"\\".repeat(run)}${special}b`, "backslash before a special character")
          assertRefused(place, `${"\\".repeat(run)}${special}`, "backslash before a special character")
        }
      }
    }
  })

  it("the line that kills InfluxDB 1.6 is never written", () => {
    for (let run = 1; run <= 5; run++) {
      assertRefused("field key", "\\".repeat(run), "trailing backslash")
      const point = { measurement: "m", fields: { [`a${"\\".repeat(run)}`]: "=" } }
      assert.strictEqual(refusal(point).reason, "trailing backslash")
    }
  })

  it("a measurement that begins with # is refused, others with a # in them are not", () => {
    assertRefused("measurement", "#", "comment")
    assertRefused("measurement", "#m", "comment")
    assert.strictEqual(encode(having("measurement", "m#")), "m#,t=v f=1")
    for (const place of ["tag key", "tag value", "field key"] as const) {
      assert.include(encode(having(place, "#a")), "#a")
    }
  })

  it("names are not empty; an empty tag value is no tag", () => {
    for (const place of ["measurement", "tag key", "field key"] as const) assertRefused(place, "", "empty")
    assert.strictEqual(encode(having("tag value", "")), "m f=1")
  })

  it("a lone surrogate is refused in every place, since distinct texts would become one", () => {
    for (const place of places) {
      for (
        const text of [
          "\ud800",
          "\udc00",
          "a\udbff",
          "\ud800a",
          "\udc00\ud800",
          "😀\ud83d",
          "\ud83d\ud83d\ude00",
          "x".repeat(100) + "\ud800"
        ]
      ) {
        assertRefused(place, text, "lone surrogate")
      }
    }
  })

  it("no tag and no field is named time; measurements and tag values may be", () => {
    assertRefused("tag key", "time", "reserved")
    assertRefused("field key", "time", "reserved")
    assert.strictEqual(
      encode({ measurement: "time", tags: { Time: "time" }, fields: { " time": 1 } }),
      "time,Time=time \\ time=1"
    )
  })

  it("an injected line is refused in a name and harmless in a string", () => {
    const injected = "x,evil=1 v=1\nother v=2"
    for (const place of names) assertRefused(place, injected, "control character")
    assert.strictEqual(encode(having("field value", injected)), `m,t=v f="${injected}"`)
  })

  it("values of other types are refused with the part that has them", () => {
    const cyclic: Record<string, unknown> = {}
    cyclic.self = cyclic
    const values = [Symbol("s"), () => 1, {}, [], cyclic, new Date(0), Object.create(null), new Number(1), new Map()]
    for (const value of values) {
      const field = refusal({ measurement: "m", fields: { ok: 1, f: value } })
      assert.deepStrictEqual([field.part, field.reason, field.key], ["field value", "type", "\"f\""])
      const tag = refusal({ measurement: "m", tags: { t: value }, fields: { f: 1 } })
      assert.deepStrictEqual([tag.part, tag.reason, tag.key], ["tag value", "type", "\"t\""])
      const timestamp = refusal({ measurement: "m", fields: { f: 1 }, timestamp: value instanceof Date ? 1 : value })
      assert.deepStrictEqual([timestamp.part, timestamp.reason], ["timestamp", "type"])
      const measurement = refusal({ measurement: value, fields: { f: 1 } })
      assert.deepStrictEqual([measurement.part, measurement.reason], ["measurement", "missing"])
    }
  })

  it("what is no point is refused, never thrown", () => {
    for (const value of [undefined, null, 1, "m f=1", true, Symbol("s"), 1n]) {
      const error = refusal(value)
      assert.include([["point", "missing"], ["measurement", "missing"]].map(String), String([error.part, error.reason]))
    }
    for (const value of [{}, [], { measurement: "m" }, { measurement: "m", fields: null }, { fields: { f: 1 } }]) {
      assert.strictEqual(refusal(value).reason, "missing")
    }
  })

  it("a point without a field to write is refused", () => {
    const reasons: ReadonlyArray<[unknown, PointPart]> = [
      [{}, "fields"],
      [{ a: undefined, b: null }, "fields"],
      [{ a: Number.NaN, b: Number.POSITIVE_INFINITY, c: Number.NEGATIVE_INFINITY }, "fields"]
    ]
    for (const [fields, part] of reasons) {
      const error = refusal({ measurement: "m", fields })
      assert.deepStrictEqual([error.part, error.reason], [part, "missing"])
    }
  })

  it("a point that throws when it is read is refused as unreadable", () => {
    const thrower = {
      enumerable: true,
      get: () => {
        throw new Error("no")
      }
    }
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    const trapped = new Proxy({}, {
      ownKeys: () => {
        throw new Error("no")
      }
    })
    const points: ReadonlyArray<unknown> = [
      Object.defineProperty({ measurement: "m" }, "fields", thrower),
      Object.defineProperty({ fields: { f: 1 } }, "measurement", thrower),
      Object.defineProperty({ measurement: "m", fields: { f: 1 } }, "timestamp", thrower),
      { measurement: "m", fields: Object.defineProperty({ a: 1 }, "f", thrower) },
      { measurement: "m", fields: { f: 1 }, tags: Object.defineProperty({ a: "b" }, "t", thrower) },
      { measurement: "m", fields: trapped },
      { measurement: "m", fields: { f: 1 }, tags: trapped },
      { measurement: "m", fields: { f: revoked.proxy } },
      { measurement: "m", fields: revoked.proxy },
      revoked.proxy
    ]
    for (const point of points) {
      const error = refusal(point)
      assert.deepStrictEqual([error.part, error.reason, error.value], ["point", "unreadable", undefined])
    }
  })

  it("toString of a value is never called", () => {
    const value = { toString: () => assert.fail("called"), valueOf: () => assert.fail("called") }
    assert.strictEqual(refusal({ measurement: "m", fields: { f: value } }).reason, "type")
    assert.strictEqual(refusal({ measurement: "m", tags: { t: value }, fields: { f: 1 } }).reason, "type")
  })
})

describe("keys", () => {
  const polluted = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "0", "-1", "length"]

  it("names that objects have by nature are names like any other", () => {
    for (const name of polluted) {
      for (const place of places) assert.include(encode(having(place, name)), name, place)
      const own = JSON.parse(`{"${name}":1}`) as Record<string, number>
      assert.strictEqual(encode({ measurement: "m", tags: own, fields: own }), `m,${name}=1 ${name}=1`)
    }
  })

  it("what an object inherits is none of its tags and fields", () => {
    const inherited = Object.assign(Object.create({ inherited: 1 }), { own: 2 }) as Record<string, number>
    assert.strictEqual(encode({ measurement: "m", tags: inherited, fields: inherited }), "m,own=2 own=2")
    Object.defineProperty(Object.prototype, "polluted", {
      value: 1,
      enumerable: true,
      configurable: true,
      writable: true
    })
    try {
      assert.strictEqual(encode({ measurement: "m", tags: { a: "b" }, fields: { f: 1 } }), "m,a=b f=1")
      assert.strictEqual(refusal({ measurement: "m", fields: {} }).reason, "missing")
    } finally {
      delete (Object.prototype as Record<string, unknown>).polluted
    }
  })

  it("objects without a prototype, frozen objects, instances and proxies are records too", () => {
    class Tags {
      a = "b"
      method() {}
    }
    const bare = Object.assign(Object.create(null), { a: "b" }) as Record<string, string>
    for (const tags of [bare, Object.freeze({ a: "b" }), new Tags(), new Proxy({ a: "b" }, {})]) {
      assert.strictEqual(encode({ measurement: "m", tags, fields: { f: 1 } }), "m,a=b f=1")
    }
  })

  it("symbols and hidden properties are no keys", () => {
    const tags = Object.defineProperty({ a: "b", [Symbol("s")]: "c" }, "hidden", { value: "d", enumerable: false })
    assert.strictEqual(encode({ measurement: "m", tags, fields: { f: 1 } }), "m,a=b f=1")
  })

  it("tags are written in the order of their UTF-8 bytes, fields in the order given", () => {
    const keys = ["z", "a", "é", "😀", "\ue000", "b", "ab", "B", "1", "\u{10000}", "\ufffd"]
    const expected = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    const line = encode({
      measurement: "m",
      tags: Object.fromEntries(keys.map((key) => [key, "v"])),
      fields: { z: 1, a: 2, m: 3 }
    })
    assert.strictEqual(line, `m${expected.map((key) => `,${key}=v`).join("")} z=1,a=2,m=3`)
  })

  it("a getter is read once, and its value is what is written", () => {
    let reads = 0
    const fields = Object.defineProperty({ a: 1 }, "f", { enumerable: true, get: () => ++reads })
    const writer = LineProtocol.makeWriter(1024, { maxLineBytes: 512 })
    for (let i = 1; i <= 3; i++) {
      writer.write({ measurement: "m", fields: fields as Point.Input["fields"] })
      assert.strictEqual(reads, i)
    }
    assert.strictEqual(
      new TextDecoder().decode(writer.bytes.subarray(0, writer.position)),
      "m a=1,f=1\nm a=1,f=2\nm a=1,f=3\n"
    )
  })
})

describe("a point that encodes others while it is read", () => {
  it("becomes the line that it becomes alone", () => {
    const inner = { measurement: "inner", tags: { a: "b" }, fields: { f: 1 } }
    const outer = {
      measurement: "outer",
      tags: {
        get t() {
          return encode(inner)
        }
      },
      fields: {
        get a() {
          return encode(inner).length
        },
        get b() {
          return refusal(undefined).reason
        }
      }
    }
    for (let i = 0; i < 3; i++) {
      assert.strictEqual(encode(outer), "outer,t=inner\\,a\\=b\\ f\\=1 a=13,b=\"missing\"")
      assert.strictEqual(encode(inner), "inner,a=b f=1")
    }
  })
})

describe("tag values", () => {
  const tag = (value: unknown) => encode({ measurement: "m", tags: { t: value }, fields: { f: 1 } })

  it("numbers, bigints and booleans are written as JavaScript prints them", () => {
    const values = [0, -0, 1, 200, 1000, 1e15, 1e21, -7, 0.5, 5e-324, Number.NaN, Number.POSITIVE_INFINITY]
    for (const value of [...values, 2 ** 53, 123_456_789_012, 1n, -(2n ** 80n), true, false]) {
      assert.strictEqual(tag(value), `m,t=${String(value)} f=1`)
    }
  })

  it("empty, null and undefined tags are left out", () => {
    assert.strictEqual(
      encode({ measurement: "m", tags: { a: "", b: null, c: undefined, d: "x" }, fields: { f: 1 } }),
      "m,d=x f=1"
    )
    // also where their key could not be written
    assert.strictEqual(encode({ measurement: "m", tags: { "bad\\": null }, fields: { "bad\\": null, f: 1 } }), "m f=1")
  })
})

describe("floats", () => {
  const written = (value: number): string => encode({ measurement: "m", fields: { f: value } }).slice("m f=".length)

  const assertExact = (value: number) => {
    const text = written(value)
    assert.isTrue(Object.is(Number(text), value), `${text} is not ${value}`)
    assert.strictEqual(text, Object.is(value, -0) ? "-0" : String(value))
    assert.match(text, /^-?\d+(\.\d+)?(e[+-]\d+)?$/)
  }

  it("the extremes are exact", () => {
    const extremes = [0, 5e-324, Number.MAX_VALUE, 2.2250738585072014e-308, 1e21, 1e-7, 1e-6, 123_456_789.123_456_79]
    const edges = [999.999, 1000, 999_999, 1e6, 1e9, 1e15, 2 ** 31, 2 ** 32, 2 ** 53, 1_999_999.999, 2_000_000.5]
    const ugly = [0.1, 0.1 + 0.2, 1 / 3, 4.35, 1.005, 0.0005, 0.001, 12.5, 99.995, 1e9 - 0.000_001, 999_999.999_999]
    for (const value of [...extremes, ...edges, ...ugly]) {
      for (const signed of [value, -value]) assertExact(signed)
    }
  })

  it("all short decimals and small integers are exact", () => {
    for (let n = -5000; n <= 5000; n++) {
      assertExact(n)
      assertExact(n / 10)
      assertExact(n / 1000)
      assertExact(n / 1_000_000)
    }
  })

  it("the neighbours of short decimals are not taken for them", () => {
    const view = new DataView(new ArrayBuffer(8))
    for (let n = 1; n < 10_000; n++) {
      view.setFloat64(0, n / 1000)
      const bits = view.getBigUint64(0)
      for (const other of [bits - 1n, bits + 1n]) {
        view.setBigUint64(0, other)
        assertExact(view.getFloat64(0))
      }
    }
  })

  it.prop("a double of any bit pattern reads back as itself", [double], ([value]) => {
    if (Number.isFinite(value)) assertExact(value)
  }, { arbitrary: { runs: 6000 } })

  it.prop("n / 10^k reads back as itself", [decimal], ([value]) => assertExact(value), {
    arbitrary: { runs: 6000 }
  })
})

describe("integers", () => {
  const edges = [0n, 1n, 999n, 1000n, 10n ** 9n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 10n ** 18n, 2n ** 63n - 1n]

  it("a bigint of 64 bits is written exactly, with an i", () => {
    for (const edge of edges) {
      for (const value of [edge, -edge, edge - 1n, -edge - 1n]) {
        assert.strictEqual(encode({ measurement: "m", fields: { f: value } }), `m f=${value}i`)
      }
    }
  })

  it("an integer beyond 64 bits is refused", () => {
    for (const value of [2n ** 63n, -(2n ** 63n) - 1n, 2n ** 64n, 2n ** 200n, -(2n ** 200n)]) {
      const error = refusal({ measurement: "m", fields: { f: value } })
      assert.deepStrictEqual([error.part, error.reason, error.key], ["field value", "out of range", "\"f\""])
    }
  })

  it("an unsigned integer is written exactly where the server takes it, and refused elsewhere", () => {
    const fields = (value: unknown) => ({ measurement: "m", fields: { f: Point.uint(value as bigint) } })
    for (const edge of [...edges, 2n ** 64n - 1n]) {
      assert.strictEqual(encode(fields(edge), { dialect: "influx-2" }), `m f=${edge}u`)
      assert.strictEqual(refusal(fields(edge)).reason, "unsigned")
    }
    for (const value of [-1n, 2n ** 64n, 1, "1", undefined]) {
      assert.strictEqual(refusal(fields(value), { dialect: "influx-2" }).reason, "out of range")
    }
  })

  it.prop("an integer of any size is written exactly or refused", [integer], ([value]) => {
    const fits = BigInt.asIntN(64, value) === value
    const result = LineProtocol.encode({ measurement: "m", fields: { f: value } })
    assert.strictEqual(Result.isSuccess(result), fits)
    if (Result.isSuccess(result)) assert.strictEqual(result.success, `m f=${value}i`)
  }, { arbitrary: { runs: 5000 } })
})

describe("timestamps", () => {
  const at = (timestamp: unknown, precision: Precision.Precision = "ns"): string =>
    encode({ measurement: "m", fields: { f: 1 }, timestamp }, { precision }).slice("m f=1 ".length)
  const refused = (timestamp: unknown, precision: Precision.Precision = "ns"): EncodeErrorReason => {
    const { part, reason } = refusal({ measurement: "m", fields: { f: 1 }, timestamp }, { precision })
    assert.strictEqual(part, "timestamp")
    return reason
  }

  it("a bigint is nanoseconds, whatever the precision, rounded down", () => {
    const nanos = 1_767_225_600_123_456_789n
    assert.deepStrictEqual(
      Precision.all.map((precision) => at(nanos, precision)),
      ["1767225600123456789", "1767225600123456", "1767225600123", "1767225600", "29453760", "490896"]
    )
    assert.deepStrictEqual(Precision.all.map((precision) => at(-1n, precision)), Precision.all.map(() => "-1"))
    assert.deepStrictEqual(Precision.all.map((precision) => at(0n, precision)), Precision.all.map(() => "0"))
  })

  it("a Date and a DateTime are the instants that they are, also before 1970", () => {
    const expected: ReadonlyArray<[number, ReadonlyArray<string>]> = [
      [1_767_225_600_123, [
        "1767225600123000000",
        "1767225600123000",
        "1767225600123",
        "1767225600",
        "29453760",
        "490896"
      ]],
      [0, ["0", "0", "0", "0", "0", "0"]],
      [-1, ["-1000000", "-1000", "-1", "-1", "-1", "-1"]],
      [-86_400_001, ["-86400001000000", "-86400001000", "-86400001", "-86401", "-1441", "-25"]],
      [999_999_999_999, ["999999999999000000", "999999999999000", "999999999999", "999999999", "16666666", "277777"]]
    ]
    for (const [millis, texts] of expected) {
      for (const timestamp of [new Date(millis), DateTime.makeUnsafe(millis)]) {
        assert.deepStrictEqual(Precision.all.map((precision) => at(timestamp, precision)), texts)
      }
    }
    assert.strictEqual(at(DateTime.makeZonedUnsafe(0, { timeZone: "Europe/Berlin" })), "0")
  })

  it("null and undefined are no timestamp", () => {
    for (const timestamp of [null, undefined]) {
      assert.strictEqual(encode({ measurement: "m", fields: { f: 1 }, timestamp }), "m f=1")
    }
  })

  it("the range ends at ±9223372036854775806 ns", () => {
    assert.strictEqual(at(9_223_372_036_854_775_806n), "9223372036854775806")
    assert.strictEqual(at(-9_223_372_036_854_775_806n), "-9223372036854775806")
    for (const beyond of [9_223_372_036_854_775_807n, -9_223_372_036_854_775_807n, 2n ** 64n, -(2n ** 70n)]) {
      for (const precision of Precision.all) assert.strictEqual(refused(beyond, precision), "out of range")
    }
  })

  it("a unit that begins before the range is refused, of a bigint and of a Date", () => {
    const first = -9_223_372_036_854_775_806n
    for (const precision of Precision.all) {
      const unit = Precision.nanosPer(precision)
      const units = -(-first / unit)
      assert.strictEqual(at(units * unit, precision), String(units))
      if (precision !== "ns") assert.strictEqual(refused(first, precision), "out of range")
    }
    const firstMillis = new Date(-9_223_372_036_854)
    assert.strictEqual(at(firstMillis, "ms"), "-9223372036854")
    for (const precision of ["s", "m", "h"] as const) {
      assert.strictEqual(refused(firstMillis, precision), "out of range")
    }
  })

  it("an invalid Date, and one outside the range, is refused", () => {
    for (const precision of Precision.all) {
      assert.strictEqual(refused(new Date(Number.NaN), precision), "out of range")
      assert.strictEqual(refused(new Date(8.64e15), precision), "out of range")
      assert.strictEqual(refused(new Date(-8.64e15), precision), "out of range")
    }
    assert.strictEqual(at(new Date(9_223_372_036_854)), "9223372036854000000")
    assert.strictEqual(refused(new Date(9_223_372_036_855)), "out of range")
  })

  it.prop("a timestamp is the reference's in every precision", [point], ([point]) => {
    for (const precision of Precision.all) {
      const timed = { measurement: "m", fields: { f: 1 }, timestamp: point.timestamp }
      const expected = reference(timed, { precision })
      const result = LineProtocol.encode(timed, { precision })
      if ("line" in expected) assert.strictEqual(Result.getOrThrow(result), expected.line)
      else assert.isTrue(Result.isFailure(result))
    }
  }, { arbitrary: { runs: 3000 } })
})

describe("size", () => {
  it("64 KB and 1 MB of text come through, the worst case of escapes and of UTF-8 too", () => {
    for (const length of [65_536, 1_000_000]) {
      for (const unit of ["a", "\"", "\\", "é", "漢", "😀", "\n", "a\"b\\c é"]) {
        const text = unit.repeat(length / unit.length)
        const expected = `m,t=v f="${text.replace(/["\\]/g, "\\$&")}"`
        assert.isTrue(encode(having("field value", text), { maxLineBytes: 8_000_000 }) === expected, unit)
      }
    }
  })

  it("a line of exactly maxLineBytes is written, one byte more is oversize", () => {
    for (const unit of ["a", "é", "漢", "😀", "\"", "\\", ","]) {
      for (let length = 0; length < 120; length++) {
        const point = having("field value", unit.repeat(length))
        const line = encode(point)
        const bytes = Buffer.byteLength(line)
        assert.strictEqual(encode(point, { maxLineBytes: bytes }), line)
        const error = refusal(point, { maxLineBytes: bytes - 1 })
        assert.deepStrictEqual([error.part, error.reason], ["point", "oversize"])
      }
    }
  })

  it("maxLineBytes may be more than there is memory", () => {
    for (const length of [10, 2000, 20_000, 300_000, 5_000_000]) {
      const point = having("field value", "x".repeat(length))
      assert.strictEqual(encode(point, { maxLineBytes: 2 ** 45 }).length, length + "m,t=v f=\"\"".length)
    }
  })

  it("every part of a line can be the one that is too much", () => {
    const point = {
      measurement: "measurement",
      tags: { first: "tag", number: 12, other: "x".repeat(70), truth: true },
      fields: { a: 1.5, b: "string", c: false, d: 12n, e: 1e300 },
      timestamp: 1_767_225_600_000_000_000n
    }
    const line = encode(point, { tags: { zone: "default" } })
    const writer = LineProtocol.makeWriter(1024, { tags: { zone: "default" } })
    for (let maxLineBytes = 0; maxLineBytes < line.length; maxLineBytes++) {
      const options = { tags: { zone: "default" }, maxLineBytes }
      assert.strictEqual(refusal(point, options).reason, "oversize", String(maxLineBytes))
      const tight = LineProtocol.makeWriter(maxLineBytes + 1, { tags: { zone: "default" } })
      for (let again = 0; again < 3; again++) {
        assert.isFalse(tight.write(point))
        assert.strictEqual(tight.problem!.reason, "oversize")
      }
    }
    assert.isTrue(writer.write(point))
  })

  it("measurement, tags and a field key have at most 65 535 bytes with 4 between, escapes included", () => {
    const room = 65_535 - "m,t=".length - 4
    const tagged = (length: number, key = "f", unit = "a"): Point.Input => ({
      measurement: "m",
      tags: { t: unit.repeat(length) },
      fields: { g: 2, [key]: 1 }
    })
    const refused = (point: Point.Input) => {
      const { part, reason } = refusal(point)
      assert.strictEqual(reason, "series key too long")
      return part
    }
    assert.strictEqual(encode(tagged(room - 1)).length, 65_535 - 1 - 4 + " g=2,f=1".length)
    assert.strictEqual(refused(tagged(room)), "field key")
    assert.strictEqual(encode(tagged(room - 6, "a,b=")).length, 65_535 - 6 - 4 + " g=2,a\\,b\\==1".length)
    assert.strictEqual(refused(tagged(room - 5, "a,b=")), "field key")
    assert.strictEqual(refused(tagged(room + 5)), "measurement")
    assert.strictEqual(refused(tagged(room / 2 + 3, "f", ",")), "measurement")
    assert.strictEqual(refused(tagged(room / 3 + 2, "f", "漢")), "measurement")
    assert.strictEqual(refused(having("measurement", "a".repeat(65_536))), "measurement")
    assert.strictEqual(refused(having("field key", "a".repeat(65_536))), "field key")
    // Of keys whose fields are left out nothing is written.
    const absent = { ...tagged(room - 1), fields: { f: 1, "long": null, longer: undefined, longest: Number.NaN } }
    assert.isString(encode(absent))
    const long = "k".repeat(100)
    assert.isString(encode({ ...tagged(room - 1), fields: { f: 1, [long]: null, [`${long}2`]: Number.NaN } }))
    assert.isString(encode(tagged(room - 100, long)))
    assert.strictEqual(refused(tagged(room - 99, long)), "field key")
    assert.isString(encode(tagged(room - 65_000, "k".repeat(65_000))))
    assert.strictEqual(refused(tagged(room - 64_999, "k".repeat(65_000))), "field key")
    // A field is read once.
    let reads = 0
    const fields = Object.defineProperty({}, "fffff", { enumerable: true, get: () => (reads++ === 0 ? undefined : 1) })
    const moody = refusal({ ...tagged(room - 1), fields })
    assert.deepStrictEqual([moody.part, moody.reason, reads], ["fields", "missing", 1])
  })

  it("measurement and tags may be longer where the server does not mind", () => {
    for (const dialect of ["influx-3", "telegraf", "victoria-metrics"] as const) {
      const point = having("tag value", "a".repeat(100_000))
      assert.strictEqual(encode(point, { dialect }).length, 100_000 + "m,t= f=1".length)
    }
    assert.strictEqual(
      refusal(having("tag value", "a".repeat(100_000)), { dialect: "influx-2" }).reason,
      "series key too long"
    )
  })
})

describe("default tags", () => {
  it("stand in their place among the tags of the point, which override them", () => {
    const options = { tags: { host: "h", b: "default", z: 1, empty: "", none: null, "é": true } }
    const encoded = (tags: Point.Input["tags"]) => encode({ measurement: "m", tags, fields: { f: 1 } }, options)
    assert.strictEqual(encoded(undefined), "m,b=default,host=h,z=1,é=true f=1")
    assert.strictEqual(encoded({}), "m,b=default,host=h,z=1,é=true f=1")
    assert.strictEqual(encoded({ zz: "x", a: "y" }), "m,a=y,b=default,host=h,z=1,zz=x,é=true f=1")
    assert.strictEqual(encoded({ host: "own", b: "own" }), "m,b=own,host=own,z=1,é=true f=1")
    assert.strictEqual(encoded({ host: null, b: "", z: undefined }), "m,b=default,host=h,z=1,é=true f=1")
  })

  it("are escaped", () => {
    const options = { tags: { "a b": "c,d=e f\\g" } }
    assert.strictEqual(
      encode({ measurement: "m", fields: { f: 1 } }, options),
      "m,a\\ b=c\\,d\\=e\\ f\\\\g f=1".replace("\\\\g", "\\g")
    )
  })

  it("that can't be written fail the writer, with their name and why", () => {
    const bad: ReadonlyArray<[Record<string, unknown>, RegExp]> = [
      [{ "a\nb": "c" }, /tag key "a\\nb" can't be written \(control character\)/],
      [{ a: "b\\" }, /tag value "b\\\\" can't be written \(trailing backslash\)/],
      [{ time: "b" }, /tag key "time" can't be written \(reserved\)/],
      [{ "": "b" }, /tag key "" can't be written \(empty\)/],
      [{ a: "\ud800" }, /lone surrogate/],
      [{ a: {} }, /tag value of "a" must be a string, number, bigint or boolean/],
      [{ a: Symbol("s") }, /tag value of "a" must be a string, number, bigint or boolean/]
    ]
    for (const [tags, message] of bad) {
      assert.throws(() => LineProtocol.makeWriter(100, { tags: tags as Record<string, string> }), TypeError)
      assert.throws(() => LineProtocol.makeWriter(100, { tags: tags as Record<string, string> }), message)
    }
  })
})

describe("against a second encoder", () => {
  const assertAlike = (point: Point.Input) => {
    const expected = reference(point, {})
    const result = LineProtocol.encode(point)
    if ("line" in expected) assert.strictEqual(Result.getOrThrow(result), expected.line)
    else {
      const { part, reason } = Result.getOrThrow(Result.flip(result))
      assert.deepInclude(expected.refusals, { part, reason })
    }
  }

  it.prop("any text in any place is written alike, or refused alike", [hostile], ([text]) => {
    for (const place of places) assertAlike(having(place, text))
  }, { arbitrary: { runs: 6000 } })

  it.prop("a name is refused exactly where nameProblem names a problem, and for that", [hostile], ([text]) => {
    for (const place of ["measurement", "tag key", "field key"] as const) {
      const result = LineProtocol.encode(having(place, text))
      assert.strictEqual(Result.isFailure(result) ? result.failure.reason : undefined, Point.nameProblem(text, place))
    }
  }, { arbitrary: { runs: 6000 } })
})
