/** What arrived, as the server itself counts it. */
import * as Effect from "effect/Effect"
import { InfluxClient, InfluxQL } from "efflux"
import * as Target from "./Target.ts"

// A busy server counts late. Points are taken for lost once the count has stood still for two seconds.
const interval = 100
const patience = 20

/**
 * Makes a counter of the points that all UDP listeners of an InfluxDB 1 receive. Each run of the counter starts at zero
 * and succeeds with a function. The function waits until the expected number of points has arrived or no more come, and
 * returns how many have arrived.
 */
export const counter = Effect.fnUntraced(function*(flag: string, url: string) {
  const { explained, options } = yield* Target.influx1(flag, url)
  const client = yield* explained(InfluxClient.make(options))
  const received = explained(Effect.map(
    client.query(InfluxQL.query`SHOW STATS FOR 'udp'`),
    (rows) => rows.reduce((sum, row) => sum + Number(row["pointsRx"] ?? 0), 0)
  ))
  return Effect.map(received, (before) =>
    Effect.fnUntraced(function*(expected: number) {
      let arrived = (yield* received) - before
      for (let idle = 0; arrived < expected && idle < patience; idle++) {
        yield* Effect.sleep(interval)
        const now = (yield* received) - before
        if (now > arrived) idle = 0
        arrived = now
      }
      return arrived
    }))
})
