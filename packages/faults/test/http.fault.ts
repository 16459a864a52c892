/**
 * Servers over HTTP: restarted, stopped, slow, refusing, silent. What the server accepted is compared with what counts
 * as sent.
 */
import { assert, it } from "@effect/vitest"
import { FaultServer, InfluxServer, waitFor } from "@efflux/testkit"
import { describeInfluxd } from "@efflux/testkit/realServer"
import { Effect } from "effect"
import type { InfluxDatabase } from "efflux"
import { dose } from "../src/Dose.ts"
import * as Pusher from "../src/Pusher.ts"
import { close, sound, until } from "./steps.ts"
import { report, stopwatch } from "./support.ts"

const db = "http"

/** A database over HTTP with a short timeout, so that a run sees many attempts. */
const config = (url: string) =>
  ({ transport: "http", version: 1, url, database: db, timeout: "1 second", drainTimeout: "10 seconds" }) as const

/** What was acknowledged is stored, and what is stored was acknowledged or is unknown. */
const assertReconciled = (stored: number, { dropped, sent }: InfluxDatabase.Stats): void => {
  assert.isAtLeast(stored, sent)
  assert.isAtMost(stored, sent + dropped.unknown)
}

/** Runs a load while something happens to a real server, and compares what is stored. */
const reconciled = <E, R>(
  binary: string,
  perSecond: number,
  fault: (server: InfluxServer.Server, pusher: Pusher.Pusher) => Effect.Effect<void, E, R>
) =>
  Effect.gen(function*() {
    const server = yield* InfluxServer.make({ binary })
    yield* server.query(`CREATE DATABASE ${db}`)
    const pusher = yield* Pusher.start({ database: config(server.httpUrl), perSecond })
    yield* until(pusher, ({ stats }) => stats.sent > perSecond / 2)
    const watch = stopwatch()
    yield* fault(server, pusher)
    const seconds = watch()
    // Points flow again.
    const { stats } = yield* sound(pusher)
    yield* until(pusher, (sample) => sample.stats.sent > stats.sent + perSecond)
    yield* pusher.rate(0)
    const sample = yield* sound(pusher)
    const closed = yield* close(pusher)
    const [row] = yield* server.rows("SELECT count(n) AS points FROM load", { db })
    const stored = Number(row?.["points"] ?? 0)
    assertReconciled(stored, closed.stats)
    return { stored, seconds, law: sample.law, stats: closed.stats }
  })

const storedOf = (points: number): string => `stored ${points}: at least sent, at most sent and unknown`

describeInfluxd("a real InfluxDB over HTTP", (binary) => {
  const restarts = dose(5, 2)
  const times = dose(5, 2)
  const again = (count: number, one: Effect.Effect<unknown, unknown>) => Effect.repeat(one, { times: count - 1 })

  const troubles = [
    [
      "S4",
      "killed and restarted",
      `${restarts} restarts`,
      (server: InfluxServer.Server) =>
        again(
          restarts,
          Effect.all([server.kill, Effect.sleep(dose(1000, 300)), server.start, Effect.sleep(dose(2000, 500))])
        )
    ],
    [
      "S5",
      "stopped again and again",
      `stopped ${times} times for ${dose(3, 1.5)} s`,
      (server: InfluxServer.Server) =>
        again(times, Effect.all([server.suspend, Effect.sleep(dose(3000, 1500)), server.resume, Effect.sleep(1000)]))
    ]
  ] as const
  it.live.each(troubles)(
    "%s: a server that is %s has what it acknowledged, what it may have is unknown, and points flow again",
    ([row, , dosed, fault]) =>
      Effect.gen(function*() {
        const outcome = yield* reconciled(binary, 10_000, fault)
        report(row, `${dosed} at 10 000 points/s, ${outcome.seconds.toFixed(0)} s`, [storedOf(outcome.stored)], outcome)
      })
  )
})

it.live("S6: a server that is slow, refuses, breaks off or is silent: what it took is what counts as sent", () =>
  Effect.gen(function*() {
    const stored = new Set<string>()
    const answers = new Map<string, number>()
    const takes = (answer: FaultServer.Fault) =>
      FaultServer.by(({ text }) => {
        for (const [, n] of text.matchAll(/n=(\d+)i/g)) stored.add(n!)
        return answer
      })
    const taken = takes(FaultServer.answer(204))
    const faults: ReadonlyArray<readonly [string, FaultServer.Fault]> = [
      ["taken", taken],
      ["slow", (socket, request, nth) => void setTimeout(() => taken(socket, request, nth), 300)],
      ["refused (503)", FaultServer.answer(503)],
      ["taken", taken],
      ["refused (429)", FaultServer.answer(429, { headers: { "retry-after": "0" } })],
      // It has the points, but does not answer.
      ["broken off", takes(FaultServer.reset)],
      ["silent", FaultServer.silence]
    ]
    const server = yield* FaultServer.make({
      fallback: FaultServer.by((_, nth) => {
        const [what, fault] = faults[nth % faults.length]!
        answers.set(what, (answers.get(what) ?? 0) + 1)
        return fault
      })
    })
    const pusher = yield* Pusher.start({ database: { ...config(server.url), batchSize: 500 }, perSecond: 5000 })
    yield* Effect.sleep(dose(20_000, 6000))
    yield* server.refuse
    yield* Effect.sleep(1000)
    yield* server.accept
    const { stats } = yield* sound(pusher)
    yield* until(pusher, (sample) => sample.stats.sent > stats.sent + 2000)
    yield* pusher.rate(0)
    const sample = yield* sound(pusher)
    const closed = yield* close(pusher)
    yield* waitFor(Effect.sync(() => stored.size), (size) => size >= closed.stats.sent)
    assertReconciled(stored.size, closed.stats)
    for (const [what] of faults) assert.isAbove(answers.get(what) ?? 0, 0, what)
    const shares = [...answers].map(([what, count]) => `${what} ${count}`).join(", ")
    report(
      "S6",
      `${dose(20, 6)} s at 5000 points/s, then refused for 1 s; requests: ${shares}`,
      [storedOf(stored.size)],
      { law: sample.law, stats: closed.stats }
    )
  }).pipe(Effect.scoped))
