/** Every example is run as its reader would run it: as a program of its own, against a UDP socket on loopback. */
import { assert, describe, it } from "@effect/vitest"
import { FaultServer, UdpSink, waitFor } from "@efflux/testkit"
import { Effect, type Scope } from "effect"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { run, start } from "./support/run.ts"
import { withServer } from "./support/withServer.ts"

/** The lines without their timestamps. */
const unstamped = (lines: ReadonlyArray<string>): Array<string> => lines.map((line) => line.replace(/ \d+$/, ""))

const stamps = (lines: ReadonlyArray<string>): Array<string> => lines.map((line) => / (\d+)$/.exec(line)![1]!)

// Many programs start at once, and the machine may be busy.
const patience = { timeout: "60 seconds" } as const

/** Runs an example, which must end with code 0. */
const ok = (...args: Parameters<typeof run>) =>
  Effect.tap(
    run(...args),
    ({ exit, stderr, stdout }) => Effect.sync(() => assert.strictEqual(exit, 0, stderr || stdout))
  )

/** Runs an example, which must end with code 0, with a socket for its points. */
const sinking = Effect.fnUntraced(function*(file: string) {
  const sink = yield* UdpSink.make()
  return { sink, outcome: yield* ok(file, { env: { INFLUX_PORT: `${sink.port}` } }) }
})

/** Starts an example that serves HTTP, with a socket for its points, and waits until it listens. */
const serving = Effect.fnUntraced(function*(file: string) {
  const sink = yield* UdpSink.make()
  const program = yield* start(file, { env: { INFLUX_PORT: `${sink.port}`, PORT: "0" } })
  const listening = /Listening on (http:\/\/127\.0\.0\.1:\d+)/
  yield* waitFor(Effect.sync(() => program), ({ stdout }) => listening.test(stdout), patience)
  const end = Effect.suspend(() => {
    program.signal("SIGTERM")
    return Effect.promise(() => program.ended)
  })
  return { sink, url: listening.exec(program.stdout)![1]!, end }
})

/** A server without Effect: three requests, one of them to no route, and a graceful shutdown. */
const webServer = (file: string) =>
  Effect.gen(function*() {
    const { end, sink, url } = yield* serving(file)
    for (const path of ["/users/1", "/users/2", "/etc/passwd"]) {
      yield* Effect.promise(() => fetch(`${url}${path}`, { headers: { connection: "close" } }).then((a) => a.text()))
    }
    const { exit, stderr, stdout } = yield* end
    assert.strictEqual(exit, 0, stderr)
    assert.include(stdout, "sent 3\n")
    yield* sink.waitForPoints(3)
    assert.deepStrictEqual(sink.lines.map((line) => line.split(" ")[0]), [
      "http_request,method=GET,route=/users/:id,status=200",
      "http_request,method=GET,route=/users/:id,status=200",
      "http_request,method=GET,route=none,status=404"
    ])
    for (const line of sink.lines) assert.match(line, /^\S+ duration_ms=[\d.]+ \d{19}$/)
  })

const tests: Readonly<Record<string, Effect.Effect<void, unknown, Scope.Scope>>> = {
  hello: Effect.gen(function*() {
    const { outcome, sink } = yield* sinking("hello.ts")
    assert.include(outcome.stdout, "pushed 3, sent 1, invalid 2\n")
    assert.include(outcome.stdout, "a point needs at least one field")
    assert.include(outcome.stdout, "see the option dialect")
    yield* sink.waitForPoints(1)
    assert.deepStrictEqual(unstamped(sink.lines), [
      "http_request,route=/users,status=200 duration=12.5,bytes=512i,cached=false,agent=\"curl/8.9\""
    ])
    assert.isBelow(Math.abs(Date.now() - Number(BigInt(stamps(sink.lines)[0]!) / 1_000_000n)), 60_000)
  }),

  hotLoop: Effect.gen(function*() {
    const { outcome, sink } = yield* sinking("hotLoop.ts")
    const [, payloads] = /^pushed 20000, sent 20000 in (\d+) payloads, shed 0$/m.exec(outcome.stdout) ?? []
    assert.isDefined(payloads, outcome.stdout)
    // Only the kernel counts the datagrams that it drops.
    yield* waitFor(
      Effect.map(sink.drops, (drops) => sink.payloads.length + (drops ?? 0)),
      (seen) => seen >= Number(payloads),
      patience
    )
    assert.strictEqual(new Set(stamps(sink.lines)).size, sink.points)
  }),

  shards: Effect.gen(function*() {
    const east = yield* UdpSink.make()
    const west = yield* UdpSink.make()
    const outcome = yield* ok("shards.ts", {
      env: { INFLUX_PORT: `${east.port}`, INFLUX_PORT_WEST: `${west.port}` }
    })
    assert.match(outcome.stdout, /^together: pushed 300, sent 300$/m)
    yield* east.waitForPoints(Number(/^east: sent (\d+)$/m.exec(outcome.stdout)![1]))
    yield* west.waitForPoints(Number(/^west: sent (\d+)$/m.exec(outcome.stdout)![1]))
    const hostsOf = (sink: UdpSink.Sink) => new Set(sink.lines.map((line) => /host=(\w+)/.exec(line)![1]))
    assert.strictEqual(hostsOf(east).size + hostsOf(west).size, 30)
  }),

  writeHttp: Effect.gen(function*() {
    const fallback = FaultServer.json(400, { error: "partial write: field type conflict: n dropped=1" })
    const server = yield* FaultServer.make({ fallback })
    const outcome = yield* ok("writeHttp.ts", {
      env: { INFLUX_URL: server.url, INFLUX_USERNAME: "me", INFLUX_PASSWORD: "s3cr3t" }
    })
    assert.include(outcome.stdout, "1 rejected: partial write: field type conflict: n dropped=1\n")
    assert.include(outcome.stdout, "pushed 1001, sent 1000, rejected 1, unknown 0\n1 requests, ")
    assert.notInclude(outcome.stdout + outcome.stderr, "s3cr3t")
    const [request] = server.requests
    assert.strictEqual(server.requests.length, 1)
    assert.strictEqual(`${request!.path}?${request!.params}`, "/write?db=examples&precision=n")
    assert.strictEqual(request!.headers.authorization, `Basic ${btoa("me:s3cr3t")}`)
    assert.strictEqual(request!.headers["content-encoding"], "gzip")
    assert.strictEqual(request!.text.split("\n").length, 1001)
  }),

  priorities: Effect.gen(function*() {
    const outcome = yield* ok("priorities.ts", {})
    // Of 1004 points the queue holds the 2 of high priority, the 2 of the quiet measurements, and 6 of the noisy one.
    assert.include(outcome.stdout, "pushed 1004 = queued 10 + quota 994 + oldest 0\nhigh priority dropped: 0\n")
  }),

  pressure: Effect.gen(function*() {
    const outcome = yield* ok("pressure.ts", {})
    assert.match(outcome.stdout, /^the queue is \d % full, 0 points\/s go out$/m)
    const [, pushed, leftOut] = /^pushed (\d+), left out (\d+), dropped 0$/m.exec(outcome.stdout) ?? []
    assert.strictEqual(Number(pushed) + Number(leftOut), 6000, outcome.stdout)
  }),

  metricsEndpoint: Effect.gen(function*() {
    const { end, sink, url } = yield* serving("metricsEndpoint.ts")
    yield* sink.waitForPoints(1, patience)
    const text = yield* Effect.promise(() => fetch(`${url}/metrics`).then((response) => response.text()))
    const value = (name: string) => Number(text.split("\n").find((line) => line.startsWith(`${name} `))?.split(" ")[1])
    assert.isAbove(value("efflux_points_pushed{name=\"heartbeats\"}"), 1)
    assert.isAbove(value("efflux_points_sent{name=\"heartbeats\"}"), 0)
    assert.isAbove(value("efflux_points_dropped{name=\"heartbeats\",reason=\"invalid\"}"), 0)
    assert.strictEqual(value("efflux_queue_capacity{name=\"heartbeats\"}"), 10_000)
    assert.strictEqual((yield* end).exit, 130)
  }),

  twoDatabases: Effect.gen(function*() {
    const metrics = yield* UdpSink.make()
    const audit = yield* UdpSink.make()
    const outcome = yield* ok("twoDatabases.ts", {
      env: { INFLUX_PORT: `${metrics.port}`, AUDIT_PORT: `${audit.port}` }
    })
    assert.strictEqual(outcome.stdout, "metrics: sent 3\naudit: sent 3\n")
    yield* Effect.all([metrics.waitForPoints(3), audit.waitForPoints(3)])
    assert.deepStrictEqual(unstamped(metrics.lines), Array(3).fill("sign_in count=1i"))
    assert.deepStrictEqual(unstamped(audit.lines).sort(), [
      "sign_in,user=ada ok=true",
      "sign_in,user=edsger ok=true",
      "sign_in,user=grace ok=true"
    ])
    assert.deepStrictEqual(stamps(metrics.lines).map((stamp) => stamp.length), [19, 19, 19])
    assert.strictEqual(new Set(stamps(metrics.lines)).size, 3)
    assert.deepStrictEqual(stamps(audit.lines).map((stamp) => stamp.length), [13, 13, 13])
  }),

  configFromEnv: Effect.gen(function*() {
    const sink = yield* UdpSink.make()
    const [outcome, wrong] = yield* Effect.all([
      run("configFromEnv.ts", {
        env: { INFLUX_PORT: `${sink.port}`, INFLUX_PRECISION: "s", INFLUX_TAGS: "region=eu,host=a" }
      }),
      run("configFromEnv.ts", { env: { INFLUX_PORT: "many" } })
    ], { concurrency: "unbounded" })
    assert.strictEqual(outcome.exit, 0, outcome.stderr)
    assert.strictEqual(outcome.stdout, "sent 1\n")
    yield* sink.waitForPoints(1)
    assert.match(sink.lines[0]!, /^started,host=a,region=eu value=1i \d{10}$/)
    assert.strictEqual(wrong.stderr, "Variable INFLUX_PORT is \"many\", allowed is an integer from 1 to 65535\n")
  }),

  shedding: Effect.gen(function*() {
    const outcome = yield* ok("shedding.ts")
    assert.include(outcome.stdout, "pushed 1000 = sent 100 + shed 900 + queued 0 + 0\n")
    assert.include(outcome.stdout, "the last line is job n=999i 0\n")
    assert.include(outcome.stdout, "the queue of 100 points is full, the oldest points are dropped (queue_full)")
    assert.include(outcome.stdout, "shedding stopped: 900 points dropped (queue_full)")
  }),

  spy: Effect.gen(function*() {
    const outcome = yield* ok("spy.ts")
    assert.strictEqual(outcome.stdout, "the order was counted\n")
  }),

  requestTiming: Effect.gen(function*() {
    const { outcome, sink } = yield* sinking("requestTiming.ts")
    assert.strictEqual(outcome.stdout, "/users/1 200\n/users/2 200\n/broken 500\n")
    yield* sink.waitForPoints(5)
    const points = sink.lines.map((line) => /^(.*) duration_ms=([\d.]+) \d+$/.exec(line)!)
    assert.deepStrictEqual(points.map(([, series]) => series), [
      "lookup,outcome=success,table=users",
      "http_request,method=GET,route=/users/:id,status=200",
      "lookup,outcome=success,table=users",
      "http_request,method=GET,route=/users/:id,status=200",
      "http_request,method=GET,route=/broken,status=500"
    ])
    assert.isAbove(Number(points[0]![2]), 3)
  }),

  exportMetrics: Effect.gen(function*() {
    const { sink } = yield* sinking("exportMetrics.ts")
    // Two routes, one histogram, and 21 values of the process.
    yield* sink.waitForPoints(24)
    const lines = unstamped(sink.lines)
    assert.include(lines, "shop_requests,route=/users/:id count=2i")
    assert.include(lines, "shop_requests,route=/ count=1i")
    assert.include(lines, "shop_request_millis count=3i,sum=55.5,min=0.5,max=50,le_1=1i,le_10=2i,le_100=3i")
    assert.isTrue(lines.some((line) => line.startsWith("shop_process_resident_memory_bytes value=")))
    assert.strictEqual(new Set(stamps(sink.lines)).size, 1)
  }),

  tenants: Effect.gen(function*() {
    const server = yield* FaultServer.make({ fallback: FaultServer.answer(204) })
    const outcome = yield* ok("tenants.ts", { env: { INFLUX_URL: server.url } })
    assert.include(outcome.stdout, "acme: 3\nglobex: 1\n")
    assert.match(outcome.stdout, /^Option "\w+" is "(?:tenant-)?no\\nname", allowed is /m)
    const lines = new Map(server.requests.map(({ params, text }) => [params.get("db"), text.split("\n").length]))
    assert.deepStrictEqual(lines, new Map([["acme", 3], ["globex", 1]]))
  }),

  express: webServer("express.ts"),

  fastify: webServer("fastify.ts"),

  hostFigures: Effect.gen(function*() {
    const sink = yield* UdpSink.make()
    const env = { INFLUX_PORT: `${sink.port}` }
    const interrupted = yield* start("hostFigures.ts", { env })
    const outcome = yield* ok("hostFigures.ts", { args: ["2"], env })
    assert.strictEqual(outcome.stdout, "pushed 6 points\n")
    // The seventh is the other program's. What it has queued goes out when it is interrupted: three points a second.
    yield* sink.waitForPoints(7, patience)
    interrupted.signal("SIGINT")
    yield* Effect.promise(() => interrupted.ended)
    yield* waitFor(Effect.sync(() => sink.points), (points) => points % 3 === 0)
    for (const measurement of ["load", "memory", "process"]) {
      assert.strictEqual(sink.lines.filter((line) => line.startsWith(`${measurement},`)).length, sink.points / 3)
    }
  }),

  series: Effect.gen(function*() {
    const { outcome, sink } = yield* sinking("series.ts")
    assert.strictEqual(
      outcome.stdout.split("\n").filter((line) => !line.includes("point dropped")).join("\n"),
      "pushed 3, sent 2, invalid 1\n" +
        "12ms 500000ns, 512 bytes, at 1767225600000000000\n" +
        "Expected \"200\" | \"404\" | \"500\"\n  at [\"status\"]\n"
    )
    assert.include(
      outcome.stdout,
      "field value of \"ratio\": must be a value that the Schema of its series takes: Expected a value between 0 and 1, got 2"
    )
    yield* sink.waitForPoints(2)
    assert.deepStrictEqual(unstamped(sink.lines), [
      "http_request,host=web\\ 1,route=/users,status=200 duration=12.5,bytes=512i",
      "http_request,host=web\\ 1,route=/,status=404 duration=1000,bytes=0i,ratio=0.25"
    ])
  }),

  decode: Effect.gen(function*() {
    const outcome = yield* ok("decode.ts", {
      stdin: "cpu,host=a\\ b load=0.5,cores=8i 1000\nmem used\n# a comment\nm s=\"a\nb\"\n"
    })
    assert.deepStrictEqual(outcome.stdout.trim().split("\n").map((line) => JSON.parse(line)), [
      { measurement: "cpu", tags: { host: "a b" }, fields: { load: 0.5, cores: "8" }, timestamp: "1000" },
      { measurement: "m", tags: {}, fields: { s: "a\nb" } }
    ])
    assert.match(outcome.stderr, /^line 2, column \d+: /)
  })
}

describe.concurrent("the examples", () => {
  for (const [name, test] of Object.entries(tests)) {
    it.live(`${name}.ts does what it says`, () => Effect.scoped(test))
  }

  it("are all run, here or against a real server", () => {
    const files = Fs.globSync("*.ts", { cwd: Path.resolve(import.meta.dirname, "..") })
    assert.deepStrictEqual(files.sort(), [...Object.keys(tests), ...withServer].map((name) => `${name}.ts`).sort())
  })
})
