/**
 * A token bucket that determines how long a sender must wait before its next payload.
 *
 * The bucket is kept as one number, the time at which it would be full again (the generic cell rate algorithm). Tokens
 * also accumulate while a sender wakes up late, so coarse timers cost no throughput.
 *
 * @since 0.1.0
 */
import type { DatabaseSettings } from "../config/DatabaseSettings.ts"

/** Bytes of payload that one packet of `Pacing` stands for. */
const packetBytes = 1432

/**
 * One bucket, shared by the senders of a database.
 *
 * @category models
 * @since 0.1.0
 */
export class Pacer {
  readonly #millisPerPacket: number
  readonly #burstMillis: number
  #fullAt = Number.NEGATIVE_INFINITY

  constructor(pacing: DatabaseSettings["pacing"]) {
    this.#millisPerPacket = pacing === "none" ? 0 : 1000 / pacing.packetsPerSecond
    this.#burstMillis = pacing === "none" ? 0 : this.#millisPerPacket * pacing.burst
  }

  /**
   * Takes the tokens for a payload and returns how many milliseconds to wait before sending it, 0 for none. `now` is
   * monotonic, in milliseconds. The tokens are taken even if the caller is then interrupted.
   */
  reserve(bytes: number, now: number): number {
    if (this.#millisPerPacket === 0) return 0
    const cost = Math.ceil(bytes / packetBytes) * this.#millisPerPacket
    this.#fullAt = Math.max(this.#fullAt, now) + cost
    return Math.max(0, this.#fullAt - this.#burstMillis - now)
  }
}
