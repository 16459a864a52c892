import { Duration, type Effect, Schema, type Stream } from "effect"
import { Flux, InfluxClient, type InfluxError, InfluxQL, Series, Sql } from "efflux"
import { expect, test } from "tstyche"

const statement = InfluxQL.query`SELECT 1`
const Load = Schema.Struct({ host: Schema.String, n: InfluxClient.Int64 })
const cpu = Series.make("cpu", { tags: { host: Schema.String }, fields: { load: Schema.Number } })

test("rows have the type of what reads them", () => {
  expect(InfluxClient.query(statement)).type.toBe<
    Effect.Effect<ReadonlyArray<InfluxClient.Row>, InfluxError.InfluxError, InfluxClient.InfluxClient>
  >()
  expect(InfluxClient.query(statement, { database: "d" })).type.toBe<
    Effect.Effect<ReadonlyArray<InfluxClient.Row>, InfluxError.InfluxError, InfluxClient.InfluxClient>
  >()
  expect(InfluxClient.query(statement, { as: Load })).type.toBe<
    Effect.Effect<
      ReadonlyArray<{ readonly host: string; readonly n: bigint }>,
      InfluxError.InfluxError,
      InfluxClient.InfluxClient
    >
  >()
  expect(InfluxClient.queryStream(statement, { as: cpu })).type.toBe<
    Stream.Stream<
      { readonly host: string; readonly load: number; readonly timestamp?: bigint },
      InfluxError.InfluxError,
      InfluxClient.InfluxClient
    >
  >()
  expect(InfluxClient.execute(statement)).type.toBe<
    Effect.Effect<void, InfluxError.InfluxError, InfluxClient.InfluxClient>
  >()
})

test("a statement is made by a template, of values that have literals", () => {
  expect(InfluxClient.query).type.not.toBeCallableWith("SELECT 1")
  expect(InfluxClient.query).type.toBeCallableWith(Flux.query`x`)
  expect(InfluxClient.query).type.toBeCallableWith(Sql.query`x`)
  const strings = [] as unknown as TemplateStringsArray
  for (const query of [InfluxQL.query, Flux.query, Sql.query]) {
    expect(query).type.toBeCallableWith(strings, "a", 1, 1n, true, new Date(0), /a/, Duration.millis(1), ["a", 1])
    expect(query).type.not.toBeCallableWith(strings, null)
    expect(query).type.not.toBeCallableWith(strings, undefined)
    expect(query).type.not.toBeCallableWith(strings, {})
    expect(query).type.not.toBeCallableWith(strings, [["a"]])
    expect(query).type.not.toBeCallableWith("DROP DATABASE d")
  }
  expect(InfluxQL.query).type.not.toBeCallableWith(strings, Flux.query`x`)
  expect(Sql.query).type.not.toBeCallableWith(strings, InfluxQL.query`x`)
})
