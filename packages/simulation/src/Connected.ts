/** Connections of a database, as the other end of its transport sees them. */
import type { Transport } from "efflux"
import type { Fates } from "./Fates.ts"
import type { Received } from "./KnownPoints.ts"

/** Receives what a connection sees. */
export interface Observer {
  readonly fates: Fates
  readonly fail: (message: string) => never
  readonly trace: (what: () => string) => void
  /** Checks a payload of the transport, and returns the points that end in it. */
  readonly receive: (payload: Uint8Array, points: number | undefined, newest: number) => Received
  readonly disconnect: (connected: Connected) => void
}

interface Refused {
  readonly received: Received
  readonly payload: Uint8Array
}

/** What a connection reports about an interrupted send: nothing, the outcome of each point, or that it is not known. */
export type Answers = "nothing" | "each point" | "unknown"

/** A connection, as the transport's other end sees it: one payload at a time. */
export class Connected {
  readonly #observer: Observer
  readonly #answers: Answers
  #newest = -1
  #received: Received | undefined
  #refused: Refused | undefined
  #sent = 0
  #failed = 0
  // Points of the last send that were delivered.
  #delivered = 0
  #isFree = true
  #isBegun = false
  /** Set if the sender can't use the connection, for a reason that no payload shows. */
  isBroken = false

  constructor(observer: Observer, answers: Answers) {
    this.#answers = answers
    this.#observer = observer
    observer.trace(() => "connected")
  }

  /** Whether the sender waits for nothing but points. */
  get isFree(): boolean {
    return this.#isFree && !this.isBroken
  }

  close(): void {
    if (this.#answers === "each point" && this.#received !== undefined) {
      this.#observer.fail(`nobody asked what became of ${this.#received.numbers}, whose send was interrupted`)
    }
    this.#observer.disconnect(this)
    this.#observer.trace(() => "disconnected")
  }

  /** The sender has finished the last send, and has not begun another one. */
  asked(): void {
    this.#isBegun = false
  }

  /** A send begins, whose payload may never arrive. */
  begin(): void {
    this.#isBegun = true
    this.#delivered = 0
  }

  /** A payload arrives. Another method reports its outcome. */
  receive(payload: Uint8Array, points?: number): Received {
    if (this.#received !== undefined) this.#observer.fail("a payload is sent before the end of the one before")
    if (this.#refused !== undefined) return this.#receiveAgain(payload, this.#refused)
    const received = this.#observer.receive(payload, points, this.#newest)
    this.#newest = received.newest
    this.#received = received
    this.#delivered = 0
    this.#isFree = false
    this.#observer.fates.confirm(this.#sent, this.#failed)
    this.#sent = 0
    this.#failed = 0
    this.#observer.trace(() => `payload with ${received.numbers}${received.broken === undefined ? "" : " and a part"}`)
    return received
  }

  delivered(): void {
    const received = this.#end("delivered")
    this.#observer.fates.deliver(received, this.#answers !== "nothing")
    this.#delivered = received.numbers.length
    this.#isFree = true
    this.#sent += received.numbers.length
  }

  /** With `defect` the sender may give up more than the payload: the point with lines left to pack. */
  failed(defect = false): void {
    const received = this.#end(defect ? "defect" : "failed")
    this.#observer.fates.lose(received, defect ? 1 : 0)
    this.#failed += received.numbers.length
  }

  /**
   * The host reports that it refused an earlier payload. It did not accept this one, which must be sent again at once.
   */
  refused(payload: Uint8Array): void {
    this.#refused = { received: this.#end("refused"), payload: payload.slice() }
    this.#observer.fates.refusals++
  }

  #receiveAgain(payload: Uint8Array, refused: Refused): Received {
    if (Buffer.compare(payload, refused.payload) !== 0) {
      this.#observer.fail("another payload is sent than the one that was refused")
    }
    this.#received = refused.received
    this.#refused = undefined
    this.#observer.fates.knownRefusals++
    this.#observer.trace(() => `again: payload with ${refused.received.numbers}`)
    return refused.received
  }

  settled(outcome: Transport.Outcome, isClean: boolean): void {
    const received = this.#end("settled")
    this.#observer.fates.settle(received, outcome, this.#answers !== "nothing")
    this.#delivered = outcome.sent
    this.#isFree = isClean
    this.#sent += outcome.sent
  }

  /** What is known about the payload whose send was interrupted: a part was delivered, or all of it is unknown. */
  interrupted(sent: number): Transport.Outcome {
    if (!this.#isBegun) this.#observer.fail("it is asked what became of a send that has not begun")
    // The end of the send met the interruption.
    if (this.#received === undefined) return { sent: this.#delivered }
    const received = this.#end("interrupted")
    const { numbers } = received
    const outcome = { sent: Math.min(sent, numbers.length), unknown: Math.max(0, numbers.length - sent) }
    this.#observer.fates.interrupt(received, outcome.sent, outcome.unknown)
    return outcome
  }

  rejected(points: number): void {
    this.#observer.fates.reject(this.#end(`rejected ${points}`), points)
  }

  #end(what: string): Received {
    const received = this.#received ?? this.#observer.fail("no payload")
    this.#received = undefined
    this.#observer.trace(() => `${what}: ${received.numbers}`)
    return received
  }
}
