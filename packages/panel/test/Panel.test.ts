/** The page's server: what it answers, to whom, and that it never stands in the way. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Metric, Redacted, Stream } from "effect"
import { HttpRouter } from "effect/http"
import { TestClock } from "effect/testing"
import { type DatabaseConfig, Influx, InfluxDatabase } from "efflux"
import * as Http from "node:http"
import { Panel } from "../src/index.ts"
import * as Recorder from "../src/internal/Recorder.ts"
import { read } from "../src/internal/Sample.ts"
import { events, page, push, until } from "./support.ts"

const get = (url: string, headers: Record<string, string> = {}) =>
  Effect.callback<{ readonly status: number; readonly headers: Http.IncomingHttpHeaders; readonly body: string }>(
    (resume) => {
      const request = Http.get(url, { headers }, (response) => {
        let body = ""
        response.setEncoding("utf8").on("data", (chunk) => body += chunk)
          .on("end", () => resume(Effect.succeed({ status: response.statusCode!, headers: response.headers, body })))
      })
      request.on("error", (error) => resume(Effect.die(error)))
      return Effect.sync(() => request.destroy())
    }
  )

describe("the page", () => {
  it.live("is served with all of its files, and lets no browser load or run anything else", () =>
    Effect.gen(function*() {
      const url = yield* Panel.url
      assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/$/)
      const html = yield* get(url)
      assert.strictEqual(html.status, 200)
      const files = [...html.body.matchAll(/(?:href|src)="([\w.]+)"/g)].map(([, file]) => file!)
      assert.deepStrictEqual(files, ["icon.svg", "uplot.css", "panel.css", "panel.js"])
      for (const file of [...files, "uplot.js"]) {
        const { headers, status } = yield* get(url + file)
        assert.strictEqual(status, 200, file)
        assert.match(String(headers["content-security-policy"]), /^default-src 'none'; script-src 'self';/)
        assert.strictEqual(headers["x-content-type-options"], "nosniff")
      }
      assert.notMatch(html.body, /https?:\/\//)
    }).pipe(Effect.provide(page("served"))))

  it.live("answers on loopback only requests that name a loopback host, and none of another origin", () =>
    Effect.gen(function*() {
      const url = yield* Panel.url
      for (const host of ["localhost", "127.0.0.1:1", "[::1]:8080"]) {
        assert.strictEqual((yield* get(url, { host })).status, 200, host)
      }
      for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80"]) {
        const { headers, status } = yield* get(url, { host })
        assert.strictEqual(status, 403, host)
        assert.include(String(headers["content-security-policy"]), "default-src 'none'")
      }
      const [events, own] = [`${url}events`, { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" }]
      for (const site of ["cross-site", "same-site"]) {
        const { status } = yield* get(events, { ...own, "sec-fetch-site": site })
        assert.strictEqual(status, 403, site)
        // A link to the page may stand anywhere.
        const link = yield* get(url, { "sec-fetch-site": site, "sec-fetch-mode": "navigate" })
        assert.strictEqual(link.status, 200)
        assert.strictEqual(link.headers["cross-origin-resource-policy"], "same-origin")
      }
      assert.strictEqual((yield* get(`${url}panel.js`, own)).status, 200)
    }).pipe(Effect.provide(page("host"))))

  it.live("listens on loopback where the host is an empty text, which Node takes for all addresses", () =>
    Effect.gen(function*() {
      assert.match(yield* Panel.url, /^http:\/\/127\.0\.0\.1:/)
    }).pipe(Effect.provide(page("empty", { host: "" }))))

  it.effect("gives a watcher the history in pieces, so one that does not read holds little of it", () =>
    Effect.gen(function*() {
      const source = { sample: (at: number) => Effect.succeed({ at }), details: () => [] }
      const watch = yield* Recorder.make(source, { intervalMillis: 100, keptSamples: 3 })
      yield* TestClock.adjust("1 second")
      const pieces = yield* watch.pipe(Stream.mapArray((piece) => [piece]), Stream.take(5), Stream.runCollect)
      assert.deepStrictEqual(pieces.map((piece) => piece.length), [1, 1, 1, 1, 1])
      assert.strictEqual(
        pieces.join(""),
        "event: history\ndata: {\"run\":0,\"details\":[],\"samples\":[{\"at\":800},{\"at\":900},{\"at\":1000}]}\n\n"
      )
    }).pipe(Effect.scoped))

  it.live("goes on while a metric of the program throws", () =>
    Effect.gen(function*() {
      const fail = () => {
        throw new Error("no")
      }
      Metric.registerUnsafe(Metric.gauge("broken"), yield* Effect.context<never>(), {
        get: fail,
        update: fail,
        modify: fail
      })
      const url = yield* Panel.url
      const seen = yield* events(url, 3)
      assert.deepStrictEqual(seen.slice(1).map(({ event }) => event), ["sample", "sample"])
    }).pipe(Effect.timeout("20 seconds"), Effect.provide(page("throws"))))

  it.live("tells what Influx.stats tells: history first, then samples as they are taken", () =>
    Effect.gen(function*() {
      yield* push(5000)
      yield* Influx.flush
      const stats = yield* Influx.stats
      const [history, sample] = yield* until(
        events(yield* Panel.url, 2),
        ([history, sample]) => history.data.samples.length > 0 && sample.data.databases[0]?.pushed === stats.pushed
      )
      assert.deepStrictEqual([history.event, sample.event], ["history", "sample"])
      const [database] = sample.data.databases
      assert.deepInclude(database, {
        name: "told",
        pushed: stats.pushed,
        sent: stats.sent,
        queued: 0,
        inFlight: 0,
        queueCapacity: 1000
      })
      assert.deepStrictEqual(database.dropped, stats.dropped)
      assert.isAbove(stats.dropped.queue_full, 0)
      const { dropped, inFlight, pushed, queued, sent } = database
      const droppedTotal = Object.values<number>(dropped).reduce((a, b) => a + b, 0)
      assert.strictEqual(pushed, sent + droppedTotal + queued + inFlight)
    }).pipe(Effect.provide(page("told"))))

  it.live("shows the log lines of databases, and no others", () =>
    Effect.gen(function*() {
      yield* Effect.logWarning("a line of the program")
      yield* Influx.push({ measurement: "", fields: { v: 1 } })
      yield* Influx.flush
      const [{ data: { details: logs } }] = yield* until(
        events(yield* Panel.url, 1),
        ([{ data }]) => data.details.length > 0
      )
      assert.lengthOf(logs, 1)
      assert.match(logs[0].text, /invalid/)
    }).pipe(Effect.provide(page("logs"))))

  it.live("has the configuration of each database, and no secret", () => {
    const secrets = ["s3cr3t-token", "s3cr3t-password", "s3cr3t-header", "s3cr3t-user"]
    const [token, password, header, username] = secrets as [string, string, string, string]
    const url = "http://127.0.0.1:1/"
    const database = (config: DatabaseConfig.DatabaseConfig) =>
      Layer.fresh(InfluxDatabase.layer({ tags: { secret: token }, ...config }))
    const databases = Layer.mergeAll(
      database({ name: "udp", host: "::1", port: 9, pacing: { packetsPerSecond: 100, burst: 3 }, queueBytes: 2048 }),
      database({
        name: "v1",
        transport: "http",
        version: 1,
        url,
        database: "d",
        username,
        password: Redacted.make(password),
        headers: { "x-key": header, "x-other": Redacted.make(header) }
      }),
      database({ name: "v2", transport: "http", version: 2, url, org: "o", bucket: "b", token: Redacted.make(token) })
    )
    return Effect.gen(function*() {
      const text = JSON.stringify(yield* events(yield* Panel.url, 2))
      for (const secret of secrets) assert.notInclude(text, secret)
      const [, { data }] = yield* events(yield* Panel.url, 2)
      const info = Object.fromEntries(data.databases.map(({ info, name }: any) => [name, info]))
      assert.deepInclude(info.udp, { transport: "udp", address: "[::1]:9", pacing: "100/3", queueBytes: "2048" })
      assert.deepInclude(info.v1, { transport: "http", address: url, version: "1", database: "d" })
      assert.deepInclude(info.v2, { transport: "http", address: url, version: "2", org: "o", bucket: "b" })
      assert.notProperty(info.v2, "token")
    }).pipe(Effect.provide(
      Layer.merge(databases, Panel.layerServer({ interval: "100 millis" })).pipe(
        Layer.provideMerge(Layer.succeed(Metric.MetricRegistry, new Map()))
      )
    ))
  })

  it.live("closes at once with its program, whoever watches", () =>
    Effect.gen(function*() {
      const ended = yield* Effect.scoped(Effect.gen(function*() {
        const context = yield* Layer.build(page("closing"))
        const url = yield* Effect.provide(Panel.url, context)
        const response = yield* Effect.promise(() => fetch(`${url}events`))
        return Effect.promise(async () => {
          for await (const _ of response.body!) { /* until it ends */ }
          return "ended"
        }).pipe(Effect.catchCause(() => Effect.succeed("ended")))
      }))
      assert.strictEqual(yield* ended, "ended")
    }))

  it.live("turns away the watcher that is one too many, and takes another when one has gone", () =>
    Effect.gen(function*() {
      const url = yield* Panel.url
      const watchers = yield* Effect.forEach(Array.from({ length: 64 }), () =>
        Effect.promise(async () => {
          const controller = new AbortController()
          // A response that nobody holds is collected as garbage, and its connection closed.
          const response = await fetch(`${url}events`, { signal: controller.signal })
          return { controller, response }
        }), { concurrency: 8 })
      assert.isTrue(watchers.every(({ response }) => response.ok))
      assert.strictEqual((yield* get(`${url}events`)).status, 503)
      for (const { controller } of watchers) controller.abort()
      yield* until(
        Effect.promise(async (signal) => {
          const controller = new AbortController()
          signal.addEventListener("abort", () => controller.abort())
          const { status } = await fetch(`${url}events`, { signal: controller.signal })
          controller.abort()
          return status
        }),
        (status) => status === 200
      )
    }).pipe(Effect.provide(page("watchers"))))

  it.live("stands in a router of the program's own, below a path of its own", () =>
    Effect.gen(function*() {
      const { dispose, handler } = HttpRouter.toWebHandler(Panel.layer({ path: "/ops/influx" }), {
        disableLogger: true
      })
      const status = async (path: string) => (await handler(new Request(`http://h${path}`))).status
      assert.deepStrictEqual(
        yield* Effect.promise(() =>
          Promise.all(["/ops/influx", "/ops/influx/", "/ops/influx/panel.js", "/", "/ops/influx/x"].map(status))
        ),
        [302, 200, 200, 404, 404]
      )
      yield* Effect.promise(dispose)
    }))
})

describe("a sample", () => {
  it("has every database of the registry once, in the order of their names, and nothing of others", () => {
    const metrics = new Map()
    const context = Effect.runSync(Effect.context<never>().pipe(Effect.provideService(Metric.MetricRegistry, metrics)))
    const counter = (id: string, attributes: Record<string, string>, value: number) =>
      Metric.withAttributes(Metric.counter(id), attributes).updateUnsafe(value, context)
    counter("efflux_points_pushed", { name: "b" }, 3)
    counter("efflux_points_pushed", { name: "a" }, 2)
    counter("efflux_points_dropped", { name: "a", reason: "queue_full" }, 1)
    counter("efflux_points_dropped", { name: "a", reason: "__proto__" }, 1)
    counter("http_requests", { name: "c" }, 9)
    counter("efflux_points_pushed", {}, 9)
    const sample = read(7, context)
    assert.deepStrictEqual(sample.databases.map(({ name, pushed }) => [name, pushed]), [["a", 2], ["b", 3]])
    assert.strictEqual(sample.databases[0]!.dropped.queue_full, 1)
    assert.strictEqual(sample.at, 7)
  })
})
