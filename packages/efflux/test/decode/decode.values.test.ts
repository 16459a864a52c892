/** What may stand where a value stands, and what else the decoder may be given. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { LineProtocol } from "efflux"

type Options = LineProtocol.DecodeOptions

const outcome = (text: string, options?: Options): string => {
  const result = LineProtocol.decode(text, options)
  return Result.isSuccess(result)
    ? JSON.stringify(result.success, (_, value) => typeof value === "bigint" ? `${value}n` : value)
    : result.failure.reason
}

const reasonOf = (text: string, options?: Options): string => {
  const result = LineProtocol.decode(text, options)
  return Result.isSuccess(result) ? "none" : result.failure.reason
}

describe("a timestamp", () => {
  it("beyond 64 bits is out of range, however its digits would wrap", () => {
    // The first is what -9223372036854771810 wraps from.
    const texts = "9223372036854779806 9223372036854775807 9223372036854775808 9300000000000000000 9999999999999999999"
      .concat(" 18446744073709551616 18446744073709551621 36893488147419103237 99999999999999999999999999").split(" ")
    for (const text of [...texts, "1".repeat(99)]) {
      for (const sign of ["", "-"]) assert.strictEqual(reasonOf(`m v=1 ${sign}${text}`), "out of range", sign + text)
    }
  })
})

describe("a control character", () => {
  const controls = [...Array.from({ length: 32 }, (_, i) => i), 127].filter((code) => code !== 10)
    .map((code) => String.fromCharCode(code))

  it("is part of no boolean, number or timestamp, before, in or behind it", () => {
    for (const control of controls) {
      for (const value of ["t", "T", "true", "f", "false", "FALSE", "1", "-1", "1i", "1.5e3"]) {
        for (const text of [control + value, control + control + value, value + control, value + control + value]) {
          assert.notStrictEqual(reasonOf(`m v=${text}`), "none", JSON.stringify(text))
          assert.notStrictEqual(reasonOf(`m v=${text},w=1 5`), "none", JSON.stringify(text))
        }
      }
      for (const text of [`1${control}`, `1${control}2`, `1 ${control}`]) {
        assert.notStrictEqual(reasonOf(`m v=1 ${text}`), "none", JSON.stringify(text))
      }
    }
    assert.strictEqual(reasonOf("m v=\0t"), "invalid value")
    assert.strictEqual(reasonOf("m v=\0false123"), "invalid value")
    assert.strictEqual(reasonOf("m v=false123"), "invalid value")
  })

  it("is a blank before a line, before the fields and before the timestamp if it is a tab or NUL", () => {
    for (const blank of ["\t", "\0", " \t\0 "]) {
      assert.strictEqual(
        outcome(`${blank}m ${blank}v=t ${blank}5`),
        "{\"measurement\":\"m\",\"tags\":{},\"fields\":{\"v\":true},\"timestamp\":\"5n\"}"
      )
    }
  })
})

describe("Telegraf", () => {
  const telegraf = { dialect: "telegraf" } as const

  it("refuses control characters in comments, and comments alone", () => {
    for (const text of ["# a\tb", "#\0", "  # \u007f", "# a\rb", "#\u0001\n"]) {
      const { errors, failed, points } = LineProtocol.decodeAll(`m v=1\n${text}\nm v=2\n`, telegraf)
      assert.deepStrictEqual([points.length, failed, errors[0].reason, errors[0].line], [2, 1, "control character", 2])
      assert.strictEqual(LineProtocol.decodeAll(`${text}\nm v=2`).failed, 0)
    }
    for (const text of ["# plain", "#", "  # é 😀 \"\\", "# CR LF\r"]) {
      assert.strictEqual(LineProtocol.decodeAll(`m v=1\n${text}\nm v=2\n`, telegraf).failed, 0, text)
    }
  })

  it("knows no blank but the space", () => {
    for (const text of ["\tm v=1", "\0m v=1", "m \tv=1", "m v=1 \t5", "m v=1\t5", " \tm v=1"]) {
      assert.notStrictEqual(reasonOf(text, telegraf), "none", JSON.stringify(text))
    }
    for (const text of [" m v=1", "m  v=1", "m v=1  5", "m v=1 5  "]) {
      assert.strictEqual(reasonOf(text, telegraf), "none")
    }
  })
})

describe("a field key that occurs twice", () => {
  it("is refused by InfluxDB 3, whatever the values", () => {
    const influx3 = { dialect: "influx-3" } as const
    const many = Array.from({ length: 20 }, (_, i) => `f${i}=1`).join(",")
    for (const fields of ["v=1,v=2", "v=1,w=2,v=1", "v=1,v=\"a\"", "a\\ b=1,a\\ b=2", `${many},f3=1`]) {
      assert.strictEqual(reasonOf(`m ${fields}`, influx3), "duplicate field", fields)
      assert.strictEqual(reasonOf(`m ${fields}`), "none", fields)
    }
    for (const fields of ["v=1,V=2", "v=1,v\\ =2", "v=1,vv=2", many]) {
      assert.strictEqual(reasonOf(`m ${fields}`, influx3), "none", fields)
    }
    assert.strictEqual(Result.getOrThrow(LineProtocol.decode("m v=1,v=2")).fields.v, 2)
  })
})

describe("what is decoded", () => {
  const line = "secret,tag=other value=1 5"
  const bytes = new TextEncoder().encode("m,a=b v=1 2")
  const expected = { measurement: "m", tags: { a: "b" }, fields: { v: 1 }, timestamp: 2n }

  it("may be bytes in any form", () => {
    const buffer = new ArrayBuffer(64)
    new Uint8Array(buffer).set(bytes, 8)
    const shared = new SharedArrayBuffer(bytes.length)
    new Uint8Array(shared).set(bytes)
    const even = new TextEncoder().encode("m,a=b v=1  2")
    const forms: ReadonlyArray<Parameters<typeof LineProtocol.decode>[0]> = [
      bytes,
      bytes.buffer,
      shared,
      new Uint8Array(shared),
      new DataView(buffer, 8, bytes.length),
      new Uint8Array(buffer, 8, bytes.length),
      Buffer.from(bytes),
      Buffer.from(buffer, 8, bytes.length).subarray(0, bytes.length),
      new Uint8ClampedArray(bytes),
      new Int8Array(bytes),
      new Uint16Array(even.buffer),
      new Float32Array(even.buffer)
    ]
    for (const form of forms) {
      Result.getOrThrow(LineProtocol.decode(line))
      assert.deepStrictEqual(Result.getOrThrow(LineProtocol.decode(form)), expected)
      assert.deepStrictEqual(LineProtocol.decodeAll(form).points, [expected])
    }
  })

  it("is never what was decoded before: a detached buffer is empty, other things are an error", () => {
    const detached = Uint8Array.from(bytes)
    structuredClone(detached, { transfer: [detached.buffer] })
    const emptied = new ArrayBuffer(8)
    structuredClone(emptied, { transfer: [emptied] })
    for (const given of [detached, new ArrayBuffer(0), new Uint8Array(0)]) {
      Result.getOrThrow(LineProtocol.decode(line))
      assert.isTrue(Result.isFailure(LineProtocol.decode(given)))
      assert.strictEqual(LineProtocol.decodeAll(given).points.length, 0)
    }
    for (
      const given of [emptied, 5, null, undefined, {}, { length: 26 }, [109], Symbol("x"), () => line, new String(line)]
    ) {
      Result.getOrThrow(LineProtocol.decode(line))
      assert.throws(() => LineProtocol.decode(given as never), TypeError)
      assert.throws(() => LineProtocol.decodeAll(given as never), TypeError)
    }
  })
})

describe("bytes of UTF-8", () => {
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
  const read = (bytes: Uint8Array): string => {
    try {
      return utf8.decode(bytes)
    } catch {
      return "invalid UTF-8"
    }
  }

  it("are read as a decoder reads them, whatever they are, in short strings and long ones", () => {
    // The first and last of each kind, and their neighbours.
    const kinds = [0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xee, 0xef, 0xf0]
      .concat([0xf1, 0xf3, 0xf4, 0xf5, 0xff])
    for (const around of ["", "x".repeat(40)]) {
      const parts: Array<number> = []
      for (let n = 0; n < kinds.length ** 4; n += around === "" ? 13 : 211) {
        const bytes = [n, n / 22, n / 484, n / 10648].map((i) => kinds[Math.floor(i) % kinds.length])
        const line = new TextEncoder().encode(`m v="${around}1234${around}"`)
        line.set(bytes, 5 + around.length)
        const expected = read(line.subarray(5, -1))
        const result = LineProtocol.decode(line)
        const found = Result.isSuccess(result) ? result.success.fields.v : result.failure.reason
        if (found !== expected) parts.push(...bytes)
      }
      assert.deepStrictEqual(parts, [])
    }
  })

  it("make every character, alone and at each length of a short string", () => {
    for (let code = 0x80; code < 0x110000; code += code < 0x2000 ? 1 : 251) {
      if (code >= 0xd800 && code < 0xe000) continue
      const text = `${String.fromCodePoint(code)}${"ü".repeat(code % 14)}`
      assert.strictEqual(Result.getOrThrow(LineProtocol.decode(`m v="${text}"`)).fields.v, text)
    }
  })
})

describe("floats", () => {
  it("are the nearest double, as Number reads them", () => {
    let state = 7
    const next = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below
    const view = new DataView(new ArrayBuffer(8))
    const texts: Array<string> = [
      "0",
      "-0",
      "0e5",
      "0.0000000000000000000000000000001",
      "9007199254740993",
      "1e22",
      "1e23"
    ]
    for (let i = 0; i < 20_000; i++) {
      view.setUint32(0, next(2 ** 30) * 4 + next(4))
      view.setUint32(4, next(2 ** 30) * 4 + next(4))
      const double = view.getFloat64(0)
      if (Number.isFinite(double)) texts.push(String(double), double.toExponential(next(18)))
      const digits = String(next(2_000_000_000)) + String(next(2_000_000_000)).padStart(10, "0")
      texts.push(`${digits.slice(0, next(4))}0.${digits.slice(next(10))}`, `${digits}e${next(130) - 65}`)
      texts.push(`${digits}${digits}e-${next(60)}`, `${digits.slice(0, 1 + next(9))}.${digits}${digits}`)
      // Halfway between two doubles, and a little beyond.
      const half = String((2n ** 54n + 2n * BigInt(next(2_000_000_000)) + 1n) << BigInt(next(40)))
      texts.push(half, `${half}.0000001`)
      // Between two doubles, exactly or nearly.
      const even = BigInt(next(2 ** 30)) * 2n ** 24n + 2n ** 53n
      texts.push(String(even + 1n), `${even + 1n}.0`, `${even + 3n}e-3`, `${even + 1n}e-22`, `${even * 10n + 9n}e-1`)
    }
    for (const text of texts) {
      const { fields } = Result.getOrThrow(LineProtocol.decode(`m v=${text.replace(/^(-?)\./, "$10.")}`))
      assert.isTrue(Object.is(fields.v, Number(text)), text)
    }
  })
})
