/** The tests that docs/testing.md shows, run. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Influx, InfluxDatabase, Transport } from "efflux"

const signUp = (plan: string) => Influx.push({ measurement: "sign_up", tags: { plan }, fields: { count: 1n } })

const database = InfluxDatabase.layerTransport({ tags: { app: "shop" }, pacing: "none" }).pipe(
  Layer.provideMerge(Transport.layerSpy)
)

it.effect("a sign-up is counted under its plan", () =>
  Effect.gen(function*() {
    yield* TestClock.setTime(1_700_000_000_000)
    yield* signUp("free")
    yield* Influx.flush
    assert.deepStrictEqual((yield* Transport.Spy).lines(), ["sign_up,app=shop,plan=free count=1i 1700000000000000000"])
  }).pipe(Effect.provide(database)))

it.effect("more than a burst of payloads waits for nothing where pacing is none", () =>
  Effect.gen(function*() {
    yield* Influx.pushAll(Array.from({ length: 9000 }, () => ({ measurement: "m", fields: { n: 1 } })))
    yield* Influx.flush
    assert.strictEqual((yield* Influx.stats).sent, 9000)
  }).pipe(Effect.provide(database)))
