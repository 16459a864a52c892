/** Decoders remember names and series. It must not show: each line is read as if it were the first. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { LineProtocol } from "efflux"
import { plain } from "../support/rows.ts"

const encode = (text: string) => new TextEncoder().encode(text)

describe("a line that is read again and again", () => {
  it("gives each point tags and fields of its own", () => {
    for (let i = 0; i < 4; i++) {
      const point = Result.getOrThrow(LineProtocol.decode("own,a=b,c=d v=1,w=2"))
      assert.deepStrictEqual(point, { measurement: "own", tags: { a: "b", c: "d" }, fields: { v: 1, w: 2 } })
      const tags = point.tags as Record<string, string>
      tags.a = "changed"
      delete tags.c
      ;(point.fields as Record<string, number>).v = 7
    }
  })

  it("has a tag twice or not, however many keys were seen and forgotten since", () => {
    for (let i = 0; i < 5000; i++) {
      const keys = [0, 7, 21, 301].map((step) => `k${(i * step) % 1531}x${step}`)
      const tags = keys.map((key) => `,${key}=v`).join("")
      const repeated = LineProtocol.decode(`m${tags},${keys[i % 4]}=w v=1`)
      assert.strictEqual(Result.isFailure(repeated) && repeated.failure.reason, "duplicate tag")
      assert.isTrue(Result.isSuccess(LineProtocol.decode(`m${tags} ${keys[i % 4]}=1`)))
      const fields = LineProtocol.decode(`m ${keys[0]}=1,${keys[i % 4]}=2,${keys[0]}=3`, { dialect: "influx-3" })
      assert.strictEqual(Result.isFailure(fields) && fields.failure.reason, "duplicate field")
    }
  })

  it("has all its fields and no others, after lines with more and with fewer", () => {
    const widths = [1, 16, 17, 48, 49, 100, 256, 257, 300, 497, 600]
    for (const count of [...widths, ...widths.toReversed(), ...widths.flatMap((width) => [width, 2, 601 - width])]) {
      for (const first of ["field", "7", "__proto__", "a\\ b"]) {
        const names = [first, ...Array.from({ length: count - 1 }, (_, i) => `${i % 9 === 0 ? "" : "f"}${i * 3}`)]
        const line = `wide ${names.map((name, i) => `${name}=${i}`).join(",")}`
        const { fields } = Result.getOrThrow(LineProtocol.decode(line))
        assert.strictEqual(Object.getPrototypeOf(fields), Object.prototype)
        const expected = Object.fromEntries(names.map((name, i) => [name.replace("\\", ""), i]))
        assert.deepStrictEqual(Object.entries(fields), Object.entries(expected))
        const repeated = LineProtocol.decode(`${line},${names[count >> 1]}=1`, { dialect: "influx-3" })
        assert.strictEqual(Result.isFailure(repeated) && repeated.failure.reason, "duplicate field")
      }
    }
  })

  it("has a field twice in an escaped and another form", () => {
    for (let i = 0; i < 4; i++) {
      const result = LineProtocol.decode("m a\\\\b=1,a\\b=2,c=3 5", { dialect: "influx-3" })
      assert.strictEqual(Result.isFailure(result) && result.failure.reason, "duplicate field")
    }
  })

  it("is told from every line that is nearly the same", () => {
    const series = "near,host=web-01,region=eu-1"
    for (let i = 0; i < 4; i++) LineProtocol.decode(`${series} value=1 5`)
    for (let at = 0; at < series.length; at++) {
      for (const letter of ["x", "", "é", "0"]) {
        const name = series.slice(0, at) + letter + series.slice(at + 1)
        const known = LineProtocol.decode(`${name} value=1 5`)
        // the escaped letter makes it unknown
        const unknown = LineProtocol.decodeAll(`${name},zz=\\,\\  value=1 5`)
        const { zz: _, ...tags } = unknown.points[0]?.tags ?? {}
        assert.deepStrictEqual(
          Result.isSuccess(known) ? [known.success.measurement, known.success.tags] : known.failure.reason,
          unknown.points.length > 0 ? [unknown.points[0].measurement, tags] : unknown.errors[0].reason
        )
      }
    }
  })

  it("does not make a decoder know more than its line", () => {
    const line = encode("measurement,tag=value field=1 5")
    const buffer = new Uint8Array(64)
    for (let length = 1; length <= line.length; length++) {
      for (let i = 0; i < 3; i++) {
        buffer.fill(57)
        buffer.set(line.subarray(0, length))
        const inBuffer = LineProtocol.decode(buffer.subarray(0, length))
        const alone = LineProtocol.decode(line.slice(0, length))
        const asText = LineProtocol.decode(new TextDecoder().decode(line.subarray(0, length)))
        assert.deepStrictEqual(plain([inBuffer]), plain([alone]))
        assert.deepStrictEqual(plain([asText]), plain([alone]))
      }
    }
  })

  it("has options that the line before did not have", () => {
    const at = (options: LineProtocol.DecodeOptions) =>
      Result.getOrThrow(LineProtocol.decode("m v=1 5", options)).timestamp
    for (let i = 0; i < 2; i++) {
      assert.strictEqual(at({}), 5n)
      assert.strictEqual(at({ precision: "s" }), 5_000_000_000n)
      const options = { precision: "ms" as "ms" | "us" }
      assert.strictEqual(at(options), 5_000_000n)
      options.precision = "us"
      assert.strictEqual(at(options), 5000n)
      assert.isTrue(Result.isFailure(LineProtocol.decode("m v=1 5", { maxLineBytes: 6 })))
      assert.isTrue(Result.isFailure(LineProtocol.decode("m v=1u")))
      assert.isTrue(Result.isSuccess(LineProtocol.decode("m v=1u", { dialect: "influx-2" })))
      assert.strictEqual(Result.getOrThrow(LineProtocol.decode("m v=1", { defaultTimestamp: 7n })).timestamp, 7n)
      assert.strictEqual(Result.getOrThrow(LineProtocol.decode("m v=1")).timestamp, undefined)
    }
  })
})

describe("a number", () => {
  const valueOf = (text: string) =>
    Result.getOrThrow(LineProtocol.decode(`m v=${text}`, { dialect: "influx-2" })).fields.v

  it("of any length is exact, as an integer, an unsigned one and a timestamp", () => {
    for (let length = 1; length <= 19; length++) {
      for (
        const digits of [
          "1",
          "9",
          "12345678901234567890",
          "92233720368547758079",
          "90000000000000000000",
          "00000000000000000001"
        ]
      ) {
        const text = digits.repeat(20).slice(0, length)
        for (const sign of ["", "-"]) {
          const expected = BigInt(sign + text)
          if (BigInt(text) >= 2n ** 63n - 1n) continue
          assert.strictEqual(valueOf(`${sign}${text}i`), expected)
          const point = Result.getOrThrow(LineProtocol.decode(`m v=1 ${sign}${text}`))
          assert.strictEqual(point.timestamp, expected)
          assert.strictEqual(Result.getOrThrow(LineProtocol.decode(`m v=1 ${sign}${text} `)).timestamp, expected)
        }
        assert.strictEqual(String(valueOf(`${text}u`)), `${BigInt(text)}u`)
      }
    }
    assert.strictEqual(valueOf("-9223372036854775808i"), -(2n ** 63n))
    assert.strictEqual(valueOf("9223372036854775807i"), 2n ** 63n - 1n)
    assert.strictEqual(String(valueOf("18446744073709551615u")), "18446744073709551615u")
  })
})
