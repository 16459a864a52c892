/**
 * The encoder and real servers: generated points with hostile names and values are written to an InfluxDB 1 and to a
 * VictoriaMetrics, and read back.
 *
 *     node packages/efflux/test/encode/againstServers.ts [points] [seed]
 */
import { InfluxServer, VictoriaServer } from "@efflux/testkit"
import { Effect } from "effect"
import * as AgainstInfluxd from "./againstInfluxd.ts"
import * as AgainstVictoria from "./againstVictoria.ts"

const points = Number(process.argv[2] ?? 5000)
const seed = Number(process.argv[3] ?? Math.floor(Math.random() * 2 ** 31))

const program = Effect.gen(function*() {
  const influxd = yield* InfluxServer.make({ databases: ["hostile"] })
  const victoria = yield* VictoriaServer.make()
  return [
    ["influxd", yield* AgainstInfluxd.write(influxd, "hostile", points, seed)],
    ["VictoriaMetrics", yield* AgainstVictoria.write(victoria, points, seed)]
  ] as const
})

for (const [name, { disagreements, ...rest }] of await Effect.runPromise(Effect.scoped(program))) {
  console.log(`encoder and ${name}: seed ${seed}, ${disagreements.length} disagreements`, rest)
  for (const disagreement of disagreements) console.log(disagreement)
  if (disagreements.length > 0) process.exitCode = 1
}
