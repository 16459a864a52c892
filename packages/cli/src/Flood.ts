/**
 * Sends payloads over UDP at a rate and in bursts, as a database with this `pacing` does. The payloads are encoded only
 * once, because the receiver is measured, not the encoder.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { LineProtocol, type Precision } from "efflux"
import * as Dgram from "node:dgram"
import * as Dns from "node:dns/promises"
import { type UserError, userError } from "./Text.ts"

/** Payloads of points of one measurement. */
export interface Payloads {
  readonly bytes: ReadonlyArray<Uint8Array>
  /** The number of points in each payload. */
  readonly points: number
}

// The option `pacing` counts packets of this size.
const packetBytes = 1432
const distinct = 64

/** Payloads to send again and again. Their points never change, so a server stores each once. */
export const payloads = (measurement: string, timestamp: bigint, precision: Precision.Precision): Payloads => {
  const lineOf = (n: number) => {
    const line = LineProtocol.encode({
      measurement,
      tags: { series: String(n % 100) },
      fields: { value: n * 1.37 + 0.01, count: BigInt(n) },
      timestamp
    }, { precision })
    if (line._tag === "Failure") throw line.failure
    return `${line.success}\n`
  }
  const points = Math.max(1, Math.floor(packetBytes / (lineOf(99_999).length + 2)))
  return {
    points,
    bytes: Array.from(
      { length: distinct },
      (_, payload) => Buffer.from(Array.from({ length: points }, (_, n) => lineOf(payload * points + n)).join(""))
    )
  }
}

/** How fast to send, and how much. */
export interface Dose {
  readonly packetsPerSecond: number
  readonly burst: number
  readonly packets: number
}

/**
 * Opens a socket for the lifetime of the scope. Succeeds with a function that sends a dose and returns how many packets
 * were sent in how many seconds.
 */
export const make = Effect.fnUntraced(function*(host: string, port: number, { bytes }: Payloads) {
  const failed = (error: unknown) => {
    const { message } = error as Error
    return userError(
      /ECONNREFUSED/.test(message) ? `nobody listens at udp://${host}:${port}` : `${host}:${port}: ${message}`
    )
  }
  const { address, family } = yield* Effect.tryPromise({ try: () => Dns.lookup(host), catch: failed })
  const socket = yield* Effect.acquireRelease(
    Effect.sync(() => Dgram.createSocket(family === 6 ? "udp6" : "udp4")),
    (socket) => Effect.sync(() => socket.close())
  )
  yield* Effect.callback<void, UserError>((resume) => {
    socket.on("error", (error) => resume(Effect.fail(failed(error))))
    socket.connect(port, address, () => resume(Effect.void))
  })
  const clock = yield* Clock.Clock
  const millis = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  let next = 0
  const sendNow = (packets: number) =>
    Effect.callback<void, UserError>((resume) => {
      let waiting = packets
      let refusal: Error | undefined
      const done = (error: Error | null) => {
        refusal ??= error ?? undefined
        if (--waiting === 0) resume(refusal === undefined ? Effect.void : Effect.fail(failed(refusal)))
      }
      for (let n = 0; n < packets; n++) socket.send(bytes[next++ % bytes.length]!, done)
    })
  return Effect.fnUntraced(function*({ burst, packets, packetsPerSecond }: Dose) {
    const start = millis()
    // After twice the time, this machine is too slow for the rate.
    const end = start + 2 * Math.max(1000, 1000 * packets / packetsPerSecond)
    // A timer of a millisecond, which may take two, is too coarse if more than a burst is due in that time.
    const pause = packetsPerSecond / 500 > burst ? Effect.yieldNow : Effect.sleep(1)
    let tokens = burst
    let at = start
    let sent = 0
    for (let now = start; now < end; now = millis()) {
      tokens = Math.min(burst, tokens + (now - at) * packetsPerSecond / 1000)
      at = now
      const some = Math.min(Math.floor(tokens), packets - sent)
      if (some > 0) yield* sendNow(some)
      tokens -= some
      sent += some
      if (sent === packets) break
      yield* pause
    }
    return { packets: sent, seconds: (millis() - start) / 1000 }
  })
})
