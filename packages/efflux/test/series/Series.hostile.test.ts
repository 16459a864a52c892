/** What a typed series does with values that a program should not give it. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Schema, SchemaGetter } from "effect"
import { type Point, Series } from "efflux"
import { throwing } from "../support/hostile.ts"
import { told, untyped } from "../support/points.ts"

const encodeWith = (encode: (value: string) => string) =>
  Schema.String.pipe(Schema.decode({ decode: SchemaGetter.passthrough(), encode: SchemaGetter.transform(encode) }))

const Throwing = encodeWith((value) => {
  if (value === "throw") throw new Error("no")
  return value
})

const Waiting = Schema.String.pipe(Schema.decode({
  decode: SchemaGetter.passthrough(),
  encode: SchemaGetter.transformEffect((value: string) => Effect.as(Effect.sleep(1), value))
}))

describe("a Schema that throws, dies, waits or needs a service", () => {
  class Needed extends Context.Service<Needed, string>()("test/Needed") {}
  const of = (effect: Effect.Effect<string, never, Needed>) =>
    Schema.String.pipe(Schema.decode({
      decode: SchemaGetter.passthrough<string>(),
      encode: SchemaGetter.transformEffect(() => effect as Effect.Effect<string>)
    }))
  const refused = (error: string): string =>
    `field value of "x": must be a value that the Schema of its series takes: it threw ${error}, got "throw"`

  it.each<readonly [string, Schema.Codec<string>, string]>([
    ["throws in a transformation", Throwing, "Error \"no\""],
    [
      "throws in a check",
      Schema.String.check(Schema.makeFilter((text) => {
        if (text === "throw") throw new RangeError("the text\nis bad")
        return true
      })),
      "RangeError \"the text\\nis bad\""
    ],
    ["dies", of(Effect.die("an end")), "\"an end\""],
    ["waits", Waiting, "AsyncFiberError \"An asynchronous Effect was executed with Effect.runSync\""],
    ["needs a service", of(Needed), "Error \"Service not found: test/Needed\""]
  ])("makes the point invalid, with the name of the column and the error: it %s", (_, x, error) => {
    assert.strictEqual(told(Series.make("m", { fields: { x } }).point({ x: "throw" })), refused(error))
  })

  it("writes the values that it takes", () => {
    assert.strictEqual(told(Series.make("m", { fields: { x: Throwing } }).point({ x: "a" })), "wrote m x=\"a\"")
  })

  it("is one line, even if the message of a Schema has several", () => {
    const json = Series.make("m", { fields: { x: Schema.fromJsonString(Schema.Struct({ a: Schema.String })) } })
    assert.include(told(untyped(json)({ x: { a: 1 } })), "takes: Expected string at [\"a\"], got object")
  })
})

describe("binding a tag", () => {
  const series = Series.make("m", { tags: { a: Throwing, b: Waiting, c: Schema.String }, fields: { x: Schema.Number } })
  const values = { a: "a", b: "b", c: "c", x: 1 }

  it("never throws for a value: its points are invalid", () => {
    const cases: ReadonlyArray<readonly [object, string]> = [
      [{ a: "throw" }, "tag value of \"a\": "],
      [{ b: "b" }, "tag value of \"b\": "],
      [throwing("c"), "tag value of \"c\": "],
      [{ c: 5 }, "tag value of \"c\": "],
      [{ c: Symbol("s") }, "tag value of \"c\": "]
    ]
    for (const [tags, message] of cases) {
      const bound = series.with(tags as { readonly c: string })
      assert.include(told(untyped(bound)(values)), message)
    }
  })
})

describe("a point with two faults", () => {
  const series = Series.make("m", {
    tags: { a: Schema.String, b: Schema.String },
    fields: { x: Schema.Number, y: Schema.String }
  })
  const long = "x".repeat(50)

  it.each<[a: string, b: string, x: number, y: string, named: RegExp]>([
    ["\ud800", "\n", 1, "", /^tag value of "a": must be well-formed/],
    ["\n", "\ud800", 1, "", /^tag value of "a": must not contain control characters/],
    ["\n", long, 1, "", /^tag value of "a": must not contain control characters/],
    [long, "\n", 1, "", /^point: the line is longer/],
    ["a", "\n", Number.NaN, "\ud800", /^tag value of "b"/]
  ])("is refused for the first of them in its line: a=%j, b=%j, x=%j, y=%j", (a, b, x, y, named) => {
    const points: ReadonlyArray<Point.Input> = [
      series.point({ a, b, x, y }),
      series.point({ y, x, b, a }),
      { measurement: "m", tags: { a, b }, fields: { x, y } },
      { measurement: "m", tags: { b, a }, fields: { x, y } }
    ]
    const [first, ...others] = points.map((point) => told(point, { maxLineBytes: 40 }))
    assert.match(first!, named)
    for (const other of others) assert.strictEqual(other, first)
  })
})

describe("objects of thousands of keys", () => {
  it("are read right, in ever new orders", () => {
    const names = Array.from({ length: 3000 }, (_, i) => `f${i}`)
    const series = Series.make("m", {
      fields: Object.fromEntries(names.map((name) => [name, Schema.optional(Schema.Number)]))
    })
    for (let turn = 0; turn < 4; turn++) {
      const order = [...names.slice(turn * 100), ...names.slice(0, turn * 100)].filter((_, i) => i % 7 !== turn)
      const point = untyped(series)(Object.fromEntries(order.map((name) => [name, 1])))
      const given = new Set(order)
      const fields = names.filter((name) => given.has(name)).map((name) => `${name}=1`)
      assert.isTrue(told(point) === `wrote m ${fields.join()}`)
    }
  })
})

describe("a huge bigint of a tag", () => {
  it("is oversize at once, instead of being printed for seconds", () => {
    const huge = 1n << 34_000_000n
    const series = Series.make("m", { tags: { t: Schema.BigInt }, fields: { x: Schema.Number } })
    const options = { maxLineBytes: 65_507 }
    for (const value of [huge, -huge]) {
      assert.include(told(series.point({ t: value, x: 1 }), options), "longer than the payload limit")
      assert.include(
        told({ measurement: "m", tags: { t: value }, fields: { x: 1 } }, options),
        "longer than the payload"
      )
    }
    // Printing one of them would exceed the timeout of the test.
  })

  it("is written while it fits, digit for digit", () => {
    const series = Series.make("m", { tags: { t: Schema.BigInt }, fields: { x: Schema.Number } })
    for (const value of [10n ** 60n, 10n ** 60n - 1n, -(10n ** 60n), 2n ** 255n, -(2n ** 255n)]) {
      const line = `m,t=${value} x=1`
      for (
        const point of [series.point({ t: value, x: 1 }), { measurement: "m", tags: { t: value }, fields: { x: 1 } }]
      ) {
        assert.strictEqual(told(point, { maxLineBytes: line.length }), `wrote ${line}`)
        assert.include(told(point, { maxLineBytes: line.length - 1 }), "longer than the payload limit")
      }
    }
  })
})
