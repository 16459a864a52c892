/** What arrived, as the server itself counts it. */
import * as Effect from "effect/Effect"
import { InfluxClient, InfluxQL } from "efflux"
import * as Target from "./Target.ts"

// A busy server counts late. What it has not counted while two seconds passed without any progress was lost.
const interval = 100
const patience = 20

/** The points that the UDP listeners of an InfluxDB 1 received so far, all of them together. */
export const received = Effect.fnUntraced(function*(flag: string, url: string) {
  const { explained, options } = yield* Target.client(flag, url)
  const client = yield* explained(InfluxClient.make(options))
  return explained(Effect.map(
    client.query(InfluxQL.query`SHOW STATS FOR 'udp'`),
    (rows) => rows.reduce((sum, row) => sum + Number(row["pointsRx"] ?? 0), 0)
  ))
})

/** Asks until a counter has grown by `expected`, or does not grow any more, and gives by how much it has grown. */
export const settled = Effect.fnUntraced(
  function*<E>(ask: Effect.Effect<number, E>, before: number, expected: number) {
    let arrived = (yield* ask) - before
    for (let idle = 0; arrived < expected && idle < patience; idle++) {
      yield* Effect.sleep(interval)
      const now = (yield* ask) - before
      if (now > arrived) idle = 0
      arrived = now
    }
    return arrived
  }
)
