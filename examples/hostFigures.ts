/**
 * How do I push metrics of this host once a second?
 *
 *     node examples/hostFigures.ts       # until Ctrl-C
 *     node examples/hostFigures.ts 10    # ten times
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Schedule } from "effect"
import { Influx, InfluxDatabase, type Point } from "efflux"
import * as Os from "node:os"

const times = Number(process.argv[2] ?? Infinity)

const figures = (): ReadonlyArray<Point.Input> => {
  const [one, five, fifteen] = Os.loadavg()
  const { external, heapUsed, rss } = process.memoryUsage()
  return [
    { measurement: "load", fields: { one, five, fifteen } },
    { measurement: "memory", fields: { free: BigInt(Os.freemem()), total: BigInt(Os.totalmem()) } },
    {
      measurement: "process",
      tags: { pid: process.pid },
      fields: { rss: BigInt(rss), heap: BigInt(heapUsed), external: BigInt(external), uptime: process.uptime() }
    }
  ]
}

const program = Effect.suspend(() => Influx.pushAll(figures())).pipe(
  Effect.repeat({ schedule: Schedule.fixed("1 second"), times: times - 1 }),
  Effect.andThen(Influx.stats),
  Effect.tap(({ pushed }) => Console.log(`pushed ${pushed} points`))
)

// On Ctrl-C the fiber is interrupted, the database closes, and what is queued goes out first.
program.pipe(
  Effect.provide(InfluxDatabase.layer({
    port: Number(process.env.INFLUX_PORT ?? 8089),
    name: "figures",
    tags: { host: Os.hostname() }
  })),
  NodeRuntime.runMain
)
