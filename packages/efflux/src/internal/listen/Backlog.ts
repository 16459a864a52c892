/**
 * Received elements that wait for a reader. Their number is limited: the oldest are dropped and counted.
 *
 * @since 0.1.0
 */
import * as Queue from "effect/Queue"
import type { Decoder } from "../decode/Decoder.ts"
import type { Received, ReceivedError, Source } from "./Received.ts"

// After this many lines the loop yields to readers, even within one large body.
const linesAtOnce = 512

/** @internal */
export class Backlog {
  readonly queue: Queue.Queue<Received>
  readonly counts = { points: 0, errors: 0, refused: 0, payloads: 0, bytes: 0, dropped: 0 }

  /** @param queue A sliding one. */
  constructor(queue: Queue.Queue<Received>) {
    this.queue = queue
  }

  /**
   * Reads some lines from what the decoder was fed, and says whether it may hold more.
   *
   * @param onError Called for each bad line.
   * @param stamp What is done to each timestamp.
   */
  decode(
    decoder: Decoder,
    source: Source,
    receivedAt: bigint,
    onError?: (error: ReceivedError) => void,
    stamp?: (timestamp: bigint) => bigint
  ): boolean {
    for (let count = 0; count < linesAtOnce; count++) {
      const line = decoder.next()
      if (line === undefined) return false
      if (line._tag === "Success") {
        this.counts.points++
        const { timestamp } = line.success
        const point = stamp === undefined || timestamp === undefined
          ? line.success
          : { ...line.success, timestamp: stamp(timestamp) }
        this.#offer({ _tag: "Point", point, source, receivedAt })
      } else {
        this.counts.errors++
        const error: ReceivedError = {
          _tag: "Error",
          error: line.failure,
          excerpt: decoder.excerpt(line.failure),
          source,
          receivedAt
        }
        this.#offer(error)
        onError?.(error)
      }
    }
    return true
  }

  /** Takes nothing of a request. */
  refuse(request: string, status: number, reason: string, source: Source, receivedAt: bigint): void {
    this.counts.payloads++
    this.counts.refused++
    this.#offer({ _tag: "Refused", request, status, reason, source, receivedAt })
  }

  #offer(received: Received): void {
    if (Queue.isFullUnsafe(this.queue)) this.counts.dropped++
    Queue.offerUnsafe(this.queue, received)
  }
}
