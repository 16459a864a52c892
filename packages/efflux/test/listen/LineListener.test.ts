/** A listener on real sockets: what it receives, how it answers, and its limits. */
import { assert, describe, it } from "@effect/vitest"
import { waitFor } from "@efflux/testkit"
import { Effect, Exit, Fiber, Metric, Stream } from "effect"
import { Influx, InfluxDatabase, InfluxError, LineListener } from "efflux"
import * as Dgram from "node:dgram"
import * as Net from "node:net"
import { deflateSync, gzipSync } from "node:zlib"

const take = (listener: LineListener.Listener, count: number) =>
  Stream.runCollect(Stream.take(listener.received, count))

/** An element without addresses and times, for comparisons. */
const brief = (received: LineListener.Received): unknown => {
  switch (received._tag) {
    case "Point": {
      const { fields, measurement, timestamp } = received.point
      return timestamp === undefined ? [measurement, fields] : [measurement, fields, timestamp]
    }
    case "Error":
      return [received.error.line, received.error.column, received.error.reason, received.excerpt?.text]
    case "Refused":
      return [received.request, received.status, received.reason]
  }
}

const briefly = (listener: LineListener.Listener, count: number) =>
  Effect.map(take(listener, count), (all) => all.map(brief))

const sendUdp = (port: number, payloads: ReadonlyArray<string | Uint8Array>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => Dgram.createSocket("udp4")),
    (socket) =>
      Effect.callback<void>((resume) => {
        socket.connect(port, "127.0.0.1", () => {
          let left = payloads.length
          for (const payload of payloads) socket.send(payload, () => --left === 0 && resume(Effect.void))
        })
      }),
    (socket) => Effect.sync(() => socket.close())
  )

/** Writes chunks to a TCP connection, one at a time, and ends it. */
const sendTcp = (port: number, chunks: ReadonlyArray<string | Uint8Array>) =>
  Effect.promise(async () => {
    const socket = Net.connect(port, "127.0.0.1")
    socket.setNoDelay(true)
    for (const chunk of chunks) await new Promise<void>((done) => socket.write(chunk, () => done()))
    await new Promise<void>((done) => socket.end(() => done()))
  })

/** Sends bytes as they are, each part after an answer to the one before, and gives all answers until the connection closes. */
const exchange = (port: number, ...parts: ReadonlyArray<string>) =>
  Effect.promise(async () => {
    const socket = Net.connect(port, "127.0.0.1")
    const left = [...parts]
    let answers = ""
    const send = () =>
      left.length > 1 ? socket.write(left.shift()!, "latin1") : socket.end(left.shift() ?? "", "latin1")
    socket.on("data", (data) => {
      answers += data.toString("latin1")
      if (left.length > 0) send()
    })
    socket.on("error", () => {})
    send()
    await new Promise<void>((done) => socket.on("close", () => done()))
    return answers
  })

interface Answer {
  readonly status: number
  readonly body: string
}

const request = (
  listener: LineListener.Listener,
  path: string,
  init: RequestInit = {}
): Effect.Effect<Answer> =>
  Effect.promise(async () => {
    const response = await fetch(`http://127.0.0.1:${listener.http!.port}${path}`, init)
    return { status: response.status, body: await response.text() }
  })

const post = (
  listener: LineListener.Listener,
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {}
) => request(listener, path, { method: "POST", body, headers })

describe("UDP", () => {
  it.live("gives the points and the bad lines of each datagram, with their source and time", () =>
    Effect.gen(function*() {
      const listener = yield* LineListener.make({ udp: 0 })
      const before = BigInt(Date.now()) * 1_000_000n
      yield* sendUdp(listener.udp!.port, ["cpu,host=a load=0.5 1000\n# comment\n\nm v=1\nm v=high", "second v=1i"])
      const received = yield* take(listener, 4)
      assert.deepStrictEqual(received.map(brief), [
        ["cpu", { load: 0.5 }, 1000n],
        ["m", { v: 1 }],
        [5, 5, "invalid value", "m v=high"],
        ["second", { v: 1n }]
      ])
      for (const { receivedAt, source } of received) {
        assert.strictEqual(source.transport, "udp")
        assert.match(source.address, /^127\.0\.0\.1:\d+$/)
        assert.isTrue(receivedAt >= before)
      }
      assert.deepInclude(yield* listener.counts, { points: 3, errors: 1, payloads: 2, waiting: 0, dropped: 0 })
    }))

  it.live("reads timestamps in the unit that it is told, by the rules that it is told", () =>
    Effect.gen(function*() {
      const listener = yield* LineListener.make({ udp: 0, precision: "s", dialect: "influx-2" })
      yield* sendUdp(listener.udp!.port, ["m v=1u 3"])
      const [point] = yield* Stream.runCollect(Stream.take(listener.points, 1))
      assert.strictEqual(point!.timestamp, 3_000_000_000n)
    }))

  it.live("explains what is no line protocol", () =>
    Effect.gen(function*() {
      const listener = yield* LineListener.make({ udp: 0 })
      yield* sendUdp(listener.udp!.port, [
        "page.views:1|c|#env:prod",
        Uint8Array.of(0xff, 0x06, 0x00, 0x00, 0x73),
        "",
        "{\"cpu\": 1}",
        "<30>Oct 9 22:33:20 host app: message",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
      ])
      const errors = (yield* take(listener, 5)).filter((received) => received._tag === "Error")
      assert.isAtLeast(errors.length, 4)
      for (const { error, excerpt } of errors) {
        assert.isAtLeast(error.column, 1)
        assert.isDefined(excerpt)
      }
    }))

  it.live("loses no datagram without counting it, while it does not get to read its socket", () =>
    Effect.gen(function*() {
      const listener = yield* LineListener.make({ udp: 0, receiveBufferBytes: 4096 })
      const sent = 3000
      // The kernel takes these datagrams at once, while this thread can't read.
      yield* sendUdp(listener.udp!.port, Array.from({ length: sent }, () => `m v=1`))
      const counts = yield* waitFor(listener.counts, ({ kernelDrops = 0, payloads }) => payloads + kernelDrops >= sent)
      assert.strictEqual(counts.payloads + (counts.kernelDrops ?? 0), sent)
      assert.strictEqual(counts.points, counts.payloads)
      if (process.platform === "linux") assert.isAbove(counts.kernelDrops ?? 0, 0)
    }))

  it.live("receives what a database sends", () =>
    Effect.gen(function*() {
      const listener = yield* LineListener.make({ udp: 0 })
      yield* Influx.pushAll(
        Array.from({ length: 500 }, (_, n) => ({ measurement: "m", tags: { n: String(n) }, fields: { n } }))
      ).pipe(
        Effect.provide(InfluxDatabase.layer({ port: listener.udp!.port })),
        Effect.provideService(Metric.MetricRegistry, new Map())
      )
      const points = yield* Stream.runCollect(Stream.take(listener.points, 500))
      assert.strictEqual(new Set(points.map(({ tags }) => tags.n)).size, 500)
    }))
})

describe("TCP", () => {
  it.live("reads a connection as one text, cut anywhere, and its last line without a line feed", () =>
    Effect.gen(function*() {
      const listener = yield* LineListener.make({ tcp: 0 })
      yield* sendTcp(listener.tcp!.port, ["cpu lo", "ad=0.5 1000\nm v=hi", "gh\nm v=\"a\n", "b\"", "\nend v=1"])
      assert.deepStrictEqual(yield* briefly(listener, 4), [
        ["cpu", { load: 0.5 }, 1000n],
        [2, 5, "invalid value", "m v=high"],
        ["m", { v: "a\nb" }],
        ["end", { v: 1 }]
      ])
    }))

  it.live("keeps connections apart", () =>
    Effect.gen(function*() {
      const listener = yield* LineListener.make({ tcp: 0 })
      yield* Effect.all(
        Array.from({ length: 20 }, (_, n) => sendTcp(listener.tcp!.port, [`m${n} v`, `=${n}`, "\n"])),
        { concurrency: "unbounded" }
      )
      const points = yield* Stream.runCollect(Stream.take(listener.points, 20))
      assert.deepStrictEqual(
        points.map(({ fields, measurement }) => `${measurement}=${fields.v}`).toSorted(),
        Array.from({ length: 20 }, (_, n) => `m${n}=${n}`).toSorted()
      )
    }))

  it.live("holds no line that is too long", () =>
    Effect.gen(function*() {
      const listener = yield* LineListener.make({ tcp: 0, maxLineBytes: 1000 })
      yield* sendTcp(listener.tcp!.port, [
        "m v=\"",
        ...Array.from({ length: 50 }, () => "x".repeat(1000)),
        "\"\nm v=2\n"
      ])
      const [error, point] = yield* take(listener, 2)
      if (error!._tag !== "Error") return assert.fail("no error")
      assert.strictEqual(error.error.reason, "line too long")
      assert.strictEqual(error.error.message, "line 1, column 1001: the line is longer than maxLineBytes (1000)")
      assert.deepStrictEqual(brief(point!), ["m", { v: 2 }])
    }))

  it.live("closes its connections and frees its port with its scope", () =>
    Effect.gen(function*() {
      const { port, socket } = yield* Effect.scoped(Effect.gen(function*() {
        const listener = yield* LineListener.make({ tcp: 0, http: 0, udp: 0 })
        const socket = Net.connect(listener.tcp!.port, "127.0.0.1")
        socket.write("m v=1\n")
        yield* take(listener, 1)
        return { port: listener.tcp!.port, socket }
      }))
      yield* Effect.callback<void>((resume) => {
        socket.resume()
        if (socket.closed) resume(Effect.void)
        else socket.once("close", () => resume(Effect.void))
      })
      yield* LineListener.make({ tcp: port })
    }))
})

describe("HTTP", () => {
  const made = LineListener.make({ http: 0, maxBodyBytes: 10_000 })

  it.live("takes the writes of versions 1, 2 and 3, each with its names for a unit and a database", () =>
    Effect.gen(function*() {
      const listener = yield* made
      const writes: ReadonlyArray<readonly [path: string, nanos: bigint, database: string | undefined]> = [
        ["/write?db=one", 7n, "one"],
        ["/write?db=one&precision=n", 7n, "one"],
        ["/write?db=one&precision=u", 7_000n, "one"],
        ["/write?precision=h", 7n * 3_600_000_000_000n, undefined],
        ["/api/v2/write?bucket=b%20c&org=o&precision=ms", 7_000_000n, "b c"],
        ["/api/v2/write?bucket=b", 7n, "b"],
        ["/api/v3/write_lp?db=three&precision=nanosecond", 7n, "three"],
        ["/api/v3/write_lp?db=three&precision=second", 7_000_000_000n, "three"],
        ["/api/v3/write_lp?db=three", 7_000_000_000n, "three"],
        ["/api/v3/write_lp?db=three&precision=auto", 7_000_000_000n, "three"]
      ]
      for (const [path, nanos, database] of writes) {
        assert.deepStrictEqual(yield* post(listener, path, "m v=1 7"), { status: 204, body: "" }, path)
        const [received] = yield* take(listener, 1)
        assert.deepStrictEqual(brief(received!), ["m", { v: 1 }, nanos], path)
        assert.strictEqual(received!.source.database, database)
        assert.strictEqual(received!.source.address, "127.0.0.1")
      }
    }))

  it.live("guesses the unit of a version 3 timestamp by its size", () =>
    Effect.gen(function*() {
      const listener = yield* made
      const now = 1_767_225_600n
      const lines = [now, now * 1000n, now * 1_000_000n, now * 1_000_000_000n, -now * 1000n].map((t) => `m v=1 ${t}`)
      yield* post(listener, "/api/v3/write_lp?db=d", lines.join("\n"))
      const points = yield* Stream.runCollect(Stream.take(listener.points, 5))
      const nanos = now * 1_000_000_000n
      assert.deepStrictEqual(points.map(({ timestamp }) => timestamp), [nanos, nanos, nanos, nanos, -nanos])
    }))

  it.live("inflates gzip", () =>
    Effect.gen(function*() {
      const listener = yield* made
      const body = gzipSync("a v=1\nb v=2")
      assert.strictEqual((yield* post(listener, "/write", body, { "content-encoding": "gzip" })).status, 204)
      assert.deepStrictEqual(yield* briefly(listener, 2), [["a", { v: 1 }], ["b", { v: 2 }]])
    }))

  it.live("keeps the good lines and answers as each version does where others are bad", () =>
    Effect.gen(function*() {
      const listener = yield* made
      const bad = "good v=1\nbad v=no\nx"
      const v1 = yield* post(listener, "/write", bad)
      assert.strictEqual(v1.status, 400)
      assert.match(
        JSON.parse(v1.body).error,
        /^partial write: unable to parse 'bad v=no': line 2, column 7: .* dropped=2$/s
      )
      const v2 = yield* post(listener, "/api/v2/write?bucket=b", bad)
      assert.deepInclude(JSON.parse(v2.body), { code: "invalid" })
      const v3 = yield* post(listener, "/api/v3/write_lp?db=d", bad)
      assert.deepStrictEqual(
        JSON.parse(v3.body).data.map(({ line_number, original_line }: Record<string, unknown>) => [
          line_number,
          original_line
        ]),
        [[2, "bad v=no"], [3, "x"]]
      )
      assert.deepInclude(yield* listener.counts, { points: 3, errors: 6, refused: 0 })
    }))

  it.live("answers in any script, and however long a bad line is: its header has what a header can have", () =>
    Effect.gen(function*() {
      const listener = yield* made
      for (const path of ["/write", "/api/v2/write?bucket=b"]) {
        for (const line of ["漢", "é 😀", `a\u2028 ${"x".repeat(3000)}`, "\u0001 \u0085"]) {
          const { body, status } = yield* post(listener, path, `good v=1\n${line}`)
          assert.strictEqual(status, 400)
          assert.match(body, /dropped=1/)
        }
        // More bad lines than an answer names.
        assert.strictEqual((yield* post(listener, path, `good v=1\n${"漢\n".repeat(200)}`)).status, 400)
      }
      for (const precision of ["漢", "x".repeat(1000)]) {
        const { body, status } = yield* post(listener, `/write?precision=${encodeURIComponent(precision)}`, "m v=1")
        assert.strictEqual(status, 400)
        assert.match(body, /allowed is ns, us/)
      }
    }))

  it.live("takes nothing of a body that is too large, inflated too, that is cut off or no gzip, and says so", () =>
    Effect.gen(function*() {
      const listener = yield* made
      const gzip = { "content-encoding": "gzip" }
      const large = "m v=1\n".repeat(10_000)
      const refused: ReadonlyArray<readonly [Effect.Effect<Answer>, number, RegExp]> = [
        [post(listener, "/write", large), 413, /more than 10000 bytes/],
        [post(listener, "/write", gzipSync(new Uint8Array(100_000_000)), gzip), 413, /more than 10000 bytes/],
        [post(listener, "/write", gzipSync("m v=1").subarray(0, 15), gzip), 400, /ended early or is not gzip/],
        [post(listener, "/write", "m v=1", { "content-encoding": "GZIP" }), 400, /ended early or is not gzip/],
        [post(listener, "/write", "m v=1", gzip), 400, /ended early or is not gzip/],
        [post(listener, "/write", deflateSync("m v=1"), { "content-encoding": "deflate" }), 415, /allowed is gzip/],
        [post(listener, "/write?precision=fortnight", "m v=1"), 400, /precision is "fortnight", allowed is ns, us/],
        [post(listener, "/api/v2/write?precision=h", "m v=1"), 400, /precision is "h", allowed is ns, us, ms, s$/],
        [post(listener, "/api/v1/write", "m v=1"), 404, /line protocol at \/write, /],
        [request(listener, "/write?db=secret"), 405, /a write is a POST, this was a GET/],
        [request(listener, "/__proto__", { method: "POST", body: "m v=1" }), 404, /nothing else/]
      ]
      for (const [send, status, reason] of refused) {
        const answer = yield* send
        assert.strictEqual(answer.status, status, answer.body)
        const [received] = yield* take(listener, 1)
        assert.isTrue(received!._tag === "Refused" && received.status === status && reason.test(received.reason))
        assert.notInclude(JSON.stringify(received, (_, value) => typeof value === "bigint" ? "" : value), "secret")
      }
      assert.deepInclude(yield* listener.counts, { points: 0, refused: refused.length })
    }))

  it.live("refuses and counts what is no HTTP request", () =>
    Effect.gen(function*() {
      const listener = yield* made
      const write = "POST /write?db=secret HTTP/1.1\r\nHost: a\r\n"
      const get = "GET /ping HTTP/1.1\r\nHost: a\r\n"
      const cases: ReadonlyArray<readonly [parts: ReadonlyArray<string>, answers: RegExp, status: number]> = [
        [["m v=1\n"], /^HTTP\/1\.1 400 /, 400],
        [["\x16\x03\x01\x02\0\x01"], /^HTTP\/1\.1 400 /, 400],
        [[`${get}X`], /^HTTP\/1\.1 400 /, 400],
        [[`${get}X: ${"x".repeat(100_000)}\r\n`], /^HTTP\/1\.1 431 /, 431],
        [[`${write}Content-Length: 5\r\n\r\nm v=1`, "no request\r\n\r\n"], /^HTTP\/1\.1 204 .*\nHTTP\/1\.1 400 /s, 400]
      ]
      for (const [parts, answers, status] of cases) {
        assert.match(yield* exchange(listener.http!.port, ...parts), answers)
        const [refused] = yield* Stream.runCollect(
          Stream.take(Stream.filter(listener.received, (received) => received._tag === "Refused"), 1)
        )
        assert.deepStrictEqual([refused!.request, refused!.status], ["(not HTTP)", status])
        assert.match(refused!.reason, /^no HTTP request could be read: Parse Error.* \(HPE_\w+\)$/)
        assert.strictEqual(refused!.source.address, "127.0.0.1")
      }
      assert.deepInclude(yield* listener.counts, { points: 1, payloads: cases.length + 1, refused: cases.length })
    }))

  it.live.each([
    ["offers an upgrade, as Java's client does", "Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c"],
    ["offers a web socket", "Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket"],
    ["expects what nobody knows", "Host: a\r\nExpect: 200-ok"],
    ["waits to be asked", "Host: a\r\nExpect: 100-continue"],
    ["names no host", "X: y"],
    ["names an encoding that is empty", "Host: a\r\nContent-Encoding: "],
    ["names the server too", "Host: a", "http://proxy:8086"]
  ])("reads the body of a write that %s", ([, headers, server = ""]) =>
    Effect.gen(function*() {
      const listener = yield* made
      const head = `POST ${server}/write HTTP/1.1\r\n${headers}\r\nContent-Length: 5\r\n\r\n`
      assert.match(yield* exchange(listener.http!.port, `${head}m v=1`), /^(HTTP\/1\.1 100 .*\s+)?HTTP\/1\.1 204 /)
      assert.deepInclude(yield* listener.counts, { points: 1, refused: 0, payloads: 1 })
    }))

  it.live.each([
    "Content-Length: 50\r\n\r\nm v",
    "Transfer-Encoding: chunked\r\n\r\n3\r\nm v",
    "Expect: 100-continue\r\nContent-Length: 50\r\n\r\n"
  ])(
    "refuses a request once that is not complete: %j",
    (rest) =>
      Effect.gen(function*() {
        const listener = yield* made
        yield* exchange(listener.http!.port, `POST /write HTTP/1.1\r\nHost: a\r\n${rest}`)
        assert.deepStrictEqual(yield* briefly(listener, 1), [["POST /write", 400, "the body ended early"]])
        assert.deepInclude(yield* listener.counts, { payloads: 1, refused: 1 })
      })
  )

  it.live("refuses a request once, whatever stands in place of its body, and counts no connection without one", () =>
    Effect.gen(function*() {
      const listener = yield* made
      const chunked = "POST /write?db=secret HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nno length\r\n"
      assert.match(yield* exchange(listener.http!.port, chunked), /^HTTP\/1\.1 400 /)
      assert.deepStrictEqual(yield* briefly(listener, 1), [["POST /write", 400, "the body ended early"]])
      assert.strictEqual(yield* exchange(listener.http!.port, ""), "")
      assert.strictEqual((yield* post(listener, "/write", "m v=1")).status, 204)
      assert.deepInclude(yield* listener.counts, { points: 1, payloads: 2, refused: 1 })
    }))

  it.live("keeps nobody from writing while slow clients send, and holds four large bodies at a time", () =>
    Effect.gen(function*() {
      const listener = yield* LineListener.make({ http: 0 })
      const started = (size: number) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            const socket = Net.connect(listener.http!.port, "127.0.0.1")
            socket.on("error", () => {})
            socket.write(
              `POST /write HTTP/1.1\r\nHost: a\r\nContent-Length: ${size + 2}\r\n\r\n#${"x".repeat(size - 1)}`
            )
            return socket
          }),
          (socket) => Effect.sync(() => socket.destroy())
        )
      for (let n = 0; n < 10; n++) yield* started(1000)
      const large = yield* Effect.forEach([1, 2, 3, 4], () => started(70_000))
      yield* waitFor(listener.counts, ({ bytes }) => bytes === 10 * 1000 + 4 * 70_000)
      assert.strictEqual((yield* post(listener, "/write", "m v=1")).status, 204)
      const fifth = yield* Effect.forkChild(post(listener, "/write", `${"# x\n".repeat(17_500)}m v=2`))
      yield* waitFor(listener.counts, ({ bytes }) => bytes > 350_000)
      assert.strictEqual(
        (yield* post(listener, "/write", gzipSync("m v=3"), { "content-encoding": "gzip" })).status,
        204
      )
      assert.isUndefined(fifth.pollUnsafe())
      large[0]!.destroy()
      assert.strictEqual((yield* Fiber.join(fifth)).status, 204)
      assert.deepStrictEqual((yield* listener.counts).points, 3)
    }))

  it.live("answers /ping, /health and /ready", () =>
    Effect.gen(function*() {
      const listener = yield* made
      assert.strictEqual((yield* request(listener, "/ping")).status, 204)
      assert.strictEqual((yield* request(listener, "/ping", { method: "HEAD" })).status, 204)
      assert.strictEqual(JSON.parse((yield* request(listener, "/health")).body).status, "pass")
      assert.strictEqual(JSON.parse((yield* request(listener, "/ready")).body).status, "ready")
      assert.strictEqual((yield* listener.counts).payloads, 0)
    }))
})

describe("a listener", () => {
  it.live("drops the oldest beyond its capacity, and counts it", () =>
    Effect.gen(function*() {
      const listener = yield* LineListener.make({ tcp: 0, capacity: 10 })
      yield* sendTcp(listener.tcp!.port, [Array.from({ length: 1000 }, (_, n) => `m v=${n}\n`).join("")])
      const counts = yield* waitFor(listener.counts, ({ points }) => points === 1000)
      assert.deepInclude(counts, { waiting: 10, dropped: 990 })
      const points = yield* Stream.runCollect(Stream.take(listener.points, 10))
      assert.deepStrictEqual(points.map(({ fields }) => fields.v), Array.from({ length: 10 }, (_, n) => 990 + n))
    }))

  it.live("fails for a port that is taken, with the place", () =>
    Effect.gen(function*() {
      for (const transport of ["udp", "tcp", "http"] as const) {
        const first = yield* LineListener.make({ [transport]: 0 })
        const { port } = first[transport]!
        const error = yield* Effect.flip(LineListener.make({ [transport]: port }))
        assert.isTrue(error.reason instanceof InfluxError.OpenFailed)
        assert.include(error.message, `${transport}://127.0.0.1:${port}`)
      }
    }))

  it.live.each<readonly [object, RegExp]>([
    [{}, /"?udp"?.*at least one of udp, tcp and http/],
    [{ udp: 65_536 }, /udp.*65536.*port from 0 to 65535/],
    [{ tcp: -1 }, /tcp.*-1/],
    [{ http: 1.5 }, /http.*1\.5/],
    [{ udp: "8089" }, /udp.*8089/],
    [{ udp: 0, dialect: "influx" }, /dialect.*"influx".*"influx-1", "influx-2"/],
    [{ udp: 0, precision: "n" }, /precision.*"n".*"ns", "us"/],
    [{ udp: 0, capacity: 0 }, /capacity.*0.*integer from 1/],
    [{ udp: 0, maxBodyBytes: Number.NaN }, /maxBodyBytes.*NaN/],
    [{ udp: 0, host: "" }, /host.*""/],
    [{ udp: 0, port: 1 }, /port.*LineListener has no such option/],
    [{ udp: 0, capcity: 1 }, /Did you mean "capacity"/],
    [new Map([["udp", 0]]), /plain object/]
  ])("names a wrong option and what is allowed: %j", ([options, message]) =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Effect.scoped(LineListener.make(options)))
      assert.isTrue(Exit.isFailure(exit))
      assert.match(String(exit), message)
    }))

  it.live("is a service too", () =>
    Effect.gen(function*() {
      const listener = yield* LineListener.LineListener
      yield* sendUdp(listener.udp!.port, ["m v=1"])
      assert.deepStrictEqual(yield* briefly(listener, 1), [["m", { v: 1 }]])
    }).pipe(Effect.provide(LineListener.layer({ udp: 0 }))))
})
