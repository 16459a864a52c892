/** What a transport did with its points: the minimum and maximum that the database must count for each reason. */
import type { InfluxDatabase, Transport } from "efflux"
import type { KnownPoints, Received } from "./KnownPoints.ts"

export class Fates {
  readonly #points: KnownPoints
  readonly #fail: (message: string) => never
  /** Refusals that the transport was told about, and those that are known to have been counted. */
  refusals = 0
  knownRefusals = 0
  #delivered = 0
  // Points of partly rejected payloads; it is not known which of them were delivered.
  #maybeDelivered = 0
  // Points that were delivered over a connection that can't report the outcome of an interrupted send.
  #deliveredUnasked = 0
  #rejected = 0
  #mostFailed = 0
  #mostUnknown = 0
  #leastUnknown = 0
  // Outcomes that the sender knows, as a later payload on the same connection shows.
  #confirmedSent = 0
  #confirmedFailed = 0

  constructor(points: KnownPoints, fail: (message: string) => never) {
    this.#points = points
    this.#fail = fail
  }

  /** `asked`: the sender can ask the connection, even if it is interrupted before it sees the success. */
  deliver(received: Received, asked: boolean): void {
    this.#delivered += received.numbers.length
    if (!asked) this.#deliveredUnasked += received.numbers.length
    for (const number of received.numbers) this.#points.get(number).place = "gone"
  }

  lose(received: Received, atMost: number): void {
    this.#mostFailed += received.numbers.length + (received.broken === undefined ? 0 : 1) + atMost
    this.#points.settle(received)
  }

  /** Opening a connection ended with a defect: the sender gives up what it holds, a line and a split point at most. */
  loseHeld(): void {
    this.#mostFailed += 2
  }

  /** A socket was closed underneath: later writes to it fail without being seen here. */
  loseUnseen(): void {
    this.#mostFailed = Number.POSITIVE_INFINITY
  }

  reject(received: Received, rejected: number): void {
    this.#rejected += rejected + (received.broken === undefined ? 0 : 1)
    this.#maybeDelivered += received.numbers.length - rejected
    this.#points.settle(received)
  }

  /** The transport reports the outcome of each point of a payload. */
  settle(received: Received, outcome: Transport.Outcome, asked: boolean): void {
    const { error, rejected = 0, send_error = 0, sent, unknown = 0 } = outcome
    const { numbers } = received
    const unnamed = numbers.length - sent - rejected - send_error - unknown
    this.#delivered += sent
    if (!asked) this.#deliveredUnasked += sent
    this.#rejected += rejected
    this.#mostUnknown += unknown
    this.#mostFailed += send_error + unnamed
    for (const number of numbers) this.#points.get(number).place = "gone"
    // A split point is lost if a part of it is lost, for the worst of the reasons. No number names the part, only the
    // error.
    if (received.broken === undefined || error === undefined && sent === numbers.length) return
    this.#points.get(received.broken).place = "gone"
    if (unknown > 0) this.#mostUnknown++
    else if (send_error > 0) this.#mostFailed++
    else if (rejected > 0) this.#rejected++
    else {
      this.#mostUnknown++
      this.#mostFailed++
    }
  }

  /** Changes how many points may be unknown. */
  doubt(points: number): void {
    this.#mostUnknown += points
  }

  /** The sender was interrupted in a send, and asked for the outcome of its points at once, so this is exact. */
  interrupt({ broken }: Received, sent: number, unknown: number): void {
    const lost = unknown + (unknown > 0 && broken !== undefined ? 1 : 0)
    this.#delivered += sent
    this.#mostUnknown += lost
    this.#leastUnknown += lost
  }

  /** A later payload on the same connection shows that the sender knows the outcome of these points. */
  confirm(sent: number, failed: number): void {
    this.#confirmedSent += sent
    this.#confirmedFailed += failed
  }

  /** What must hold at any moment. */
  check({ dropped, inFlight, refusals, sent }: InfluxDatabase.Stats): void {
    const fail = this.#fail
    if (refusals > this.refusals) fail(`${refusals} refusals, but there were ${this.refusals}`)
    if (dropped.send_error > this.#mostFailed) {
      fail(`${dropped.send_error} points failed, but only ${this.#mostFailed} can have`)
    }
    if (dropped.rejected > this.#rejected) {
      fail(`${dropped.rejected} points rejected, but only ${this.#rejected} can have been`)
    }
    if (dropped.unknown > this.#mostUnknown) {
      fail(`${dropped.unknown} points are of unknown fate, but only ${this.#mostUnknown} can be`)
    }
    // If a connection can't be asked, the outcome of a send that was interrupted at its very end is open.
    if (sent + inFlight + dropped.unknown + Math.min(dropped.shutdown, this.#deliveredUnasked) < this.#delivered) {
      fail(`${this.#delivered} points delivered, but only ${sent} sent and ${dropped.unknown} unknown`)
    }
    if (sent > this.#delivered + this.#maybeDelivered) fail(`${sent} points sent, but ${this.#delivered} delivered`)
  }

  /** What must hold once the database has closed. */
  checkEnd({ dropped, refusals, sent }: InfluxDatabase.Stats): void {
    const fail = this.#fail
    if (sent < this.#confirmedSent) fail(`${this.#confirmedSent} points sent, only ${sent} counted`)
    if (dropped.send_error < this.#confirmedFailed) {
      fail(`${this.#confirmedFailed} points failed, only ${dropped.send_error} counted`)
    }
    if (dropped.unknown < this.#leastUnknown) {
      fail(`${this.#leastUnknown} points are of unknown fate, only ${dropped.unknown} counted`)
    }
    if (refusals < this.knownRefusals) {
      fail(`${this.knownRefusals} refusals were told, but only ${refusals} are counted`)
    }
  }
}
