/** The decoder accepts exactly the lines that a real InfluxDB 1 accepts, and reads what the server stores. */
import { assert } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeServer } from "@efflux/testkit/realServer"
import { Effect } from "effect"
import { compare } from "./againstInfluxd.ts"

const seed = Number(process.env.EFFLUX_SEED ?? 1)

describeServer("the decoder and InfluxDB 1", (it) => {
  it.effect("agree on which lines are line protocol, and on what they say", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const { disagreements, points, refused, texts } = yield* compare(server, 20_000, seed)
      console.log(
        `decoder and influxd: ${texts} texts, seed ${seed}: ${refused} lines refused, ${points} points compared`
      )
      assert.deepStrictEqual(disagreements, [], `seed ${seed}`)
      assert.isAbove(points, 1000)
      assert.isAbove(refused, 1000)
    }))
})
