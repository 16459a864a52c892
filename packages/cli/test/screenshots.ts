/**
 * Takes the pictures that the docs show, of programs that really run. `screenshots` writes `docs/images/panel-*.png`, the
 * live page of a program that pushes at a steady pace, overruns its queue once, and recovers, and
 * `docs/images/listen.png`, what `efflux listen` shows in a terminal.
 */
import { Panel } from "@efflux/panel"
import { open } from "@efflux/testkit/Browser"
import { Effect, Layer, Metric, Schedule } from "effect"
import { Influx, InfluxDatabase } from "efflux"
import { spawn } from "node:child_process"
import * as Dgram from "node:dgram"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Path from "node:path"

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
    yield* Effect.promise(() =>
      page.screenshot({ path: Path.join(folder, `${name}.png`), fullPage: name !== "panel-phone" })
    )
    console.log(`docs/images/${name}.png`)
  }
}).pipe(Effect.scoped)

const services = Layer.merge(
  // Slow enough that the full queue is to be seen for some seconds.
  InfluxDatabase.layer({ name: "metrics", port: receiver.address().port, pacing: { packetsPerSecond: 200, burst: 8 } }),
  Panel.layerServer({ interval: "500 millis" })
).pipe(Layer.provideMerge(Panel.layerLogs), Layer.provideMerge(Layer.succeed(Metric.MetricRegistry, new Map())))

/** What a terminal shows at last, as HTML: text, bold and dim. */
const html = (output: string): string => {
  // Each picture begins with a move to the first line of the one before.
  // oxlint-disable-next-line no-control-regex
  const frame = output.split(/\x1b\[\d+A\r/).at(-1)!
  const text = frame.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("\r", "")
  return text.replaceAll("\x1b[1m", "<b>").replaceAll("\x1b[2m", "<i>")
    // oxlint-disable-next-line no-control-regex
    .replace(/(<[bi]>)([^\x1b]*)\x1b\[22m/g, (_, tag: string, inner: string) => `${tag}${inner}</${tag.slice(1)}`)
    // oxlint-disable-next-line no-control-regex
    .replace(/\x1b\[\??[0-9;]*[A-Za-z]/g, "")
}

const listen = Effect.gen(function*() {
  const main = Path.join(import.meta.dirname, "../src/main.ts")
  const command = `stty rows 24 cols 108; exec '${process.execPath}' '${main}' listen --udp 0`
  const child = spawn("script", ["-qefc", command, "/dev/null"], {
    env: { ...process.env, NO_COLOR: "", TERM: "xterm" }
  })
  let output = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => output += text)
  const port = yield* Effect.suspend(() => Effect.fromNullishOr(/udp:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1])).pipe(
    Effect.retry(Schedule.spaced("100 millis"))
  )
  const load = Effect.gen(function*() {
    for (let n = 0;; n++) {
      yield* Influx.pushAll([
        ...Array.from({ length: 60 }, (_, i) => ({
          measurement: "http_request",
          tags: { route: `/users/${i % 7}`, host: "web1" },
          fields: { duration: (n + i) / 8, bytes: BigInt(n * i) }
        })),
        { measurement: "cpu", tags: { host: "web1" }, fields: { load: 0.5 + n / 100, cores: 8n } },
        { measurement: "deployment", fields: { version: "2.14.0", ok: true } }
      ])
      if (n === 20) receiver.send("cpu,host=web1 load=high", Number(port), "127.0.0.1")
      yield* Effect.sleep("100 millis")
    }
  })
  yield* Effect.timeoutOption(load, "6 seconds").pipe(
    Effect.provide(InfluxDatabase.layer({ name: "shown", port: Number(port), flushInterval: "100 millis" }))
  )
  const last = output
  child.stdin.write("\x03")
  yield* Effect.promise(() => once(child, "close"))
  const { page } = yield* open("about:blank", { viewport: { width: 1000, height: 500 } })
  const style = "pre { margin: 0; padding: 16px; font: 14px/1.4 monospace; background: #14171c; color: #e8ebf0;" +
    " display: inline-block } i { font-style: normal; color: #a9b2c0 } body { margin: 0 }"
  yield* Effect.promise(() => page.setContent(`<style>${style}</style><pre>${html(last).trimEnd()}</pre>`))
  yield* Effect.promise(() => page.locator("pre").screenshot({ path: Path.join(folder, "listen.png") }))
  console.log("docs/images/listen.png")
}).pipe(Effect.scoped)

if (process.argv[2] !== "panel") await Effect.runPromise(listen)
if (process.argv[2] !== "listen") await Effect.runPromise(Effect.provide(program, services))
receiver.close()
