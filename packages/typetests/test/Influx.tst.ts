import { Effect, pipe, type Sink } from "effect"
import { Influx, InfluxClient, type InfluxDatabase, type InfluxError, type Point } from "efflux"
import { describe, expect, it } from "tstyche"

declare const find: Effect.Effect<number, "missing", "finder">

describe("Influx.timed", () => {
  it("keeps the result and the error of the effect, and needs a database beside what it needs", () => {
    type Timed = Effect.Effect<number, "missing", "finder" | InfluxDatabase.InfluxDatabase>
    expect(Influx.timed(find, { measurement: "m" })).type.toBe<Timed>()
    expect(find.pipe(Influx.timed({ measurement: "m", tags: { a: 1 } }))).type.toBe<Timed>()
    expect(pipe(Effect.succeed(1), Influx.timed({ measurement: "m" }))).type.toBe<
      Effect.Effect<number, never, InfluxDatabase.InfluxDatabase>
    >()
  })

  it("needs a measurement", () => {
    expect(Influx.timed).type.not.toBeCallableWith(find, {})
  })
})

describe("InfluxClient.write", () => {
  it("gives what was written, or an InfluxError", () => {
    expect(InfluxClient.write([{ measurement: "m", fields: { v: 1 } }])).type.toBe<
      Effect.Effect<InfluxError.Written, InfluxError.InfluxError, InfluxClient.InfluxClient>
    >()
    expect(InfluxClient.write).type.not.toBeCallableWith([{ measurement: "m" }])
  })

  it("is a sink of points", () => {
    expect(InfluxClient.writeSink({ batchSize: 1 })).type.toBe<
      Sink.Sink<InfluxError.Written, Point.Input, never, InfluxError.InfluxError, InfluxClient.InfluxClient>
    >()
  })
})
