/** What is no point, and what is no option, is refused with a message that names it. */
import { assert, describe, it } from "@effect/vitest"
import { Stream } from "effect"
import { LineProtocol, Point, Precision } from "efflux"
import { told } from "../support/points.ts"

const fields = { f: 1 }

class Tags {
  readonly host = "a"
  get computed(): string {
    return "never"
  }
}

describe("tags and fields", () => {
  it("that are objects of the language are refused by their name, whatever they hold", () => {
    const objects: ReadonlyArray<readonly [unknown, string]> = [
      [new Date(), "a Date"],
      [/x/, "a RegExp"],
      [Promise.resolve(), "a Promise"],
      [Object("boxed"), "a String"],
      [Object(5), "a Number"],
      [new Uint8Array([1, 2]), "an Uint8Array"],
      [new ArrayBuffer(2), "an ArrayBuffer"],
      [new Map([["a", "b"]]), "a Map"],
      [new Set(["a"]), "a Set"],
      [["a"], "an Array"],
      [new Error("no"), "an Error"]
    ]
    for (const [object, name] of objects) {
      assert.strictEqual(
        told({ measurement: "m", tags: object, fields }),
        `tags: must be a plain object with a property for each, got ${name}`
      )
      assert.strictEqual(
        told({ measurement: "m", fields: object }),
        `fields: must be a plain object with a property for each, got ${name}`
      )
      assert.include(told({ measurement: "m", tags: object, fields }, { tags: { zone: "a" } }), `got ${name}`)
    }
  })

  it("that are no objects are refused", () => {
    for (const value of [5, "s", true, Symbol("s"), () => 1, []] as Array<any>) {
      assert.match(told({ measurement: "m", fields: value }), /^fields: must be a plain object .* got /)
      assert.match(told({ measurement: "m", tags: value, fields }), /^tags: must be a plain object .* got /)
    }
    for (const missing of [undefined, null] as Array<any>) {
      assert.match(told({ measurement: "m", fields: missing }), /^fields: a point needs at least one field/)
    }
  })

  it("that are plain, without a prototype, empty, or instances of a class are taken", () => {
    assert.strictEqual(told({ measurement: "m", tags: {}, fields }), "wrote m f=1")
    assert.strictEqual(told({ measurement: "m", tags: Object.create(null), fields }), "wrote m f=1")
    for (const tags of [new Tags(), Object.freeze({ host: "a" }), new Proxy({ host: "a" }, {})]) {
      assert.strictEqual(told({ measurement: "m", tags, fields }), "wrote m,host=a f=1")
    }
    assert.strictEqual(told({ measurement: "m", tags: { 0: "a", 10: "b" }, fields: { 1: 2 } }), "wrote m,0=a,10=b 1=2")
    assert.strictEqual(told({ measurement: "m", tags: new (class Empty {})(), fields }), "wrote m f=1")
  })
})

describe("an option that can't be", () => {
  it("is named, with what it can be and what was given", () => {
    const cases: ReadonlyArray<readonly [object, RegExp]> = [
      [{ precision: "n" }, /^precision must be one of "ns", "us", "ms", "s", "m", "h", got "n"$/],
      [{ precision: 1 }, /^precision must be .* got 1$/],
      [{ dialect: "q" }, /^dialect must be one of "influx-1", .* got "q"$/],
      [{ dialect: 1 }, /^dialect must be one of .* got 1$/],
      [{ dialect: null }, /^dialect must be one of .* got null$/],
      [{ dialect: "toString" }, /^dialect must be one of .* got "toString"$/],
      [{ maxLineBytes: "1" }, /^maxLineBytes must be a number of bytes, got "1"$/],
      [{ maxLineBytes: Number.NaN }, /^maxLineBytes must be a number of bytes, got NaN$/],
      [{ maxLineBytes: -1 }, /^maxLineBytes must be a number of bytes, got -1$/],
      [{ tags: new Map() }, /^tags must be a plain object with a property for each tag, got a Map$/],
      [{ tags: "a=b" }, /^tags must be a plain object .* got "a=b"$/],
      [
        { precison: "s" },
        /^unknown option "precison", did you mean "precision"\? \(the options are precision, dialect, /
      ],
      [{ maxLineByte: 8 }, /^unknown option "maxLineByte", did you mean "maxLineBytes"\? /],
      [{ defaultTags: {} }, /^unknown option "defaultTags", did you mean "tags"\? /],
      [{ "x\n": 1 }, /^unknown option "x\\n" \(the options are /]
    ]
    for (const [options, message] of cases) {
      assert.throws(() => LineProtocol.makeWriter(64, options as LineProtocol.EncodeOptions), message)
      assert.throws(() => told({ measurement: "m", fields }, options as LineProtocol.EncodeOptions), message)
    }
    assert.throws(() => LineProtocol.makeWriter(Number.NaN), /^capacity must be a whole number of bytes, got NaN$/)
  })

  it("is named by every function of the codec", () => {
    const bytes = new TextEncoder().encode("m f=1 1\n")
    const uses: Record<string, (options: any) => unknown> = {
      encode: (options) => LineProtocol.encode({ measurement: "m", fields }, options),
      encodeLines: (options) => LineProtocol.encodeLines({ measurement: "m", fields }, options),
      makeWriter: (options) => LineProtocol.makeWriter(64, options),
      decode: (options) => LineProtocol.decode("m f=1 1", options),
      decodeAll: (options) => LineProtocol.decodeAll("m f=1", options),
      decodeStream: (options) => LineProtocol.decodeStream(options)(Stream.make(bytes)),
      makeDecoder: (options) => LineProtocol.makeDecoder(options),
      makeLine: (options) => LineProtocol.makeLine(options)
    }
    for (const [name, use] of Object.entries(uses)) {
      for (const precision of ["n", "toString", "", null, 1]) {
        assert.throws(() => use({ precision }), /^precision must be one of "ns", .* got /, name)
      }
      for (const dialect of ["q", "constructor", "", null, 1]) {
        assert.throws(() => use({ dialect }), /^dialect must be one of "influx-1", .* got /, name)
      }
      for (const options of [null, 5, "ns"]) {
        assert.throws(() => use(options), /^options must be an object, got /, name)
      }
      assert.throws(() => use({ precison: "s" }), /^unknown option "precison", did you mean "precision"\?/, name)
      // Also if the options that are known are those of the last call.
      assert.throws(() => use({ defaultTags: {} }), /^unknown option "defaultTags"/, name)
      assert.doesNotThrow(() => use(undefined), name)
      assert.doesNotThrow(() => use({ precision: undefined, dialect: undefined }), name)
    }
    for (const name of ["decode", "decodeAll", "decodeStream"]) {
      for (const maxLineBytes of [Number.NaN, -1, "8"]) {
        assert.throws(() => uses[name]({ maxLineBytes }), /^maxLineBytes must be /, name)
      }
      assert.throws(() => uses[name]({ defaultTimestamp: 5 }), /^defaultTimestamp must be /, name)
    }
    for (const name of ["encode", "encodeLines", "makeWriter", "makeLine"]) {
      for (const maxLineBytes of [Number.NaN, -1, "8", 8n, Symbol("s"), {}]) {
        assert.throws(() => uses[name]({ maxLineBytes }), /^maxLineBytes must be a number of bytes, got /, name)
      }
      for (const maxLineBytes of [0, 8.5, 1e5 + 0.5, Infinity]) {
        assert.doesNotThrow(() => uses[name]({ maxLineBytes }), name)
      }
    }
    for (const maxErrors of ["1", Number.NaN, -1, null]) {
      assert.throws(() => uses.decodeAll({ maxErrors }), /^maxErrors must be a number of errors, got /)
    }
    assert.strictEqual(LineProtocol.decodeAll("a\nb", { maxErrors: 0 }).failed, 2)
  })

  it("is none of the decoder, so that both can be given the same object", () => {
    const options = { precision: "s", defaultTimestamp: 5n, maxErrors: 1 } as const
    assert.strictEqual(told({ measurement: "m", fields, timestamp: 5_000_000_000n }, options), "wrote m f=1 5")
    assert.strictEqual(LineProtocol.decodeAll("m f=1 5", { ...options, tags: { a: "b" } } as {}).points.length, 1)
  })

  it("is named by the functions of Precision", () => {
    for (const precision of ["n", "toString", undefined] as Array<any>) {
      for (
        const use of [
          () => Precision.nanosPer(precision),
          () => Precision.fromNanos(1n, precision),
          () => Precision.toNanos(1n, precision),
          () => Precision.nameFor(precision, "v1")
        ]
      ) assert.throws(use, /^precision must be one of "ns", .* got /)
    }
    for (const api of ["v4", "toString", undefined] as Array<any>) {
      assert.throws(() => Precision.nameFor("ns", api), /^api must be one of .*"v1".* got /)
    }
    for (const value of [1, "1", null, new Date(0)] as Array<any>) {
      assert.throws(() => Precision.fromNanos(value, "s"), /^nanos must be a bigint, got /)
      assert.throws(() => Precision.toNanos(value, "s"), /^units must be a bigint, got /)
    }
    assert.strictEqual(Precision.nameFor("m", "v2"), undefined)
  })

  it("is no option that is undefined", () => {
    const options = { precision: undefined, dialect: undefined, maxLineBytes: undefined, tags: undefined, x: undefined }
    assert.strictEqual(told({ measurement: "m", fields, timestamp: 5n }, options), "wrote m f=1 5")
  })
})

describe("messages", () => {
  it("of a line that is too long give its size, the limit and the option", () => {
    assert.strictEqual(
      told({ measurement: "m", fields: { s: "x".repeat(2000) } }, { maxLineBytes: 1432 }),
      "point: the line is longer than the payload limit of 1432 bytes (maxPayloadBytes of a database, else maxLineBytes)" +
        ", got at least 2004"
    )
  })

  it("of a point that threw give the error", () => {
    const throwing = (error: unknown) => ({
      measurement: "m",
      get fields() {
        throw error
      }
    })
    assert.strictEqual(told(throwing(new TypeError("no\n"))), "point: reading the point threw TypeError \"no\\n\"")
    assert.strictEqual(told(throwing("text")), "point: reading the point threw \"text\"")
    assert.strictEqual(told(throwing(null)), "point: reading the point threw null")
  })
})

describe("Point.uint of what is no bigint", () => {
  it("is refused when it is written, and shows nothing of its own in a text", () => {
    const evil = { valueOf: () => 5n, toString: () => "1u,admin=true", toJSON: () => "x" }
    for (const value of [evil, 5, "5", null]) {
      const uint = Point.uint(value as unknown as bigint)
      assert.match(
        told({ measurement: "m", fields: { u: uint } }, { dialect: "influx-2" }),
        /^field value of "u": must be/
      )
      assert.notInclude(`${uint}${JSON.stringify(uint)}`, "admin")
    }
    assert.strictEqual(`${Point.uint(5n)}`, "5u")
    assert.strictEqual(
      told({ measurement: "m", fields: { u: Point.uint(5n) } }, { dialect: "influx-2" }),
      "wrote m u=5u"
    )
  })
})
