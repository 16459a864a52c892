/** The buffer contract of the writer: lines, roll-back, and what it remembers. */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Result, Schema } from "effect"
import { type Point, Precision, Series } from "efflux"
import * as V8 from "node:v8"
import * as Vm from "node:vm"
import type { EncodeOptions } from "../../src/internal/encode/EncodeOptions.ts"
import { LineWriter } from "../../src/internal/encode/LineWriter.ts"
import { point } from "../support/arbitraries.ts"
import { badPoints } from "../support/badPoints.ts"
import { throwing } from "../support/hostile.ts"
import { textOf } from "../support/points.ts"
import { reference } from "../support/reference.ts"

const good: Point.Input = { measurement: "m", tags: { t: "v" }, fields: { f: 1 }, timestamp: 5n }
const goodLine = "m,t=v f=1 5\n"

describe("the buffer", () => {
  it("keeps its lines and its position when a point is refused, says why, and takes the next one", () => {
    const writer = new LineWriter(2000, { maxLineBytes: 500 })
    writer.write(good)
    for (const [point] of badPoints) {
      const before = { text: textOf(writer), position: writer.position, omitted: writer.omittedFields }
      assert.isFalse(writer.write(point as Point.Input))
      assert.isDefined(writer.problem)
      assert.deepStrictEqual({ text: textOf(writer), position: writer.position, omitted: writer.omittedFields }, before)
      writer.write(good)
    }
    assert.strictEqual(textOf(writer), goodLine.repeat(badPoints.length + 1))
  })

  it("may be read up to any line and go on from there", () => {
    const writer = new LineWriter(100)
    writer.write(good)
    const kept = writer.position
    writer.write({ ...good, measurement: "other" })
    writer.bytes.copyWithin(0, kept, writer.position)
    writer.position -= kept
    writer.write(good)
    assert.strictEqual(textOf(writer), `other,t=v f=1 5\n${goodLine}`)
    writer.position = 0
    writer.write(good)
    assert.strictEqual(textOf(writer), goodLine)
  })

  it.each([
    [good, goodLine],
    [{ measurement: "m", fields: { f: "\"\\x".repeat(90) } }, `m f="${"\\\"\\\\x".repeat(90)}"\n`],
    [{ measurement: "m", fields: { f: "漢\\".repeat(90) } }, `m f="${"漢\\\\".repeat(90)}"\n`]
  ])("is filled to its last byte, and never written beyond (%#)", (point, line) => {
    const memory = (writer: LineWriter) => new Uint8Array(writer.bytes.buffer)
    const bytes = Buffer.byteLength(line)
    for (let capacity = 0; capacity <= Math.max(48, 2.2 * bytes); capacity++) {
      const writer = new LineWriter(capacity)
      let lines = 0
      while (writer.write(point)) lines++
      assert.strictEqual(lines, Math.floor(capacity / bytes))
      assert.strictEqual(writer.problem!.reason, "oversize")
      assert.strictEqual(textOf(writer), line.repeat(lines))
      assert.strictEqual(writer.bytes.length, capacity)
      assert.isAtMost(memory(writer).length, capacity + 64)
    }
  })

  it("takes a line of maxLineBytes as documented", () => {
    for (let length = 0; length < 200; length++) {
      const point = { measurement: "m", fields: { f: "漢".repeat(length) } }
      const maxLineBytes = 6 + 3 * length
      const writer = new LineWriter(10 + maxLineBytes + 1, { maxLineBytes })
      writer.position = 10
      assert.isTrue(writer.write(point))
      assert.strictEqual(writer.position, 10 + maxLineBytes + 1)
    }
  })

  it("counts the NaN and infinite fields that it left out, of written lines only", () => {
    const writer = new LineWriter(1000)
    writer.write({ measurement: "m", fields: { a: Number.NaN, b: 1, c: Number.POSITIVE_INFINITY } })
    assert.strictEqual(writer.omittedFields, 2)
    writer.write({ measurement: "m", fields: { a: Number.NaN } })
    writer.write({ measurement: "m", fields: { a: Number.NaN, b: "\ud800" } })
    writer.write({ measurement: "m", fields: { a: Number.NaN, b: 1 }, timestamp: new Date(Number.NaN) })
    writer.write({ measurement: "m", fields: throwing("b", { a: Number.NaN }) })
    assert.strictEqual(writer.omittedFields, 2)
    writer.write({ measurement: "m", fields: { b: 1, a: Number.NEGATIVE_INFINITY } })
    assert.strictEqual(writer.omittedFields, 3)
    assert.strictEqual(textOf(writer), "m b=1\nm b=1\n")
  })
})

describe("a point whose getter writes with the same writer", () => {
  const inner = { measurement: "inner", fields: { g: 2 } }
  const series = Series.make("outer", { fields: { f: Schema.Number, x: Schema.optional(Schema.Number) } })
  const reading = (read: () => unknown): ReadonlyArray<Point.Input> => {
    const having = (name: string, rest: object): any =>
      Object.defineProperty(rest, name, { enumerable: true, get: read })
    const point = { measurement: "outer", tags: { a: "b", z: "c" }, fields: { f: 1 } }
    return [
      { ...point, tags: having("zz", { a: "b" }) },
      { ...point, tags: having("a", { z: "c" }) },
      { ...point, fields: having("g", { f: 1 }) },
      having("timestamp", point),
      series.point(having("x", { f: 1 }))
    ]
  }

  it("is refused, and the buffer keeps its lines", () => {
    const writer = new LineWriter(4096)
    const points = reading(() => writer.write(inner))
    for (const point of points) {
      assert.isTrue(writer.write(inner))
      assert.isFalse(writer.write(point))
      assert.include(writer.problem?.detail, "a writer can't write a point while it reads another one")
    }
    assert.strictEqual(textOf(writer), "inner g=2\n".repeat(points.length))
  })

  it("is written as it is alone if the getter catches that, or has a writer of its own", () => {
    const [writer, other] = [new LineWriter(4096), new LineWriter(4096)]
    const points = reading(() => {
      assert.throws(() => writer.write(inner), /while it reads another one/)
      assert.isTrue(other.write(inner))
      return undefined
    })
    for (const point of points) assert.isTrue(writer.write(point), writer.problem?.detail)
    assert.match(textOf(writer), /^(outer(,a=b)?(,z=c)? f=1\n){5}$/)
  })
})

describe("writeStamped", () => {
  const stamped = (millis: number, sub: number, precision: Precision.Precision): string => {
    const writer = new LineWriter(1000, { precision })
    return writer.writeStamped({ measurement: "m", fields: { f: 1 } }, millis, sub)
      ? textOf(writer).slice("m f=1 ".length, -1)
      : writer.problem!.reason
  }

  it("gives the time of the push with its smaller units, rounded down to the precision, also at the epoch and before", () => {
    const times = [0, 1, 999, 1000, -1, -999, -1000, -1001, 10 ** 9, 10 ** 12 - 1, 10 ** 12, 1_767_225_600_123]
    for (const millis of [...times, 9_223_372_035_999]) {
      for (const precision of Precision.all) {
        const unit = Precision.nanosPer(precision)
        for (const sub of unit < 1_000_000n ? [0, 1, 7, 500, 999] : [0]) {
          const nanos = BigInt(millis) * 1_000_000n + BigInt(sub) * unit
          assert.strictEqual(
            stamped(millis, sub, precision),
            String(Result.getOrThrow(Precision.fromNanos(nanos, precision)))
          )
        }
      }
    }
  })

  it("refuses a time that InfluxDB does not store", () => {
    assert.strictEqual(stamped(9_223_372_036_854, 775_806, "ns"), "9223372036854775806")
    assert.strictEqual(stamped(9_223_372_036_854, 775_807, "ns"), "out of range")
    for (const millis of [9_223_372_036_855, 8.64e15, Number.MAX_VALUE, Number.POSITIVE_INFINITY]) {
      assert.strictEqual(stamped(millis, 0, "ns"), "out of range")
      assert.strictEqual(stamped(-millis, 0, "ns"), "out of range")
    }
  })

  it("leaves a point's own timestamp alone", () => {
    const writer = new LineWriter(1000)
    writer.writeStamped(good, 1_767_225_600_000, 1)
    assert.strictEqual(textOf(writer), goodLine)
  })
})

describe("what the writer remembers changes nothing", () => {
  const check = (writer: LineWriter, options: EncodeOptions, point: Point.Input) => {
    const from = writer.position
    const omitted = writer.omittedFields
    const expected = reference(point, options)
    if ("line" in expected) {
      assert.isTrue(writer.write(point), expected.line)
      assert.strictEqual(textOf(writer, from), `${expected.line}\n`)
      assert.strictEqual(writer.omittedFields - omitted, expected.omitted)
    } else {
      assert.isFalse(writer.write(point))
      const { part, reason } = writer.problem!
      assert.deepInclude(expected.refusals, { part, reason })
      assert.strictEqual(writer.position, from)
    }
  }

  const options: ReadonlyArray<EncodeOptions> = [
    {},
    { tags: { b: "default tag", host: "h", "😀": 1 }, dialect: "influx-2" },
    { precision: "ms", tags: { cpu: true } }
  ]

  // These live through all runs, so that points of all kinds meet in them.
  const writers = options.map((option) => new LineWriter(1 << 16, option))

  it.prop("any sequence of points becomes the lines that each becomes alone", [
    Arbitrary.array(point, { minLength: 1, maxLength: 8 })
  ], ([points]) => {
    writers.forEach((writer, i) => {
      writer.position = 0
      for (const point of [...points, ...points]) check(writer, options[i], point)
    })
  }, { arbitrary: { runs: 1000 } })

  it("with more keys, values and measurements than it can remember", () => {
    const writer = new LineWriter(4096)
    for (let i = 0; i < 20_000; i++) {
      writer.position = 0
      const n = (i * 7919) % 30_011
      const point = { measurement: `m${n}`, tags: { id: `user-${n}`, [`k${n}`]: "v" }, fields: { [`f${n}`]: n } }
      assert.isTrue(writer.write(point))
      assert.strictEqual(textOf(writer), `m${n},id=user-${n},k${n}=v f${n}=${n}\n`)
    }
  })

  it("with texts of one length that differ in one character, wherever it is", () => {
    const writer = new LineWriter(4096)
    const name = "web-0000.eu-west-1"
    const values = Array.from(
      name,
      (_, at) => Array.from({ length: 10 }, (_, digit) => `${name.slice(0, at)}${digit}${name.slice(at + 1)}`)
    ).flat()
    for (let i = 0; i < 4000; i++) {
      writer.position = 0
      const value = values[(i * 7919) % values.length]
      // The measurement comes once, twice or three times.
      const measurement = values[((i - i % (1 + (i >> 3) % 3)) * 31) % values.length]
      writer.write({ measurement, tags: { host: value }, fields: { f: true } })
      assert.strictEqual(textOf(writer), `${measurement},host=${value} f=true\n`)
    }
  })

  it("with measurements that come again: with escapes, too long to keep, refused, or too long for the line", () => {
    const writer = new LineWriter(1 << 16, { maxLineBytes: 1000 })
    for (const measurement of ["a b,c", "größe\\x", "m ".repeat(200), "#", "a\\", "", "\ud800", "a b,c"]) {
      for (let times = 0; times < 4; times++) check(writer, {}, { measurement, fields: { f: 1 } })
    }
    for (const measurement of [" ".repeat(200), "x".repeat(2000)]) {
      for (let times = 0; times < 4; times++) {
        assert.isFalse(writer.write({ measurement, fields: { [measurement]: 1, [`${measurement}b`]: 1 } }))
        assert.strictEqual(writer.problem?.reason, "oversize")
      }
    }
  })

  it("whatever the way that V8 stores a text", () => {
    const writer = new LineWriter(4096)
    for (let i = 0; i < 4000; i++) {
      const text = `${["host", "größe", "東京", "🦜"][i % 4]}-${i % 50}.eu-west`
      const texts = [
        text,
        Buffer.from(text).toString(),
        `something before ${text}`.slice(17),
        Object.keys({ [text]: 1 })[0],
        `${text}, something behind`.slice(0, text.length)
      ]
      for (const value of texts) {
        writer.position = 0
        writer.write({ measurement: value, tags: { a: value }, fields: { [value]: 1, f: value } })
        assert.strictEqual(textOf(writer), `${text},a=${text} ${text}=1,f="${text}"\n`)
      }
    }
  })

  it("and takes no more memory for 100 000 series than for 50 000", () => {
    const collect = forceCollection()
    const writer = new LineWriter(4096)
    const run = (from: number) => {
      for (let i = from; i < from + 50_000; i++) {
        writer.position = 0
        const tags = { [`key${i}`]: "x".repeat(60) + i, id: `v${i}` }
        writer.write({ measurement: `m${i}`, tags, fields: { [`f${i}`]: 1 } })
      }
      collect()
      return process.memoryUsage().heapUsed
    }
    const before = run(0)
    // 50 000 remembered points would take some 100 MB.
    assert.isBelow(run(50_000) - before, 16 * 1024 * 1024)
  })
})

const forceCollection = (): () => void => {
  V8.setFlagsFromString("--expose-gc")
  return Vm.runInNewContext("gc") as () => void
}
