import type { Result, Schema, Stream } from "effect"
import { LineProtocol, type Point } from "efflux"
import type { Dialect } from "efflux/Dialect"
import { describe, expect, test } from "tstyche"

const point: Point.Input = { measurement: "m", fields: { x: 1 } }

describe("encoding", () => {
  test("gives a line, or lines, or an error that names part and reason", () => {
    expect(LineProtocol.encode(point)).type.toBe<Result.Result<string, LineProtocol.EncodeError>>()
    expect(LineProtocol.encodeLines(point)).type.toBe<
      Result.Result<ReadonlyArray<string>, LineProtocol.EncodeError>
    >()
    expect(LineProtocol.makeWriter(1024)).type.toBe<LineProtocol.LineWriter>()
    expect(LineProtocol.makeWriter(1024).write(point)).type.toBe<boolean>()
    expect<LineProtocol.EncodeError>().type.toBeAssignableTo<
      { readonly _tag: "EncodeError"; readonly message: string }
    >()
    expect<"quote">().type.toBeAssignableTo<LineProtocol.EncodeError["reason"]>()
    expect<"unknown">().type.not.toBeAssignableTo<LineProtocol.EncodeError["reason"]>()
  })

  test("takes its options and no other", () => {
    expect(LineProtocol.encode).type.toBeCallableWith(point, {
      precision: "ms",
      dialect: "influx-3",
      tags: { host: "a", shard: 1, none: undefined },
      maxLineBytes: 1432
    })
    expect(LineProtocol.encodeLines).type.toBeCallableWith(point, { maxLineBytes: 1432, dialect: "telegraf" })
    expect(LineProtocol.encode).type.toBeCallableWith(point, { dialect: undefined, precision: undefined })
    expect(LineProtocol.encode).type.not.toBeCallableWith(point, { dialect: "influx" })
    expect(LineProtocol.encode).type.not.toBeCallableWith(point, { precision: "millis" })
    expect(LineProtocol.encode).type.not.toBeCallableWith(point, { unsigned: true })
    expect(LineProtocol.encode).type.not.toBeCallableWith(point, { tags: new Map() })
    expect(LineProtocol.encode).type.not.toBeCallableWith(point, { maxLineBytes: "1432" })
    expect(LineProtocol.makeWriter).type.not.toBeCallableWith()
    expect(LineProtocol.makeWriter(1024).write).type.not.toBeCallableWith({ measurement: "m" })
  })

  test("a dialect is one of five, the same for writing and reading", () => {
    expect<LineProtocol.Dialect>().type.toBe<Dialect>()
    expect<Dialect>().type.toBe<"influx-1" | "influx-2" | "influx-3" | "telegraf" | "victoria-metrics">()
    expect<NonNullable<LineProtocol.EncodeOptions["dialect"]>>().type.toBe<Dialect>()
    expect<NonNullable<LineProtocol.DecodeOptions["dialect"]>>().type.toBe<Dialect>()
  })
})

describe("decoding", () => {
  test("a line gives a point in normal form, or an error that has its place", () => {
    expect(LineProtocol.decode("m x=1")).type.toBe<Result.Result<Point.Point, LineProtocol.DecodeError>>()
    expect(LineProtocol.decode(new Uint8Array())).type.toBe<Result.Result<Point.Point, LineProtocol.DecodeError>>()
    expect<LineProtocol.DecodeError>().type.toBeAssignableTo<{ readonly line: number; readonly column: number }>()
    expect<Point.Point["timestamp"]>().type.toBe<bigint | undefined>()
    expect<Point.Point["tags"]>().type.toBe<{ readonly [key: string]: string }>()
    expect<Point.Point["fields"]>().type.toBe<{ readonly [key: string]: Point.FieldValue }>()
  })

  test("a text gives points beside errors", () => {
    const decoded = LineProtocol.decodeAll("m x=1", { maxErrors: 10 })
    expect(decoded).type.toBe<LineProtocol.Decoded>()
    expect(decoded.points).type.toBe<ReadonlyArray<Point.Point>>()
    expect(decoded.errors).type.toBe<ReadonlyArray<LineProtocol.DecodeError>>()
    expect(decoded.failed).type.toBe<number>()
  })

  test("a stream keeps its errors and what it needs, and a bad line is none of its errors", () => {
    interface Failure {
      readonly _tag: "Failure"
    }
    interface Needs {
      readonly needs: "this"
    }
    const decode = LineProtocol.decodeStream({ precision: "s" })
    expect(decode({} as Stream.Stream<Uint8Array, Failure, Needs>)).type.toBe<
      Stream.Stream<Result.Result<Point.Point, LineProtocol.DecodeError>, Failure, Needs>
    >()
    expect(decode).type.not.toBeCallableWith({} as Stream.Stream<string>)
  })

  test("takes its options and no other", () => {
    expect(LineProtocol.decode).type.toBeCallableWith("m x=1", {
      precision: "s",
      dialect: "victoria-metrics",
      defaultTimestamp: 1n,
      maxLineBytes: 100
    })
    expect(LineProtocol.decode).type.not.toBeCallableWith("m x=1", { dialect: "influx" })
    expect(LineProtocol.decode).type.not.toBeCallableWith("m x=1", { defaultTimestamp: 1 })
    expect(LineProtocol.decode).type.not.toBeCallableWith("m x=1", { tags: {} })
    expect(LineProtocol.decodeAll).type.not.toBeCallableWith(["m x=1"])
    expect(LineProtocol.decode).type.not.toBeCallableWith(5)
  })
})

describe("the Schema codec", () => {
  test("is one between a line and a point, with the options of both ways", () => {
    expect(LineProtocol.Line).type.toBeAssignableTo<Schema.Codec<Point.Point, string>>()
    expect(LineProtocol.makeLine({ precision: "ms", dialect: "influx-2", defaultTimestamp: 1n, tags: { a: "b" } }))
      .type.toBeAssignableTo<Schema.Codec<Point.Point, string>>()
    expect(LineProtocol.makeLine).type.not.toBeCallableWith({ unsigned: true })
  })
})
