/**
 * What a database does when the server, or the way to it, misbehaves: one suite for each kind of fault. After each test
 * the law holds exactly, no socket is open, and the secret was in nothing that the database shows.
 */
import { assert, describe, it } from "@effect/vitest"
import { FaultServer, waitFor } from "@efflux/testkit"
import { Effect } from "effect"
import { LineProtocol } from "efflux"
import { type Api, apis, type Bench, type BenchOptions, point, secret, withBench } from "../support/httpFaults.ts"

const { answer, by, json } = FaultServer

const error = (api: Api, status: number, message: string): FaultServer.Fault =>
  json(status, api === "v2" ? { code: "invalid", message } : { error: message })

/** Pushes five points, which are settled after so many requests. */
const settlesAfter = (requests: number, options: BenchOptions) =>
  withBench(options, function*(bench) {
    yield* bench.settle(5)
    assert.strictEqual(bench.server.requests.length, requests)
  })

/** Pushes five points, of which the only request is refused, and returns the rejection. */
const refusedOnce = Effect.fnUntraced(function*(bench: Bench, status: number, says: string) {
  yield* bench.settle(5)
  yield* bench.pass("5 minutes")
  assert.strictEqual(bench.server.requests.length, 1)
  const rejection = yield* bench.rejection
  assert.strictEqual(rejection.status, status)
  assert.isTrue(bench.logs.some((line) => line.replaceAll("\\", "").includes(says)), bench.logs.join("\n"))
  return rejection
})

describe("H1: refused, reset, closed before the answer", () => {
  const broken = {
    "closed": FaultServer.close,
    "reset": FaultServer.reset,
    "closed within the head": FaultServer.truncated.head
  }
  it.effect.each(Object.entries(broken))(
    "%s: is tried again after pauses that grow, and is sent",
    ([, fault]) =>
      withBench({ faults: [fault, fault, fault], fate: { sent: 5 } }, function*(bench) {
        yield* bench.settle(5)
        assert.strictEqual(bench.server.requests.length, 4)
        assert.deepStrictEqual(new Set(bench.server.requests.map(({ text }) => text)).size, 1)
        const [first, second, third, fourth] = bench.seenAt as [number, number, number, number]
        // A fifth less than 250, 500 and 1000 milliseconds, and what a step of the clock blurs.
        assert.isAtLeast(second - first, 190)
        assert.isAtLeast(third - second, 390)
        assert.isAtLeast(fourth - third, 790)
      })
  )

  it.effect("refused: is tried again until the port opens, and is sent", () =>
    withBench({ fate: { sent: 5 } }, function*(bench) {
      yield* bench.server.refuse
      yield* bench.push(5)
      yield* bench.until("the refusal is logged", () => bench.logs.some((line) => line.includes("Refused")))
      assert.strictEqual(bench.stats().inFlight, 5)
      yield* bench.server.accept
      yield* bench.settled
    }))

  it.effect("gives up after so many tries: what never got there is a send error", () =>
    withBench({ config: { retries: 3 }, fate: { send_error: 5 } }, function*(bench) {
      yield* bench.server.refuse
      yield* bench.settle(5)
      yield* bench.server.accept
    }))

  it.effect("gives up after so many tries: what may have got there is unknown", () =>
    settlesAfter(4, { fallback: FaultServer.close, config: { retries: 3 }, fate: { unknown: 5 } }))

  it.effect("gives up after so much time, and newer points are sent", () =>
    withBench({
      fallback: FaultServer.close,
      config: { retries: 1000, retryTimeout: "20 seconds" },
      fate: { sent: 2, unknown: 5 }
    }, function*(bench) {
      yield* bench.push(5)
      yield* bench.until("the points are given up", () => bench.stats().dropped.unknown === 5, { atMost: "40 seconds" })
      bench.server.script(answer(204))
      yield* bench.settle(2)
    }))

  it.effect("the queue slides while a payload waits, and the newest points are sent", () =>
    withBench({
      faults: [FaultServer.close, FaultServer.close],
      config: { queueCapacity: 10, batchSize: 10 },
      fate: { sent: 15, queue_full: 90 }
    }, function*(bench) {
      yield* bench.push(5)
      yield* bench.server.waitForRequests(1)
      for (let n = 5; n < 105; n++) bench.database.pushUnsafe(point(n))
      assert.strictEqual(bench.stats().dropped.queue_full, 90)
      yield* bench.settled
      const last = bench.server.requests.at(-1)!.text.split("\n").map((line) => line.split(" ")[0])
      assert.deepStrictEqual([last[0], last.at(-1)], ["m,t=95", "m,t=104"])
    }))
})

describe("H2: a connection that was closed while it was idle", () => {
  for (const [name, fault] of [["closed", FaultServer.close], ["reset", FaultServer.reset]] as const) {
    it.effect(`${name}: costs one more request at once, without a pause`, () =>
      withBench({ faults: [answer(204), fault, answer(204)], fate: { sent: 5 } }, function*(bench) {
        yield* bench.settle(2)
        yield* bench.push(3)
        // The clock stands still.
        yield* bench.server.waitForRequests(3)
        assert.strictEqual(bench.server.connections, 2)
        yield* bench.settled
        assert.strictEqual(bench.server.requests.length, 3)
      }))
  }
})

describe("H3: no answer in time", () => {
  for (const [name, fault] of Object.entries(FaultServer.slow)) {
    it.effect(`${name}: ends after 10 seconds with a typed timeout, frees the socket, and is tried again`, () =>
      withBench({ faults: [fault], fate: { sent: 5 } }, function*(bench) {
        yield* bench.push(5)
        yield* bench.server.waitForRequests(1)
        yield* bench.pass("9 seconds")
        assert.deepStrictEqual([bench.server.requests.length, bench.server.open], [1, 1])
        yield* bench.settled
        assert.isTrue(bench.logs.some((line) => line.includes("did not answer within 10000 ms")))
        assert.strictEqual(bench.server.connections, 2)
        yield* waitFor(Effect.sync(() => bench.server.open), (open) => open === 1)
      }))
  }
})

describe("H4: a request that the server does not agree with", () => {
  const conflict =
    "field type conflict: input field \"v\" on measurement \"m\" is type string, already exists as type float"
  const line = (number: number) => ({
    original_line: `m,t=${number} v=1`,
    line_number: number,
    error_message: "invalid column type for column 'v'"
  })
  const unparsed = "unable to parse 'm v=': missing field value"
  const partly = "partial write of line protocol occurred"
  const dropped = (points: number) => `partial write: ${conflict} dropped=${points}`
  const refusals: ReadonlyArray<
    readonly [Api, name: string, status: number, body: object, rejected: number, says: string]
  > = [
    ["v1", "a conflict of types, partly", 400, { error: dropped(2) }, 2, conflict],
    ["v2", "a line that does not parse, all of it", 400, { code: "invalid", message: unparsed }, 5, unparsed],
    [
      "v2",
      "a conflict of types, partly",
      422,
      {
        code: "invalid",
        message: `failure writing points to database: ${dropped(3)}`
      },
      3,
      conflict
    ],
    ["v3", "lines by number, partly", 400, { error: partly, data: [line(2), line(4)] }, 2, partly]
  ]
  for (const [api, name, status, body, rejected, says] of refusals) {
    it.effect(`${api}, ${name}: is not tried again, counts ${rejected} of 5 as rejected, and keeps what the server said`, () =>
      withBench(
        { api, faults: [json(status, body)], fate: rejected === 5 ? { rejected } : { sent: 5 - rejected, rejected } },
        function*(bench) {
          const rejection = yield* refusedOnce(bench, status, says)
          assert.strictEqual(rejection.points, rejected)
          assert.include(rejection.detail, says)
          if (api === "v3") assert.deepStrictEqual(rejection.lines?.map(({ number }) => number), [2, 4])
        }
      ))
  }
})

describe("H5: credentials that are not accepted", () => {
  for (const api of apis) {
    for (const status of [401, 403]) {
      it.effect(`${api}, ${status}: is not tried again, and shows no credential even where the server does`, () =>
        withBench({
          api,
          // Some proxies repeat what they got.
          faults: [by(({ headers }) => error(api, status, `not allowed: ${headers.authorization}`))],
          fate: { rejected: 5 }
        }, function*(bench) {
          bench.watch.look("rejection", yield* refusedOnce(bench, status, `(${status})`))
        }))
    }
  }
})

describe("H6: a database that is not there", () => {
  it.effect.each(apis)("%s: is not tried again, and named", (api) => {
    const faults = [error(api, 404, "database not found: \"db\"")]
    return withBench({ api, faults, fate: { rejected: 5 } }, function*(bench) {
      yield* refusedOnce(bench, 404, "database not found")
    })
  })
})

describe("H7: a payload that is too large", () => {
  const limit = (bytes: number) => by(({ body }) => body.length > bytes ? error("v2", 413, "too large") : answer(204))

  it.effect("is halved until it fits, in order, and larger ones are halved without asking from then on", () =>
    withBench({ fallback: limit(1000), fate: { sent: 200 } }, function*(bench) {
      yield* bench.settle(100)
      const { requests } = bench.server
      const taken = requests.filter(({ body }) => body.length <= 1000)
      assert.deepStrictEqual(
        taken.flatMap(({ text }) => text.trimEnd().split("\n")).map((line) => Number(/v=(\d+)/.exec(line)![1])),
        Array.from({ length: 100 }, (_, n) => n)
      )
      const before = requests.length
      yield* bench.settle(100)
      assert.isTrue(requests.slice(before).every(({ body }) => body.length <= 1000))
    }))

  it.effect("is halved between lines, whatever their names and strings", () =>
    withBench({ fallback: limit(400), fate: { sent: 120 } }, function*(bench) {
      const hostile = ["a\"b", "t=\"", "x\ny", "\\\"\n", "= ,\"=\n m v=1", "é"]
      for (let n = 0; n < 120; n++) {
        const [text, other] = [hostile[n % 6], hostile[(n * 5 + 1) % 6]]
        const name = text.replace(/[\n\\]/g, "")
        bench.database.pushUnsafe({
          measurement: `m${name}`,
          tags: { [`t${name}`]: `v${name}` },
          fields: { [`a${name}`]: text, n: BigInt(n), z: other },
          timestamp: 1n
        })
      }
      yield* bench.settled
      const read = bench.server.requests.filter(({ body }) => body.length <= 400)
        .map(({ text }) => LineProtocol.decodeAll(text))
      assert.strictEqual(read.reduce((sum, { failed }) => sum + failed, 0), 0)
      assert.deepStrictEqual(
        read.flatMap(({ points }) => points.map(({ fields }) => fields.n)),
        Array.from({ length: 120 }, (_, n) => BigInt(n))
      )
    }))

  it.effect("a single line that does not fit is rejected, and its neighbours are sent", () =>
    withBench({ fallback: limit(200), fate: { sent: 2, rejected: 1 } }, function*(bench) {
      for (const text of ["a", "b".repeat(500), "c"]) {
        bench.database.pushUnsafe({ measurement: "m", fields: { text }, timestamp: 1n })
      }
      yield* bench.settled
      assert.strictEqual((yield* bench.rejection).status, 413)
    }))

  it.effect("no payload is larger than our own limit", () =>
    withBench({ config: { maxPayloadBytes: 1000, gzipThreshold: "none" }, fate: { sent: 200 } }, function*(bench) {
      yield* bench.settle(200)
      assert.isTrue(bench.server.requests.every(({ body }) => body.length <= 1000))
      assert.isAbove(bench.server.requests.length, 5)
    }))
})

describe("H8: a server that asks to be left alone", () => {
  const asked: ReadonlyArray<readonly [header: string, leastMillis: number, mostMillis: number]> = [
    ["7", 7000, 9000],
    ["0", 190, 5000],
    ["-5", 190, 5000],
    ["1000000000", 60_000, 65_000],
    ["99999999999999999999999999", 60_000, 65_000],
    ["soon", 190, 5000],
    ["", 190, 5000],
    [new Date(30_000).toUTCString(), 29_000, 35_000],
    ["Wed, 21 Oct 1950 07:28:00 GMT", 190, 5000],
    ["Wed, 21 Oct 2095 07:28:00 GMT", 60_000, 65_000]
  ]
  // What is no number of seconds and no date counts as not said.
  const garbage = ["0.5 s", "1e9", "30 s", "NaN", "Infinity", "Tue, 99 Nov 2026 14:00:20 GMT"]
    .map((header) => [header, 190, 5000] as const)
  for (const status of [429, 503]) {
    for (const [header, least, most] of status === 503 ? [...asked, ...garbage] : asked.slice(0, 1)) {
      it.effect(`${status}, Retry-After "${header}": waits at least ${least} ms and at most about a minute`, () =>
        withBench({
          faults: [answer(status, { headers: { "retry-after": header } })],
          fate: { sent: 5 }
        }, function*(bench) {
          yield* bench.push(5)
          yield* bench.server.waitForRequests(1)
          yield* bench.until("it is tried again", () => bench.server.requests.length === 2, {
            step: Math.max(50, least / 100)
          })
          const [first, second] = bench.seenAt as [number, number]
          assert.isAtLeast(second - first, least - 60)
          // The clock may run on while a socket works.
          assert.isBelow(second - first, most + 30_000)
          yield* bench.settled
        }))
    }
  }
})

describe("H9: a server, or a proxy before it, that fails", () => {
  it.effect.each([500, 502, 504])("%i with HTML: is tried again, and little of the HTML is logged", (status) => {
    const body = `<html><body>${"<p>x</p>".repeat(20_000)}`
    const html = answer(status, { body, headers: { "content-type": "text/html" } })
    return withBench({ faults: [html, html], fate: { sent: 5 } }, function*(bench) {
      yield* bench.settle(5)
      assert.strictEqual(bench.server.requests.length, 3)
      const line = bench.logs.find((text) => text.includes("<html>"))
      assert.isDefined(line)
      assert.isBelow(line!.length, 256 + 250)
    })
  })

  it.effect("fails for good: after so many tries the points are a send error", () =>
    settlesAfter(3, { fallback: answer(500), config: { retries: 2 }, fate: { send_error: 5 } }))
})

describe("H11: an answer that is broken", () => {
  it.effect.each(Object.entries(FaultServer.broken))(
    "%s: is no success, and is tried again",
    ([, fault]) => settlesAfter(2, { faults: [fault], fate: { sent: 5 } })
  )

  it.effect("says gzip and is not: nobody knows what became of the points", () =>
    settlesAfter(1, { faults: [FaultServer.notGzip], fate: { unknown: 5 } }))
})

describe("H12: an answer without end", () => {
  const bytes = 100 * 1024 * 1024
  it.effect.each(
    [["100 MB", FaultServer.hugeBody(bytes)], ["a gzip bomb of 100 MB", FaultServer.gzipBomb(bytes)]] as const
  )("%s: is cut at the limit, and memory stays bounded", ([, fault]) =>
    // Whether the server took the first is not known: it said so, but nobody heard it out.
    withBench({ faults: [fault], fate: { sent: 2, unknown: 5 } }, function*(bench) {
      const before = process.memoryUsage.rss()
      yield* bench.settle(5)
      assert.isBelow(process.memoryUsage.rss() - before, 80 * 1024 * 1024)
      assert.strictEqual(bench.server.requests.length, 1)
      yield* bench.settle(2)
    }))
})

describe("H13: a redirect", () => {
  it.effect.each([301, 302, 307, 308])(
    "%i: is refused, neither points nor credentials go elsewhere, and it is not tried again",
    (status) =>
      Effect.gen(function*() {
        const elsewhere = yield* FaultServer.make()
        const location = `http://user:${secret}@127.0.0.1:${elsewhere.port}/write`
        const faults = [FaultServer.redirect(location, status)]
        yield* withBench({ faults, fate: { send_error: 5 } }, function*(bench) {
          yield* bench.settle(5)
          yield* bench.pass("5 minutes")
          assert.strictEqual(bench.server.requests.length, 1)
          assert.isTrue(bench.logs.some((line) => line.includes("Redirect")))
        })
        assert.strictEqual(elsewhere.connections, 0)
      })
  )
})

describe("H14: integers and times beyond 2^53", () => {
  it.effect.each(apis)("%s: go out exactly", (api) =>
    withBench({ api, fate: { sent: 2 } }, function*(bench) {
      for (const [i, timestamp] of [[2n ** 63n - 1n, 2n ** 63n - 2n], [-(2n ** 63n), 2n - 2n ** 63n]] as const) {
        bench.database.pushUnsafe({ measurement: "m", fields: { i }, timestamp })
      }
      yield* bench.settled
      assert.deepStrictEqual(bench.server.requests[0]?.text.trimEnd().split("\n"), [
        "m i=9223372036854775807i 9223372036854775806",
        "m i=-9223372036854775808i -9223372036854775806"
      ])
    }))
})

describe("H15: closing during a request", () => {
  it.effect("aborts it after drainTimeout, closes the socket, and counts its points as unknown", () =>
    withBench({
      fallback: FaultServer.silence,
      config: { drainTimeout: "2 seconds", batchSize: 5 },
      fate: { unknown: 5, shutdown: 3 }
    }, function*(bench) {
      yield* bench.push(5)
      yield* bench.server.waitForRequests(1)
      for (let n = 0; n < 3; n++) bench.database.pushUnsafe({ measurement: "later", fields: { n }, timestamp: 1n })
      assert.deepStrictEqual([bench.stats().inFlight, bench.stats().queued], [5, 3])
    }))
})
