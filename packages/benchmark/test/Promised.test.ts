/** The check of the promised figures fails when it must. The figures here are made up. */
import { assert, describe, it } from "@effect/vitest"
import { judge, type Promised, told } from "../src/Promised.ts"
import { promises } from "../src/promises.ts"

const below: Promised = { name: "a/b", group: "g", what: "a by b", limit: { atMost: 0.7 }, digits: 2 }
const above: Promised = { name: "c/d", group: "g", what: "c by d", limit: { atLeast: 3.5 }, digits: 1 }

const kept = (promised: Promised, value: number) => judge([promised], new Map([[promised.name, value]]))[0].kept

describe("the check of the promised figures", () => {
  it("keeps a figure within its limit, and on it", () => {
    for (const value of [0, 0.5, 0.7]) assert.isTrue(kept(below, value), String(value))
    for (const value of [3.5, 100]) assert.isTrue(kept(above, value), String(value))
  })

  it("misses a figure beyond its limit, however close", () => {
    for (const value of [0.700_001, 0.71, 5, Infinity]) assert.isFalse(kept(below, value), String(value))
    for (const value of [3.499_999, 0, -1]) assert.isFalse(kept(above, value), String(value))
  })

  it("misses a figure that is no number, or was not measured", () => {
    assert.isFalse(kept(below, Number.NaN))
    assert.isFalse(kept(above, Number.NaN))
    assert.deepStrictEqual(judge([below, above], new Map([["a/b", 0.1]])).map(({ kept }) => kept), [true, false])
    assert.deepStrictEqual(judge([below], new Map([["b/a", 0.1]])).map(({ kept }) => kept), [false])
  })

  it("names the figure that was missed, with its value and its limit", () => {
    const [missed] = judge([below], new Map([["a/b", 0.81]]))
    const line = told(missed)
    for (const part of ["MISSED", "0.81", "at most 0.7", "a by b", "a/b"]) assert.include(line, part)
    assert.include(told(judge([below], new Map())[0]), "not measured")
    assert.notInclude(told(judge([below], new Map([["a/b", 0.6]]))[0]), "MISSED")
  })

  it("has a name of its own for every promise", () => {
    assert.strictEqual(new Set(promises.map(({ name }) => name)).size, promises.length)
  })
})
