/**
 * The ledger of one database: it says where every pushed point is.
 *
 * The law, at every moment and exactly:
 * `pushed = sent + dropped (by reason) + queued + in flight`.
 *
 * The counters are plain numbers, because each point changes several of them. `Influx.stats` and the Metric values read
 * them here, so they can't disagree. `queued` is not a counter but the size of the queue.
 *
 * @since 0.1.0
 */

/**
 * The reasons for which a full queue drops points.
 *
 * @category constants
 * @since 0.1.0
 */
export const shedReasons = ["queue_full", "queue_full_high", "queue_bytes", "quota"] as const

/**
 * All reasons why a point was not sent, in the order in which they are shown.
 *
 * @category constants
 * @since 0.1.0
 */
export const dropReasons = [
  ...shedReasons,
  "invalid",
  "oversize",
  "send_error",
  "rejected",
  "unknown",
  "shutdown"
] as const

/**
 * Why a point was not sent.
 *
 * - `queue_full`: the queue was full, and this was its oldest point.
 * - `queue_full_high`: the queue was full of points of high priority, and this was the oldest of them.
 * - `queue_bytes`: the queue held `queueBytes`, and this was its oldest point; or the point is larger by itself.
 * - `quota`: the queue was full, and this was the oldest point of a measurement that held more than `measurementQuota`.
 * - `invalid`: it can't be written as line protocol (see `EncodeError`).
 * - `oversize`: its line alone is longer than `maxPayloadBytes`.
 * - `send_error`: the operating system or the network refused its payload.
 * - `rejected`: the server replied that it refuses the point. UDP and TCP have no replies.
 * - `unknown`: it may have been stored. The server may have received its payload but did not acknowledge it, or the
 *   database closed first. Over UDP this is a datagram that was being sent at the close.
 * - `shutdown`: it was pushed after closing, or was left when `drainTimeout` ended.
 *
 * @category models
 * @since 0.1.0
 */
export type DropReason = typeof dropReasons[number]

/**
 * A consistent snapshot of a database. All values are numbers of points unless they say otherwise, counted since the
 * database was made.
 *
 * @category models
 * @since 0.1.0
 */
export interface Stats {
  /** Points offered, including those that were dropped at once. */
  readonly pushed: number
  /**
   * Points in payloads that were accepted: over UDP and TCP by the operating system, which is no proof of arrival;
   * over HTTP by the server.
   */
  readonly sent: number
  /** Points that were not sent, by reason. */
  readonly dropped: { readonly [Reason in DropReason]: number }
  /** Points that were not sent, whatever the reason. */
  readonly droppedTotal: number
  /** Points waiting in the queue now. */
  readonly queued: number
  /** Estimated bytes on the heap of the points waiting in the queue, with the option `queueBytes`; else 0. */
  readonly queuedBytes: number
  /** Points taken by a sender and not settled yet. */
  readonly inFlight: number
  /** Payloads sent. */
  readonly payloads: number
  /** Bytes of payload sent. */
  readonly bytes: number
  /** Fields left out of points that were written: NaN, infinities, and values that the dialect does not support. */
  readonly omittedFields: number
  /** How often the server's host refused a payload (ICMP port unreachable), a sign that nobody listens. */
  readonly refusals: number
  /** Senders that are sending a payload, or wait with one for their turn under `pacing`. */
  readonly sendersBusy: number
}

/**
 * The counters. Fields are declared one by one so that V8 gives them fixed
 * places in the object.
 *
 * @category models
 * @since 0.1.0
 */
export class Ledger {
  pushed = 0
  sent = 0
  inFlight = 0
  payloads = 0
  bytes = 0
  omittedFields = 0
  refusals = 0
  sendersBusy = 0
  readonly dropped = { ...nothingDropped }

  /** Points that a full queue dropped, by any rule. */
  get shed(): number {
    return sumOf(shedReasons, this.dropped)
  }

  /** A copy of the counters, with what the queue holds now: points, and their estimated bytes. */
  snapshot(queued: number, queuedBytes: number): Stats {
    const dropped = { ...this.dropped }
    return { ...this, dropped, droppedTotal: sumOf(dropReasons, dropped), queued, queuedBytes }
  }
}

const nothingDropped = Object.fromEntries(dropReasons.map((reason) => [reason, 0])) as {
  [Reason in DropReason]: number
}

const sumOf = (reasons: ReadonlyArray<DropReason>, dropped: Stats["dropped"]): number =>
  reasons.reduce((sum, reason) => sum + dropped[reason], 0)
