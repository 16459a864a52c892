/**
 * How do I test a program that pushes?
 *
 * With `layerTransport` and `Transport.layerSpy` everything except the socket is real, so a test sees the lines as they
 * would be sent: escaped, with default tags and timestamps, and without points that can't be written.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Duration, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Influx, InfluxDatabase, Transport } from "efflux"
import { deepStrictEqual } from "node:assert/strict"

/** The program to test: it counts an order, and how long it took. */
const placeOrder = Effect.fn("placeOrder")(function*(articles: number) {
  const [duration] = yield* Effect.timed(Effect.sleep("20 millis"))
  yield* Influx.push({
    measurement: "order",
    fields: { articles: BigInt(articles), millis: Duration.toMillis(duration) }
  })
})

const test = Effect.gen(function*() {
  yield* TestClock.setTime(1_700_000_000_000)
  yield* Effect.forkChild(TestClock.adjust("20 millis"))
  yield* placeOrder(3)
  yield* Influx.flush

  const spy = yield* Transport.Spy
  deepStrictEqual(spy.lines(), ["order,app=shop articles=3i,millis=20 1700000000020000000"])
  yield* Console.log("the order was counted")
})

test.pipe(
  Effect.provide(
    InfluxDatabase.layerTransport({ tags: { app: "shop" } }).pipe(
      Layer.provideMerge(Transport.layerSpy),
      Layer.provideMerge(TestClock.layer())
    )
  ),
  NodeRuntime.runMain
)
