/** Objects that are not what they seem: in a statement they are a value or a typed error, never text. */
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Result } from "effect"
import { Flux, InfluxQL, Point, Sql } from "efflux"
import * as FluxRenderer from "../../src/internal/query/FluxRenderer.ts"
import * as InfluxQLRenderer from "../../src/internal/query/InfluxQLRenderer.ts"
import * as SqlRenderer from "../../src/internal/query/SqlRenderer.ts"
import { revoked } from "../support/hostile.ts"

const injected = "'; DROP DATABASE d; --"

/** What each language makes of a value: the whole text and parameters, or why there are none. */
const rendered = (value: unknown): ReadonlyArray<string> => {
  const given = value as InfluxQL.Value & Flux.Value & Sql.Value
  return [
    InfluxQLRenderer.renderV1(InfluxQL.query`f(${given})`),
    InfluxQLRenderer.renderV3(InfluxQL.query`f(${given})`),
    Result.map(InfluxQLRenderer.renderText(InfluxQL.query`f(${given})`), (text) => ({ text, params: "" })),
    FluxRenderer.render(Flux.query`f(${given})`),
    SqlRenderer.render(Sql.query`f(${given})`)
  ].map((result) =>
    Result.match(result, { onFailure: (reason) => reason, onSuccess: ({ params, text }) => `${text} ${params ?? ""}` })
  )
}

const evil = {
  toString: () => injected,
  valueOf: () => injected,
  toJSON: () => injected,
  [Symbol.toPrimitive]: () => injected,
  replace: () => injected,
  includes: () => false,
  split: () => [injected]
}

const proxyOf = (target: object, get: (key: string | symbol) => unknown) =>
  new Proxy(target, { get: (_, key) => get(key) })

const throwInjected = (): never => {
  throw new Error(injected)
}

describe("an object with methods of its own", () => {
  class OwnSource extends RegExp {
    override get source(): string {
      return evil as unknown as string
    }
    override get flags(): string {
      return ")" + injected
    }
    override toString(): string {
      return injected
    }
  }
  class OwnTime extends Date {
    override getTime(): number {
      return evil as unknown as number
    }
    override toISOString(): string {
      return injected
    }
  }

  it("is the value that it holds, where it holds one", () => {
    for (const [object, plain] of [[new OwnSource("a/b"), /a\/b/], [new OwnTime(5), new Date(5)]]) {
      assert.deepStrictEqual(rendered(object), rendered(plain))
    }
    const regex = /x/
    for (const name of ["source", "flags", "unicode", "global"]) {
      Object.defineProperty(regex, name, { value: injected })
    }
    assert.deepStrictEqual(rendered(regex), rendered(/x/))
    assert.deepStrictEqual(rendered(new OwnSource("\\u{1f600}", "u")), rendered(/\u{1f600}/u))
  })

  const lists: ReadonlyArray<readonly [string, () => unknown]> = [
    ["map", () => Object.assign(["x"], { map: () => [injected] })],
    ["flatMap and join", () => Object.assign(["x"], { flatMap: () => [injected], join: () => injected })],
    ["an iterator", () =>
      Object.assign(["x"], {
        *[Symbol.iterator]() {
          yield injected
        }
      })],
    ["a subclass", () => {
      class Own extends Array<string> {
        override map<U>(): Array<U> {
          return [injected] as Array<U>
        }
      }
      return Own.from(["x"])
    }],
    ["a constructor", () =>
      Object.assign(["x"], {
        constructor: {
          [Symbol.species]: function() {
            return evil
          }
        }
      })]
  ]
  it.each(lists)("is a list of its elements, whatever it has: %s", (_, make) => {
    assert.deepStrictEqual(rendered(make()), rendered(["x"]))
    const list = make() as ReadonlyArray<string>
    assert.deepStrictEqual(Result.getOrThrow(InfluxQLRenderer.renderText(InfluxQL.isIn("h", list))), `(("h" = 'x'))`)
    const conditions = Object.assign([InfluxQL.query`a = 1`], { map: () => [injected] })
    assert.strictEqual(Result.getOrThrow(InfluxQLRenderer.renderText(InfluxQL.and(conditions))), "((a = 1))")
  })

  const inItself: Array<unknown> = []
  inItself.push(inItself)
  const refused: ReadonlyArray<readonly [string, unknown]> = [
    ["an object", evil],
    ["a boxed string", new String(injected)],
    ["a boxed number", new Number(5)],
    ["a uint of an object", Point.uint(evil as unknown as bigint)],
    ["a uint of a text", Point.uint(injected as unknown as bigint)],
    ["a uint of a number", Point.uint(5 as unknown as bigint)],
    ["a uint beyond 64 bits", Point.uint(2n ** 64n)],
    ["a DateTime of a text", { ...DateTime.makeUnsafe(0), epochMilliseconds: injected }],
    ["a DateTime of an object", Object.assign(Object.create(DateTime.makeUnsafe(0)), { epochMilliseconds: evil })],
    ["a Duration of an object", Object.assign(Object.create(Duration.zero), { value: { _tag: "Nanos", nanos: evil } })],
    ["what claims to be a RegExp", Object.create(RegExp.prototype)],
    ["what claims to be a Date", Object.create(Date.prototype)],
    ["what claims to be a fragment", Object.create(Object.getPrototypeOf(InfluxQL.unsafe("x")))],
    ["a proxy of a fragment", new Proxy(InfluxQL.unsafe(injected), {})],
    ["a proxy of a Date", new Proxy(new Date(5), {})],
    ["a proxy that throws", proxyOf({}, throwInjected)],
    ["a proxy of a list that throws", proxyOf([], throwInjected)],
    ["a proxy of a list without an end", proxyOf([], (key) => key === "length" ? 2 ** 53 - 1 : "x")],
    ["a proxy of a list of no length", proxyOf([], (key) => key === "length" ? evil : "x")],
    ["a list in a list", [["x"]]],
    ["a list that holds itself", inItself],
    ["a list of objects", [evil]],
    ["a revoked proxy", revoked],
    ["a revoked proxy in a list", [revoked]]
  ]
  it.each(refused)("is refused otherwise: %s", (_, value) => {
    for (const text of rendered(value)) {
      assert.match(text, /^value 1 is (?!f\()/)
      assert.notInclude(text, "DROP")
    }
  })

  it("is refused as a name, a text or a time", () => {
    for (const value of [evil, new String(injected), 5, undefined, [injected]]) {
      for (
        const fragment of [
          InfluxQL.identifier(value as never),
          InfluxQL.unsafe(value as never),
          InfluxQL.time(value as never),
          InfluxQL.isIn(value as never, ["x"]),
          InfluxQL.isIn("x", value as never),
          InfluxQL.and([value as never]),
          InfluxQL.or(value as never)
        ]
      ) {
        const text = Result.match(InfluxQLRenderer.renderText(fragment), {
          onFailure: () => "",
          onSuccess: (text) => text
        })
        // A text that stands for itself is a string literal, in which its quote does not end it.
        assert.notMatch(text, /(?<!\\)'; DROP/)
      }
    }
  })
})

describe("a statement of any size", () => {
  it("takes a list of 40 000 and one of 100 000 values", () => {
    for (const length of [40_000, 100_000]) {
      const list = Array.from({ length }, (_, n) => `it's ${n}`)
      const text = Result.getOrThrow(SqlRenderer.render(Sql.query`SELECT * FROM t WHERE h IN (${list})`))
      assert.strictEqual(text.text.split("$p").length, length + 1)
      assert.strictEqual(Object.values(JSON.parse(text.params!) as object).join(), list.join())
      const or = Result.getOrThrow(InfluxQLRenderer.renderText(InfluxQL.isIn("h", list)))
      assert.strictEqual(or.split(" OR ").length, length)
    }
  })

  it("looks at each part once: twice the values, twice the work", () => {
    // The work is counted by what is read of the values, and what is rendered is proportional to it.
    const work = (length: number) => {
      let reads = 0
      const list = new Proxy(Array.from({ length }, () => "x"), {
        get: (target, key) => {
          reads++
          return Reflect.get(target, key) as unknown
        }
      })
      const { text } = Result.getOrThrow(InfluxQLRenderer.renderV1(InfluxQL.query`f(${list})`))
      return [reads, text.length / length]
    }
    const [once, perValue] = work(10_000)
    const [twice] = work(20_000)
    assert.approximately(twice! / once!, 2, 0.01)
    assert.isBelow(perValue!, 10)
  })

  it("takes fragments nested 20 000 deep, and lists of them", () => {
    let deep = InfluxQL.query`a = ${0}`
    for (let n = 1; n <= 20_000; n++) deep = InfluxQL.query`(${deep})`
    const text = Result.getOrThrow(InfluxQLRenderer.renderText(deep))
    assert.strictEqual(text, `${"(".repeat(20_000)}a = 0${")".repeat(20_000)}`)
    assert.strictEqual(String(deep).length, 40_005)
    let and = InfluxQL.query`a`
    for (let n = 0; n < 20_000; n++) and = InfluxQL.and([and])
    assert.isTrue(Result.isSuccess(InfluxQLRenderer.renderText(and)))
  })

  it("refuses a list nested 20 000 deep, and fragments that would become more than memory holds", () => {
    let list: unknown = "x"
    for (let n = 0; n < 20_000; n++) list = [list]
    for (const text of rendered(list)) assert.include(text, "value 1 is a list in a list")
    let doubled = InfluxQL.query`a`
    for (let n = 0; n < 64; n++) doubled = InfluxQL.query`${doubled}${doubled}`
    assert.include(String(Result.getFailure(InfluxQLRenderer.renderText(doubled))), "more than a million parts")
    assert.isBelow(String(doubled).length, 20_000_000)
  })

  it("reads long texts of its author without a stack overflow", () => {
    const long = "x".repeat(5_000_000)
    for (const quoted of [`'${long}'`, `"${long}"`, `/* ${long} */ a`]) {
      const fragment = InfluxQL.query`SELECT ${InfluxQL.unsafe(quoted)} FROM m WHERE a = ${1}`
      assert.isTrue(Result.isSuccess(InfluxQLRenderer.renderText(fragment)))
    }
    const escaped = "\\'".repeat(2_000_000)
    const open = InfluxQL.query`SELECT ${InfluxQL.unsafe(`'${escaped}`)} ${"x"}`
    assert.include(String(Result.getFailure(InfluxQLRenderer.renderText(open))), "it stands in quotes")
  })
})
