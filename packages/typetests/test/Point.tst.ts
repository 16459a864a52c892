import type { DateTime, Effect } from "effect"
import { Influx, InfluxDatabase, Point } from "efflux"
import { describe, expect, test } from "tstyche"

const fields = { x: 1 }

describe("what push takes", () => {
  test("has tags and fields of the values that JavaScript has, and an instant", () => {
    expect(Influx.push).type.toBeCallableWith({ measurement: "m", fields: { x: 1 } })
    expect(Influx.push).type.toBeCallableWith({
      measurement: "m",
      tags: { a: "x", b: 1, c: 1n, d: true, e: null, f: undefined },
      fields: { a: 1, b: 1n, c: true, d: "x", e: Point.uint(1n), f: null, g: undefined },
      timestamp: 1n
    })
    expect(Influx.push).type.toBeCallableWith({ measurement: "m", fields, timestamp: new Date() })
    expect<{ measurement: "m"; fields: { x: 1 }; timestamp: DateTime.Utc }>().type.toBeAssignableTo<Point.Input>()
  })

  test("has no bare number for a timestamp: nothing says its unit", () => {
    expect(Influx.push).type.not.toBeCallableWith({ measurement: "m", fields, timestamp: 1_767_225_600 })
    expect(Influx.push).type.not.toBeCallableWith({ measurement: "m", fields, timestamp: "2026-01-01T00:00:00Z" })
  })

  test("has a measurement and fields", () => {
    expect(Influx.push).type.not.toBeCallableWith({ measurement: "m" })
    expect(Influx.push).type.not.toBeCallableWith({ fields })
    expect(Influx.push).type.not.toBeCallableWith({ measurement: 5, fields })
  })

  test("has no Map, no array and no nested object", () => {
    expect(Influx.push).type.not.toBeCallableWith({ measurement: "m", tags: new Map([["a", "b"]]), fields })
    expect(Influx.push).type.not.toBeCallableWith({ measurement: "m", fields: new Map([["x", 1]]) })
    expect(Influx.push).type.not.toBeCallableWith({ measurement: "m", tags: { a: ["b"] }, fields })
    expect(Influx.push).type.not.toBeCallableWith({ measurement: "m", fields: { x: new Date() } })
    expect(Influx.push).type.not.toBeCallableWith({ measurement: "m", fields: { x: { y: 1 } } })
    expect(Influx.push).type.not.toBeCallableWith({ measurement: "m", tags: { a: Point.uint(1n) }, fields })
  })

  test("can't fail, and needs the database", () => {
    expect(Influx.push({ measurement: "m", fields })).type.toBe<
      Effect.Effect<void, never, InfluxDatabase.InfluxDatabase>
    >()
    class Audit extends InfluxDatabase.Service<Audit>()("app/Audit") {}
    expect(Audit.push({ measurement: "m", fields })).type.toBe<Effect.Effect<void, never, Audit>>()
    expect(Audit.push({ measurement: "m", fields })).type.not.toBeAssignableTo<
      Effect.Effect<void, never, InfluxDatabase.InfluxDatabase>
    >()
  })

  test("is what decoding gives", () => {
    expect<Point.Point>().type.toBeAssignableTo<Point.Input>()
    expect<Point.Input>().type.not.toBeAssignableTo<Point.Point>()
  })
})
