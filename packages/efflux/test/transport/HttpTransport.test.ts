/** Writing over HTTP: what reaches the server, what is tried again, and how each answer is counted. */
import { assert, describe, it } from "@effect/vitest"
import { FaultServer } from "@efflux/testkit"
import { Clock, Effect } from "effect"
import type { DatabaseConfig } from "efflux"
import { httpsPort } from "../support/certificate.ts"
import { apis, type Bench, type BenchOptions, secret, withBench } from "../support/httpFaults.ts"
import { silentPort, swallowingPort } from "../support/stuckPorts.ts"

const { answer, by, json } = FaultServer

const ok = answer(204)
const partly = json(400, { error: "partial write: x dropped=2" })

/** What InfluxDB 3 says of one line. */
const badLine = {
  error: "partial write of line protocol occurred",
  data: [{ error_message: "no", line_number: 3, original_line: "x" }]
}

/** Takes the requests for which that holds; the others are too large. */
const takes = (isTaken: (text: string) => boolean) => by(({ text }) => isTaken(text) ? ok : answer(413))

/** Pushes one payload after the other, each of so many points, and asks for what became of them and how often. */
const payloads = (
  points: ReadonlyArray<number>,
  requests: number | undefined,
  options: BenchOptions
) =>
  withBench({ api: "v1", ...options }, function*(bench) {
    for (const count of points) yield* bench.settle(count)
    if (requests !== undefined) assert.strictEqual(bench.server.requests.length, requests)
  })

describe("a request", () => {
  const expected = {
    v1: ["/write?db=db&precision=n", `Basic ${btoa(`user:${secret}`)}`],
    v2: ["/api/v2/write?org=org&bucket=bucket&precision=ns", `Token ${secret}`],
    v3: ["/api/v3/write_lp?db=db&precision=nanosecond&accept_partial=true&no_sync=false", `Bearer ${secret}`]
  }
  it.effect.each(apis)(
    "of %s has its path, parameters and credentials, and the lines as they are; from a threshold as gzip",
    (api) =>
      withBench({ api, fate: { sent: 1001 } }, function*(bench) {
        yield* bench.settle(1)
        yield* bench.settle(1000)
        const line = (n: number) => `m,t=${n} v=${n} ${1_700_000_000_000_000_000n + BigInt(n)}`
        const texts = [line(0), Array.from({ length: 1000 }, (_, n) => line(n + 1)).join("\n")]
        assert.deepStrictEqual(
          bench.server.requests.map(({ headers, method, params, path, text }) => [
            method,
            `${path}?${params}`,
            headers.authorization,
            headers["content-encoding"],
            text
          ]),
          texts.map((text, n) => ["POST", ...expected[api], n === 0 ? undefined : "gzip", text])
        )
        assert.strictEqual(bench.stats().bytes, texts.join("").length)
      })
  )

  it.effect("keeps its connection", () =>
    withBench({}, function*(bench) {
      for (let i = 0; i < 20; i++) yield* bench.settle(10)
      assert.deepStrictEqual([bench.server.requests.length, bench.server.connections], [20, 1])
    }))

  it.effect("does not use a connection for longer than a minute, so that a changed address is followed", () =>
    withBench({ fate: { sent: 13 } }, function*(bench) {
      for (let second = 0; second < 130; second += 10) {
        yield* bench.settle(1)
        yield* bench.pass("10 seconds")
      }
      assert.isAtLeast(bench.server.connections, 2)
      assert.isAtMost(bench.server.connections, 3)
    }))
})

describe("closing", () => {
  const pushed = (bench: Bench, points: number) =>
    bench.database.pushAll(
      Array.from({ length: points }, (_, n) => ({ measurement: "m", fields: { n: BigInt(n) }, timestamp: 1n }))
    )
  const config = { drainTimeout: 100 } as const

  it.effect("between two tries that were refused leaves nothing unknown", () =>
    withBench({
      fallback: answer(503, { headers: { "retry-after": "60" } }),
      config: { ...config, batchSize: 10 },
      fate: { shutdown: 25 }
    }, function*(bench) {
      yield* pushed(bench, 25)
      yield* bench.until("it is refused", () => bench.server.requests.length === 1)
    }))

  it.effect.each(
    [
      ["swallows its SYNs", swallowingPort, "http"],
      ["does not finish the TLS handshake", silentPort, "https"]
    ] as const
  )(
    "while the first attempt connects leaves nothing unknown: a host that %s",
    ([, port, scheme]) =>
      Effect.gen(function*() {
        const url = `${scheme}://127.0.0.1:${yield* port}`
        yield* withBench({ config: { ...config, url, batchSize: 10 }, fate: { shutdown: 25 } }, function*(bench) {
          yield* bench.push(10)
          yield* pushed(bench, 15)
        })
      }).pipe(Effect.scoped)
  )

  it.effect("while a later attempt connects leaves unknown what an earlier one may have stored, and no more", () =>
    Effect.gen(function*() {
      const port = yield* silentPort
      yield* withBench({
        fallback: FaultServer.close,
        config: (url) => ({ ...config, url: undefined, urls: [url, `https://127.0.0.1:${port}`], batchSize: 10 }),
        fate: { unknown: 10, shutdown: 15 }
      }, function*(bench) {
        yield* pushed(bench, 25)
        yield* bench.until("the next attempt began", () => bench.logs.length > 0)
      })
    }).pipe(Effect.scoped))

  it.effect("while a kept connection is silent leaves unknown what was written to it", () =>
    withBench(
      { faults: [ok], fallback: FaultServer.silence, config, fate: { sent: 1, unknown: 10 } },
      function*(bench) {
        yield* bench.settle(1)
        yield* bench.push(10)
        yield* bench.until("it was written", () => bench.server.requests.length === 2)
        assert.strictEqual(bench.server.connections, 1)
      }
    ))

  it.effect("between the halves of a payload: what was taken is sent, what was under way unknown, the rest shut down", () =>
    Effect.gen(function*() {
      const taken: Array<number> = []
      const fallback = by(({ text }) => {
        if (text.length > 120) return answer(413)
        return taken.push(text.split("\n").length) <= 2 ? ok : FaultServer.silence
      })
      const { dropped, sent } = yield* withBench({ fallback, config }, function*(bench) {
        yield* pushed(bench, 40)
        yield* bench.until("a third part is under way", () => taken.length === 3)
      })
      const [first, second, third] = taken as [number, number, number]
      assert.deepStrictEqual([sent, dropped.unknown, dropped.shutdown], [
        first + second,
        third,
        40 - first - second - third
      ])
    }))

  it.effect("W4: between the halves of a payload: what an attempt before may have stored is unknown", () =>
    withBench({
      faults: [FaultServer.close, answer(413)],
      fallback: FaultServer.silence,
      config,
      fate: { unknown: 10 }
    }, function*(bench) {
      yield* pushed(bench, 10)
      yield* bench.until("a half is under way", () => bench.server.requests.length === 3)
    }))
})

describe("what the server refuses", () => {
  it.effect("the points of a field's first payload that don't agree on its type cost only themselves", () =>
    payloads([10], 2, {
      faults: [json(400, { error: "field type conflict" }), json(400, { error: "partial write: x dropped=1" })],
      fate: { sent: 9, rejected: 1 }
    }))

  it.effect("a size that was too large is tried again after ten minutes", () =>
    withBench({ fallback: takes((text) => text.length <= 300), fate: { sent: 120 } }, function*(bench) {
      const tooLarge = () => bench.server.requests.filter(({ text }) => text.length > 300).length
      yield* bench.settle(40)
      const first = tooLarge()
      assert.isAbove(first, 0)
      yield* bench.pass("9 minutes")
      yield* bench.settle(40)
      assert.strictEqual(tooLarge(), first)
      yield* bench.pass("1 minute")
      yield* bench.settle(40)
      assert.isAbove(tooLarge(), first)
    }))
})

describe("W10: points that are split over several lines, of which a server takes some", () => {
  const names = ["a", "b", "c", "d"]
  const config = { oversize: "split", maxPayloadBytes: 900, gzipThreshold: "none" } as const

  // Each point has four fields of a length that makes it four lines.
  const split = (bench: Bench, points: number) =>
    Effect.suspend(() => {
      for (let n = 0; n < points; n++) {
        const fields = Object.fromEntries(names.map((name) => [`${name}${n}`, name.repeat(500)]))
        bench.database.pushUnsafe({ measurement: "m", fields, timestamp: 1n })
      }
      return bench.settled
    })

  it.effect.each(
    [
      ["takes none", () => false],
      ["takes all", () => true],
      ["takes single lines", (text: string) => !text.includes("\n")],
      ["takes no field b", (text: string) => !text.includes("m b")],
      ["takes no field d of the third", (text: string) => !text.includes("d2=")],
      ["takes no field a of the first, and single lines", (text: string) => !/\n|a0=/.test(text)]
    ] as const
  )(
    "a server that %s: a point is sent if all of its lines were taken",
    ([, isTaken]) =>
      withBench({ config, fallback: takes(isTaken) }, function*(bench) {
        yield* split(bench, 5)
        const stored = new Set(
          bench.server.requests.filter(({ text }) => isTaken(text)).flatMap(({ text }) => text.match(/^m \w\d/gm))
        )
        const whole = [0, 1, 2, 3, 4].filter((n) => names.every((name) => stored.has(`m ${name}${n}`))).length
        const { dropped, sent } = bench.stats()
        assert.deepStrictEqual([sent, dropped.rejected], [whole, 5 - whole])
      })
  )

  it.effect("lines that InfluxDB 3 names cost the points that they belong to", () => {
    const fallback = by(({ text }) => {
      const data = text.split("\n").flatMap((line, i) =>
        line.includes("b1=") ? [{ line_number: i + 1, original_line: line, error_message: "no" }] : []
      )
      return data.length === 0 ? ok : json(400, { ...badLine, data })
    })
    return withBench({ api: "v3", config, fallback, fate: { sent: 2, rejected: 1 } }, function*(bench) {
      yield* split(bench, 3)
    })
  })
})

describe("W4: a request that a server may have acted on", () => {
  const later: ReadonlyArray<readonly [name: string, fallback: FaultServer.Fault, unknown: number]> = [
    ["is confirmed", ok, 0],
    ["is refused for good", answer(401), 10],
    ["finds no database", json(404, { error: "database not found" }), 10],
    ["fails", answer(501), 10],
    ["is closed too", FaultServer.close, 10],
    ["names how many are bad", partly, 2],
    ["names which one is bad", json(400, badLine), 1],
    ["refuses all", json(400, { error: "unable to parse 'm n=': x" }), 10],
    ["refuses all by a failure", json(500, { error: "field type conflict" }), 10],
    ["refuses the halves", by(({ text }) => answer(text.includes("\n") ? 413 : 400, { body: "unable to parse" })), 10]
  ]
  for (const [lost, fault] of [["close", FaultServer.close], ["reset", FaultServer.reset]] as const) {
    // The first answer makes the connection one that is kept.
    it.effect.each(later)(
      `is unknown if no later attempt is confirmed: ${lost}, then it %s`,
      ([, fallback, unknown]) =>
        payloads([1, 10], undefined, {
          faults: [ok, fault],
          fallback,
          config: { retries: 1 },
          fate: unknown === 0 ? { sent: 11 } : { sent: 11 - unknown, unknown }
        })
    )
  }

  it.effect("is unknown if another host may have stored what a server refuses", () =>
    Effect.gen(function*() {
      const { url: first } = yield* FaultServer.make({ fallback: FaultServer.close })
      yield* payloads([10], 1, {
        fallback: partly,
        config: (url) => ({ url: undefined, urls: [first, url] }),
        fate: { sent: 8, unknown: 2 }
      })
    }))

  it.effect.each([["busy", 503], ["failing", 500], ["over its quota", 429]] as const)(
    "is rejected if the attempt before was answered: %s",
    ([, status]) => payloads([10], 2, { faults: [answer(status)], fallback: partly, fate: { sent: 8, rejected: 2 } })
  )
})

describe("W4: points without a timestamp, of which two would be stored", () => {
  const fates: ReadonlyArray<readonly [sentAgain: string, name: string, fault: FaultServer.Fault]> = [
    ["not sent again", "closes", FaultServer.close],
    ["not sent again", "resets", FaultServer.reset],
    ["not sent again", "does not answer", FaultServer.silence],
    ["not sent again", "breaks off its answer", FaultServer.truncated.length],
    ["not sent again", "stands behind a proxy that got no answer", answer(504)],
    ["sent again", "is busy", answer(503)],
    ["sent again", "takes no more for now", answer(429)]
  ]
  it.effect.each(fates)("are %s to a server that %s", ([sentAgain, , fault]) =>
    withBench({
      faults: [ok, fault],
      config: { timestamps: "server" },
      fate: sentAgain === "sent again" ? { sent: 11 } : { sent: 1, unknown: 10 }
    }, function*(bench) {
      for (const count of [1, 10]) {
        yield* bench.database.pushAll(Array.from({ length: count }, () => ({ measurement: "m", fields: { n: 1 } })))
        yield* bench.settled
      }
      assert.strictEqual(bench.server.requests.length, sentAgain === "sent again" ? 3 : 2)
    }))
})

describe("a deadline that passes while a request connects", () => {
  const connecting = [
    ["swallows SYNs", swallowingPort, "http"],
    ["does not finish the TLS handshake", silentPort, "https"]
  ] as const
  it.effect.each(connecting)("leaves nothing unknown, with timestamps or without: a host that %s", (
    [, port, scheme]
  ) =>
    Effect.gen(function*() {
      const url = `${scheme}://127.0.0.1:${yield* port}`
      for (const timestamps of ["client", "server"] as const) {
        yield* payloads([10], 0, { config: { url, timeout: 500, retries: 1, timestamps }, fate: { send_error: 10 } })
        const config = (second: string) => ({ url: undefined, urls: [url, second], timeout: 500, timestamps })
        yield* payloads([10], 1, { config, fate: { sent: 10 } })
      }
    }).pipe(Effect.scoped))
})

describe("W2: an answer to a write that is final", () => {
  const switches = FaultServer.raw(
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
  )
  // Which texts are about the points is in `http/WriteAnswer.test.ts`.
  const answers: ReadonlyArray<readonly [name: string, fault: FaultServer.Fault, reason: "rejected" | "send_error"]> = [
    ["500 with a control character", answer(500, { body: `{"error":"unable to parse 'm\x01\n'"}` }), "rejected"],
    ["415 without gzip", answer(415), "rejected"],
    ["101, another protocol", switches, "send_error"]
  ]
  it.effect.each(answers)(
    "is not tried again: %s",
    ([, fallback, reason]) => payloads([10], 1, { fallback, config: { gzipThreshold: "none" }, fate: { [reason]: 10 } })
  )

  it.effect("415 to gzip: it is sent once more without, as is all that follows", () =>
    withBench({
      fallback: by(({ headers }) => answer(headers["content-encoding"] === "gzip" ? 415 : 204)),
      config: { gzipThreshold: 0 },
      fate: { sent: 30 }
    }, function*(bench) {
      for (let n = 0; n < 3; n++) yield* bench.settle(10)
      const encodings = bench.server.requests.map(({ headers }) => headers["content-encoding"])
      assert.deepStrictEqual(encodings, ["gzip", undefined, undefined, undefined])
    }))
})

describe("W6: informational answers before the answer", () => {
  const before = [
    ["100 Continue", "HTTP/1.1 100 Continue\r\n\r\n"],
    ["100 Continue twice", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"],
    ["102 Processing", "HTTP/1.1 102 Processing\r\n\r\n"],
    ["103 Early Hints", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"]
  ] as const
  it.effect.each(before)("%s: the final answer counts", ([, head]) =>
    withBench({
      api: "v1",
      fallback: (socket, request, nth) => {
        socket.write(head)
        const fault = nth === 1 ? partly : ok
        fault(socket, request, nth)
      },
      fate: { sent: 18, rejected: 2 }
    }, function*(bench) {
      for (const points of [10, 10]) yield* bench.settle(points)
      assert.strictEqual(bench.server.connections, 1)
    }))
})

describe("retryTimeout", () => {
  // A pause that went beyond it would keep these waiting for a minute, or for the time of a thousand tries.
  it.effect.each<readonly [retryAfter: string | undefined, config: Partial<DatabaseConfig.HttpV2Config>]>([
    ["60", { retryTimeout: "1 second" }],
    ["60", { retryTimeout: "59 seconds" }],
    ["1", { retryTimeout: 0 }],
    [undefined, { retryTimeout: 0, retries: 1000 }],
    [undefined, { retryTimeout: "300 millis", retries: 1000 }],
    ["60", { retryTimeout: "1 minute", retries: 0 }]
  ])("no pause goes beyond it: what can't be sent again in time is given up at once, Retry-After %s, %j", (
    [retryAfter, config]
  ) =>
    withBench({
      fallback: answer(503, { headers: retryAfter === undefined ? {} : { "retry-after": retryAfter } }),
      config,
      fate: { send_error: 5 }
    }, function*(bench) {
      yield* bench.push(5)
      yield* bench.until("it is given up", () => bench.stats().inFlight === 0, { atMost: "50 seconds" })
      if (config.retryTimeout !== "300 millis") assert.strictEqual(bench.server.requests.length, 1)
    }))
})

describe("a clock that steps while a payload is retried", () => {
  /** Runs a test with the clock's time and something more, which the test sets. */
  const withSteps = <A, E, R>(test: (step: (millis: number) => void) => Effect.Effect<A, E, R>) =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      let more = 0
      const currentTimeMillisUnsafe = () => clock.currentTimeMillisUnsafe() + more
      return yield* Effect.provideService(
        test((millis) => more += millis),
        Clock.Clock,
        Object.assign(Object.create(clock), {
          currentTimeMillisUnsafe,
          currentTimeMillis: Effect.sync(currentTimeMillisUnsafe)
        })
      )
    })
  const hour = 3_600_000

  it.effect.each([24 * hour, hour, -hour])(
    "by %d ms does not end the retries",
    (millis) =>
      withSteps((step) =>
        withBench({ faults: [answer(503), answer(503)], fate: { sent: 5 } }, function*(bench) {
          yield* bench.push(5)
          yield* bench.until("it was refused", () => bench.server.requests.length === 1)
          step(millis)
          yield* bench.settled
          assert.strictEqual(bench.server.requests.length, 3)
        })
      )
  )

  it.effect("back does not prolong them", () =>
    withSteps((step) =>
      withBench({
        fallback: answer(503),
        config: { retryTimeout: "20 seconds", retries: 1000 },
        fate: { send_error: 5 }
      }, function*(bench) {
        yield* bench.push(5)
        yield* bench.until("it was refused", () => bench.server.requests.length === 1)
        step(-hour)
        yield* bench.until("it is given up", () => bench.stats().inFlight === 0, { atMost: "1 minute" })
      })
    ))
})

describe("several hosts", () => {
  const switches = FaultServer.raw(
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    { end: true }
  )
  const unusable: ReadonlyArray<readonly [name: string, fault: FaultServer.Fault | "tls"]> = [
    ["whose certificate is not accepted", "tls"],
    ["that redirects", FaultServer.redirect("http://127.0.0.1:1/")],
    ["that is a web page", answer(200, { body: "<html></html>" })],
    ["that has no such method", answer(501)],
    ["that wants another protocol", switches],
    ["whose answer is not what its encoding says", FaultServer.notGzip]
  ]
  it.effect.each(unusable)(
    "W5, failover: a host %s costs nothing, another one gets the payload at once",
    ([, fault]) =>
      Effect.gen(function*() {
        const first = fault === "tls"
          ? `https://127.0.0.1:${yield* httpsPort(204)}`
          : (yield* FaultServer.make({ fallback: fault })).url
        yield* payloads([10, 10, 10, 10, 10], 5, {
          config: (url) => ({ url: undefined, urls: [first, url] }),
          fate: { sent: 50 }
        })
      })
  )

  it.effect("failover: a host that may have stored a payload is left alone, though the payload is not sent again", () =>
    Effect.gen(function*() {
      const first = yield* FaultServer.make({ fallback: answer(504) })
      yield* withBench({
        config: (url) => ({ url: undefined, urls: [first.url, url], timestamps: "server" }),
        fate: { sent: 10, unknown: 10 }
      }, function*(bench) {
        for (let n = 0; n < 2; n++) yield* bench.settle(10)
        assert.deepStrictEqual([first.requests.length, bench.server.requests.length], [1, 1])
      })
    }))

  // As many lines as InfluxDB Cloud names, of which there may be more.
  const hundred = Array.from({ length: 100 }, (_, n) => `error parsing line ${n + 1} (1-based): no`).join("\n")
  const unclear = json(400, { code: "invalid", message: `errors encountered on line(s):\n${hundred}` })
  const fates = [
    ["names too few of them", unclear, { unknown: 150, sent: 1 }],
    ["names one", json(400, { error: "partial write: x dropped=1" }), { rejected: 1, sent: 150 }]
  ] as const
  it.effect.each(fates)(
    "failover: a host that refuses points and %s is asked once, and keeps its place",
    ([, fault, fate]) =>
      Effect.gen(function*() {
        const first = yield* FaultServer.make()
        first.script(fault)
        const config = (url: string) => ({ url: undefined, urls: [first.url, url], maxPayloadBytes: 60_000 })
        yield* withBench({ config, fate }, function*(bench) {
          yield* bench.settle(150)
          yield* bench.settle(1)
          assert.deepStrictEqual([first.requests.length, bench.server.requests.length], [2, 0])
        })
      })
  )

  it.effect("failover: a payload goes to the second host at once, and to the first again when it is back", () =>
    Effect.gen(function*() {
      let down = true
      const first = yield* FaultServer.make({ fallback: by(() => down ? FaultServer.reset : ok) })
      const config = (url: string) => ({ url: undefined, urls: [first.url, url] })
      yield* withBench({ config }, function*(bench) {
        const counts = () => [first.requests.length, bench.server.requests.length] as const
        const began = yield* Clock.currentTimeMillis
        for (let i = 0; i < 10; i++) yield* bench.settle(1)
        // A host that failed is left alone for a second at first.
        assert.isAtMost(counts()[0], 1 + ((yield* Clock.currentTimeMillis) - began) / 1000)
        assert.strictEqual(counts()[1], 10)
        down = false
        const [failed] = counts()
        while (first.requests.length === failed) yield* bench.settle(1)
        assert.strictEqual(counts()[1], bench.stats().pushed - 1)
        const back = counts()
        for (let i = 0; i < 10; i++) yield* bench.settle(1)
        assert.deepStrictEqual(counts(), [back[0] + 10, back[1]])
        assert.strictEqual(bench.stats().sent, bench.stats().pushed)
      })
    }))

  it.effect("round robin: payloads go to each in turn, and past one that is down", () =>
    Effect.gen(function*() {
      const second = yield* FaultServer.make()
      const third = yield* FaultServer.make({ fallback: FaultServer.reset })
      const config = (url: string) =>
        ({ url: undefined, urls: [url, second.url, third.url], strategy: "round-robin" }) as const
      yield* withBench({ config, fate: { sent: 20 } }, function*(bench) {
        for (let i = 0; i < 20; i++) yield* bench.settle(1)
        const [one, two] = [bench.server.requests.length, second.requests.length]
        assert.deepStrictEqual([one + two, third.requests.length], [20, 1])
        assert.isAtLeast(Math.min(one, two), 5)
      })
    }))
})
