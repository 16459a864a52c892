/** What `LineProtocol.encode` writes and what it refuses. See `LineWriter.test.ts` for the buffer behind it. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { LineProtocol, Point, Precision } from "efflux"
import type { EncodeErrorReason } from "../../src/internal/encode/EncodeError.ts"
import { hostile, point } from "../support/arbitraries.ts"
import { revoked, throwing, unreadable } from "../support/hostile.ts"
import { encode, textOf } from "../support/points.ts"
import { reference } from "../support/reference.ts"

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

  it("values of other types are refused with the part that has them", () => {
    const cyclic: Record<string, unknown> = {}
    cyclic.self = cyclic
    const closed = { toString: () => assert.fail("called"), valueOf: () => assert.fail("called") }
    const objects = [{}, [], cyclic, closed, new Date(0), Object.create(null), new Number(1), new Map()]
    for (const value of [Symbol("s"), () => 1, ...objects]) {
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

  it("a point that throws when it is read is refused as unreadable", () => {
    const points: ReadonlyArray<unknown> = [
      throwing("fields", { measurement: "m" }),
      throwing("measurement", { fields: { f: 1 } }),
      throwing("timestamp", { measurement: "m", fields: { f: 1 } }),
      { measurement: "m", fields: throwing("f", { a: 1 }) },
      { measurement: "m", fields: { f: 1 }, tags: throwing("t", { a: "b" }) },
      { measurement: "m", fields: unreadable },
      { measurement: "m", fields: { f: 1 }, tags: unreadable },
      { measurement: "m", fields: { f: revoked } },
      { measurement: "m", fields: revoked },
      revoked
    ]
    for (const point of points) {
      const error = refusal(point)
      assert.deepStrictEqual([error.part, error.reason, error.value], ["point", "unreadable", undefined])
    }
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

  it("symbols and hidden properties are no keys", () => {
    const tags = Object.defineProperty({ a: "b", [Symbol("s")]: "c" }, "hidden", { value: "d", enumerable: false })
    assert.strictEqual(encode({ measurement: "m", tags, fields: { f: 1 } }), "m,a=b f=1")
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
      textOf(writer),
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

describe("timestamps", () => {
  it("null and undefined are no timestamp", () => {
    for (const timestamp of [null, undefined]) {
      assert.strictEqual(encode({ measurement: "m", fields: { f: 1 }, timestamp }), "m f=1")
    }
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

describe("what encode keeps between calls", () => {
  it("changes no line, whatever sizes and options come in turn", () => {
    const all: ReadonlyArray<LineProtocol.EncodeOptions | undefined> = [
      undefined,
      {},
      { precision: "s" },
      { precision: "s", dialect: "influx-3" },
      { precision: undefined, dialect: "influx-2" },
      { maxLineBytes: 2000 },
      { maxLineBytes: 20_000, precision: "ms" },
      { tags: { zone: "a" } },
      { tags: { zone: "b" } },
      { tags: {} }
    ]
    const writers = all.map((options) => LineProtocol.makeWriter(2_000_000, options))
    for (const size of [1, 5000, 1, 990, 1100, 1, 300_000, 20_000, 1]) {
      const point = { measurement: "m\\", fields: { s: "x".repeat(size) }, timestamp: 1_700_000_000_123_456_789n }
      for (const measurement of ["m", point.measurement]) {
        all.forEach((options, i) => {
          const line = LineProtocol.encode({ ...point, measurement }, options)
          const start = writers[i].position = 0
          assert.strictEqual(writers[i].write({ ...point, measurement }), Result.isSuccess(line), `${size} ${i}`)
          if (Result.isSuccess(line)) assert.strictEqual(`${line.success}\n`, textOf(writers[i], start))
          else assert.strictEqual(line.failure.reason, writers[i].problem?.reason)
        })
      }
      for (const wrong of [{ precision: "x" }, { precision: "s", precison: 1 }, { tags: new Map() }] as Array<any>) {
        assert.throws(() => LineProtocol.encode({ measurement: "m", fields: { f: 1 } }, wrong), TypeError)
      }
    }
  })
})

describe("default tags", () => {
  it("are escaped, and stand in their place among the tags of the point, which override them", () => {
    const options = { tags: { host: "h", b: "c,d=e f\\g", z: 1, empty: "", none: null, "é": true } }
    const encoded = (tags: Point.Input["tags"]) => encode({ measurement: "m", tags, fields: { f: 1 } }, options)
    const escaped = "c\\,d\\=e\\ f\\g"
    assert.strictEqual(encoded(undefined), `m,b=${escaped},host=h,z=1,é=true f=1`)
    assert.strictEqual(encoded({}), `m,b=${escaped},host=h,z=1,é=true f=1`)
    assert.strictEqual(encoded({ zz: "x", a: "y" }), `m,a=y,b=${escaped},host=h,z=1,zz=x,é=true f=1`)
    assert.strictEqual(encoded({ host: "own", b: "own" }), "m,b=own,host=own,z=1,é=true f=1")
    assert.strictEqual(encoded({ host: null, b: "", z: undefined }), `m,b=${escaped},host=h,z=1,é=true f=1`)
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

describe("nameProblem", () => {
  it.prop("names the problem for which a name is refused, and no other", [hostile], ([text]) => {
    for (const place of ["measurement", "tag key", "field key"] as const) {
      const result = LineProtocol.encode(having(place, text))
      assert.strictEqual(Result.isFailure(result) ? result.failure.reason : undefined, Point.nameProblem(text, place))
    }
  }, { arbitrary: { runs: 3000 } })
})
