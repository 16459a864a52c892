/** A point over UDP with the files that are published. */
import { Effect } from "effect"
import { Influx, InfluxDatabase } from "../../../../efflux/dist/index.js"

const program = Influx.push({ measurement: "m", tags: { host: "a" }, fields: { f: 0.5 } })

Effect.runFork(
  program.pipe(Effect.provide(InfluxDatabase.layer({ host: "127.0.0.1", port: Number(process.argv[2]) })))
)
