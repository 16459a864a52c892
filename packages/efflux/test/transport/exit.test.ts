/** W9: a program ends when its databases are closed, whatever its servers do. Measured from outside, as processes. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import * as Dns from "node:dns/promises"
import { once } from "node:events"
import { silentPort, swallowingPort } from "../support/stuckPorts.ts"

const program = new URL("../support/programs/exit.ts", import.meta.url).pathname

/** Runs the program to its end. */
const run = (...args: ReadonlyArray<string>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] })),
    (child) =>
      Effect.promise(async () => {
        const started = performance.now()
        let printed = ""
        child.stdout.on("data", (data) => printed += data)
        const [code] = await once(child, "exit")
        assert.strictEqual(code, 0)
        return { printed, millis: performance.now() - started }
      }),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

// The deadline of a request is ten minutes, and a host that swallows SYNs is given up by the kernel after two. So this
// only tells what ends with the database from what does not, on a machine as busy as it may be.
const most = 60_000

/** How long it takes here to look up a name that is not there: from nothing to some seconds. */
const lookUpMillis = Effect.promise(async () => {
  const started = performance.now()
  await Dns.lookup("efflux-exit.invalid").catch(() => {})
  return performance.now() - started
})

const stuck = [
  ["over HTTP when a host swallows its SYNs", "write", "http", swallowingPort],
  ["over HTTP when a host does not finish the TLS handshake", "write", "https", silentPort],
  ["over HTTP when a host does not answer", "write", "http", silentPort],
  ["over TCP when a host swallows its SYNs", "tcp", "tcp", swallowingPort]
] as const

it.live.each(stuck)(
  "a program that writes ends with drainTimeout, 1 second, %s",
  ([, what, scheme, server]) =>
    Effect.gen(function*() {
      assert.isBelow((yield* run(what, `${scheme}://127.0.0.1:${yield* server}`)).millis, most)
    }).pipe(Effect.scoped)
)

describe("240 queries that time out after 50 ms leave no socket", () => {
  for (
    const [name, scheme, server] of [
      ["connecting", "http", swallowingPort],
      ["in the TLS handshake", "https", silentPort],
      ["looking a name up", "http", Effect.succeed(undefined)],
      ["waiting for an answer", "http", silentPort]
    ] as const
  ) {
    it.live(name, () =>
      Effect.gen(function*() {
        const port = yield* server
        const host = port === undefined ? "efflux.invalid" : `127.0.0.1:${port}`
        const { millis, printed } = yield* run("query", `${scheme}://${host}`)
        assert.include(printed, "sockets 0\n")
        assert.isBelow(millis, most + (port === undefined ? 10 * (yield* lookUpMillis) : 0))
      }).pipe(Effect.scoped))
  }
})

// As many look-ups as are under way have to return, and no more: four at a time, all thousand take 250 times as long as one.
it.live("1000 UDP databases whose names do not resolve wait for no more than two look-ups", () =>
  Effect.gen(function*() {
    const { millis } = yield* run("udp")
    assert.isBelow(millis, most + 10 * (yield* lookUpMillis))
  }))
