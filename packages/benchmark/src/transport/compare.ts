/**
 * End to end: each contender in a process of its own sends to a receiver in another, which counts. All that was sent must
 * arrive; a round in which a datagram was lost says nothing, and is done again.
 */
import { type ChildProcess, fork } from "node:child_process"
import { setTimeout as sleep } from "node:timers/promises"
import { type Contender, httpContenders, rivalContenders } from "./contenders.ts"
import type { Count, FromReceiver, FromSender, Sent, ToReceiver, ToSender } from "./protocol.ts"

export interface Compared extends Omit<Contender, "make" | "receiver"> {
  /** For each round nanoseconds a point, and nanoseconds of processor time a point of the sending process. */
  readonly rounds: ReadonlyArray<{ readonly nanos: number; readonly cpu: number }>
  /** Bytes a point, on the wire without headers. */
  readonly bytes: number
}

export interface Load {
  readonly rounds: number
  /** Milliseconds that a round should take. */
  readonly millis: number
}

// How often a round is done again before the comparison fails.
const tries = 20

class Process<In, Out extends object> {
  readonly #child: ChildProcess
  constructor(module: string, args: ReadonlyArray<string>) {
    this.#child = fork(new URL(module, import.meta.url), args, { stdio: ["ignore", "inherit", "inherit", "ipc"] })
  }
  next(): Promise<Out> {
    return new Promise((resolve, reject) => {
      const gone = (code: number | null) => reject(new Error(`a process of the comparison ended with ${code}`))
      this.#child.once("exit", gone)
      this.#child.once("message", (message) => {
        this.#child.off("exit", gone)
        resolve(message as Out)
      })
    })
  }
  ask(message: In & object): Promise<Out> {
    const answer = this.next()
    this.#child.send(message)
    return answer
  }
  close(): void {
    this.#child.disconnect()
  }
}

const countOf = async (receiver: Process<ToReceiver, FromReceiver>): Promise<Count> => {
  const answer = await receiver.ask({ ask: "count" })
  if (!("count" in answer)) throw new Error("the receiver gave no count")
  return answer.count
}

// What is under way arrives within a few milliseconds, or not at all.
const settled = async (receiver: Process<ToReceiver, FromReceiver>, points: number): Promise<Count> => {
  const total = { points: 0, payloads: 0, bytes: 0 }
  for (let patience = 20; patience > 0 && total.points < points; patience--) {
    const more = await countOf(receiver)
    total.points += more.points
    total.payloads += more.payloads
    total.bytes += more.bytes
    if (more.points > 0) patience = 20
    if (total.points < points) await sleep(5)
  }
  return total
}

export const compare = async (set: "rivals" | "http", load: Load): Promise<ReadonlyArray<Compared>> => {
  const contenders = set === "http" ? httpContenders : rivalContenders
  const running = await Promise.all(contenders.map(async ({ id, name, receiver: kind }) => {
    const receiver = new Process<ToReceiver, FromReceiver>("./receiver.ts", [kind])
    const first = await receiver.next()
    if (!("port" in first)) throw new Error("the receiver gave no port")
    const sender = new Process<ToSender, FromSender>("./sender.ts", [set, id, String(first.port)])
    await sender.next()
    const send = async (points: number): Promise<readonly [Sent, Count] | undefined> => {
      const answer = await sender.ask({ send: points })
      if (!("sent" in answer)) throw new Error("the sender did not send")
      const count = await settled(receiver, points)
      return count.points === points ? [answer.sent, count] : undefined
    }
    const close = () => {
      sender.close()
      receiver.close()
    }
    return { id, name, send, close, points: 0, rounds: [] as Array<{ nanos: number; cpu: number }>, bytes: 0 }
  }))
  try {
    for (const contender of running) {
      // Warms it up, and says how many points fill a round.
      let nanos = 1000
      for (let warm = 0; warm < 3; warm++) {
        const points = Math.max(1000, Math.round(load.millis / 3 * 1e6 / nanos))
        const result = await contender.send(points)
        if (result !== undefined) nanos = result[0].nanos / points
      }
      contender.points = Math.max(1000, Math.round(load.millis * 1e6 / nanos))
    }
    for (let round = 0; round < load.rounds; round++) {
      for (const contender of running) {
        const { points } = contender
        let result = await contender.send(points)
        for (let again = 1; result === undefined && again < tries; again++) result = await contender.send(points)
        if (result === undefined) throw new Error(`${contender.name}: points were lost in ${tries} rounds of ${tries}`)
        const [{ cpu, nanos }, { bytes }] = result
        contender.rounds.push({ nanos: nanos / points, cpu: cpu / points })
        contender.bytes = bytes / points
      }
    }
  } finally {
    for (const { close } of running) close()
  }
  return running.map(({ bytes, id, name, rounds }) => ({ id, name, rounds, bytes }))
}
