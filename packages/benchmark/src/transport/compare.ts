/**
 * End to end: each contender, in a process of its own, sends to a receiver in another process, which counts. Everything
 * must arrive; a round in which a datagram was lost is repeated.
 */
import * as Program from "@efflux/testkit/Program"
import { Effect } from "effect"
import { type Contender, contenders, type SetName } from "./contenders.ts"
import type { Count, Functions as Receiver } from "./receiver.ts"
import type { Functions as Sender } from "./sender.ts"

export interface Compared extends Omit<Contender, "make" | "receiver"> {
  /** For each round: nanoseconds per point, and nanoseconds of processor time of the sending process per point. */
  readonly rounds: ReadonlyArray<{ readonly nanos: number; readonly cpu: number }>
  /** Bytes per point on the wire, without headers. */
  readonly bytes: number
}

export interface Load {
  readonly rounds: number
  /** Target duration of a round in milliseconds. */
  readonly millis: number
}

// Attempts at a round before the comparison fails.
const tries = 20

export const startReceiver = (kind: "udp" | "http") =>
  Program.start<Receiver>({ module: new URL("receiver.ts", import.meta.url), options: kind })

// A datagram on its way arrives within a few milliseconds, or never.
const settled = Effect.fnUntraced(function*(receiver: Program.Program<Receiver>, points: number) {
  const total: Count = { points: 0, payloads: 0, bytes: 0 }
  for (let patience = 20; patience > 0 && total.points < points; patience--) {
    const more = yield* receiver.take()
    for (const what of ["points", "payloads", "bytes"] as const) total[what] += more[what]
    if (more.points > 0) patience = 20
    if (total.points < points) yield* Effect.sleep(5)
  }
  return total
})

export const compare = (set: SetName, load: Load): Promise<ReadonlyArray<Compared>> =>
  Effect.gen(function*() {
    const start = Effect.fnUntraced(function*({ id, name, receiver: kind }: Contender) {
      const receiver = yield* startReceiver(kind)
      const options = { set, id, port: yield* receiver.port() }
      const sender = yield* Program.start<Sender>({ module: new URL("sender.ts", import.meta.url), options })
      /** Sends that many points. Returns time and bytes per point, or nothing if some were lost. */
      const send = Effect.fnUntraced(function*(points: number) {
        const { cpu, nanos } = yield* sender.send(points)
        const count = yield* settled(receiver, points)
        if (count.points !== points) return undefined
        return { nanos: nanos / points, cpu: cpu / points, bytes: count.bytes / points }
      })
      return { id, name, send, points: 0, rounds: [] as Array<{ nanos: number; cpu: number }>, bytes: 0 }
    })
    const running = yield* Effect.forEach(contenders[set], start, { concurrency: "unbounded" })
    for (const contender of running) {
      // Warms it up, and determines how many points fill a round.
      let nanos = 1000
      for (let warm = 0; warm < 3; warm++) {
        nanos = (yield* contender.send(Math.max(1000, Math.round(load.millis / 3 * 1e6 / nanos))))?.nanos ?? nanos
      }
      contender.points = Math.max(1000, Math.round(load.millis * 1e6 / nanos))
    }
    for (let round = 0; round < load.rounds; round++) {
      for (const contender of running) {
        let sent = yield* contender.send(contender.points)
        for (let again = 1; sent === undefined && again < tries; again++) sent = yield* contender.send(contender.points)
        if (sent === undefined) throw new Error(`${contender.name}: points were lost in ${tries} rounds of ${tries}`)
        contender.rounds.push(sent)
        contender.bytes = sent.bytes
      }
    }
    return running
  }).pipe(Effect.scoped, Effect.runPromise)
