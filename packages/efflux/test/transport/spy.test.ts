import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Influx, InfluxDatabase, Transport } from "efflux"

class Second extends InfluxDatabase.Service<Second>()("test/Second") {}

const point = (measurement: string) => ({ measurement, fields: { v: 1 }, timestamp: 0n })

it.live("a spy for each of two databases tells what each one sends", () => {
  const first = Transport.makeSpy()
  const second = Transport.makeSpy()
  return Effect.gen(function*() {
    yield* Influx.push(point("a"))
    yield* Second.push(point("b"))
    yield* Influx.flush
    yield* Second.flush
    assert.deepStrictEqual([first.spy.lines(), second.spy.lines()], [["a v=1 0"], ["b v=1 0"]])
    first.spy.clear()
    assert.deepStrictEqual([first.spy.lines(), second.spy.lines()], [[], ["b v=1 0"]])
  }).pipe(
    Effect.provide([
      InfluxDatabase.layerTransport().pipe(Layer.provide(first.layer)),
      Second.layerTransport({ name: "second" }).pipe(Layer.provide(second.layer))
    ])
  )
})
