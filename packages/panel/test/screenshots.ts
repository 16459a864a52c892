/**
 * Takes the pictures of the live page that the docs show, of a program that really runs: it pushes at a steady pace,
 * overruns its queue once, and recovers. `screenshots` writes `docs/images/panel-*.png`.
 */
import { open } from "@efflux/testkit/Browser"
import { Effect, Layer, Metric, Schedule } from "effect"
import { Influx, InfluxDatabase } from "efflux"
import * as Dgram from "node:dgram"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { Panel } from "../src/index.ts"

const folder = Path.join(import.meta.dirname, "../../../docs/images")

const looks = [
  { name: "panel-light", options: { colorScheme: "light", viewport: { width: 1100, height: 1000 } } },
  { name: "panel-dark", options: { colorScheme: "dark", viewport: { width: 1100, height: 1000 } } },
  { name: "panel-phone", options: { colorScheme: "light", viewport: { width: 390, height: 844 } } }
] as const

const receiver = Dgram.createSocket("udp4")
receiver.bind(0, "127.0.0.1")
await once(receiver, "listening")

const push = (points: number) =>
  Influx.pushAll(Array.from({ length: points }, (_, n) => ({
    measurement: "http_request",
    tags: { route: `/users/${n % 7}` },
    fields: { duration: n / 7, bytes: BigInt(n) }
  })))

const load = Effect.gen(function*() {
  const steady = push(400).pipe(Effect.repeat(Schedule.spaced("200 millis")))
  yield* Effect.forkScoped(steady)
  yield* Effect.sleep("20 seconds")
  yield* push(90_000)
  yield* Influx.push({ measurement: "", fields: { v: 1 } })
  yield* Effect.sleep("20 seconds")
})

const program = Effect.gen(function*() {
  const url = yield* Panel.url
  yield* load
  Fs.mkdirSync(folder, { recursive: true })
  for (const { name, options } of looks) {
    const { page } = yield* open(url, options)
    yield* Effect.promise(() => page.locator(".sum").waitFor())
    yield* Effect.sleep("2 seconds")
    yield* Effect.promise(() => page.screenshot({ path: Path.join(folder, `${name}.png`) }))
    console.log(`docs/images/${name}.png`)
  }
}).pipe(Effect.scoped)

const services = Layer.merge(
  InfluxDatabase.layer({ name: "metrics", port: receiver.address().port }),
  Panel.layerServer({ interval: "500 millis" })
).pipe(Layer.provideMerge(Panel.layerLogs), Layer.provideMerge(Layer.succeed(Metric.MetricRegistry, new Map())))

await Effect.runPromise(Effect.provide(program, services))
receiver.close()
