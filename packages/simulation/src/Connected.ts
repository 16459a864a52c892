/** Connections of a database, as the other end of its transport sees them. */
import type { Transport } from "efflux"
import type { Watch } from "./Watch.ts"

export interface Received {
  /** Of the points whose last line is in the payload. */
  readonly numbers: ReadonlyArray<number>
  readonly newest: number
  /** The number of the point whose lines go on in a later payload. */
  readonly broken: number | undefined
}

interface Refused {
  readonly received: Received
  readonly payload: Uint8Array
}

/** A connection, as the transport's other end sees it: one payload at a time. */
export class Connected {
  readonly #watch: Watch
  readonly #asks: boolean
  #newest = -1
  #received: Received | undefined
  #refused: Refused | undefined
  #sent = 0
  #failed = 0
  #isFree = true
  /** Set where the sender can't use it, for a reason that no payload shows. */
  isBroken = false

  constructor(watch: Watch, asks: boolean) {
    this.#asks = asks
    this.#watch = watch
    watch.trace(() => "connected")
  }

  /** Whether the sender has nothing to wait for but points. */
  get isFree(): boolean {
    return this.#isFree && !this.isBroken
  }

  close(): void {
    if (this.#asks && this.#received !== undefined) {
      this.#watch.fail(`nobody asked what became of ${this.#received.numbers}, whose send was interrupted`)
    }
    this.#watch.disconnect(this)
    this.#watch.trace(() => "disconnected")
  }

  /** A payload arrives. Tell its outcome with one of the other methods. */
  receive(payload: Uint8Array, points?: number): Received {
    if (this.#received !== undefined) this.#watch.fail("a payload is sent before the end of the one before")
    if (this.#refused !== undefined) return this.#receiveAgain(payload, this.#refused)
    const received = this.#watch.receive(payload, points, this.#newest)
    this.#newest = received.newest
    this.#received = received
    this.#isFree = false
    this.#watch.confirm(this.#sent, this.#failed)
    this.#sent = 0
    this.#failed = 0
    this.#watch.trace(() => `payload with ${received.numbers}${received.broken === undefined ? "" : " and a part"}`)
    return received
  }

  delivered(): void {
    const received = this.#end("delivered")
    this.#watch.deliver(received.numbers)
    this.#isFree = true
    this.#sent += received.numbers.length
  }

  /** With `defect` the sender may give up more than the payload: the line and the split point behind it. */
  failed(defect = false): void {
    const received = this.#end(defect ? "defect" : "failed")
    this.#watch.lose(received, defect ? 2 : 0)
    this.#failed += received.numbers.length
  }

  /** The host says that it refused a payload before; it did not take this one, which is to come again at once. */
  refused(payload: Uint8Array): void {
    this.#refused = { received: this.#end("refused"), payload: payload.slice() }
    this.#watch.refusals++
  }

  #receiveAgain(payload: Uint8Array, refused: Refused): Received {
    if (Buffer.compare(payload, refused.payload) !== 0) {
      this.#watch.fail("another payload is sent than the one that was refused")
    }
    this.#received = refused.received
    this.#refused = undefined
    this.#watch.knownRefusals++
    this.#watch.trace(() => `again: payload with ${refused.received.numbers}`)
    return refused.received
  }

  settled(outcome: Transport.Outcome, isClean: boolean): void {
    const received = this.#end("settled")
    this.#watch.settle(received, outcome)
    this.#isFree = isClean
    this.#sent += outcome.sent
  }

  /** What is known of the payload in whose send the sender was interrupted: some of it was delivered, or all of it unknown. */
  interrupted(sent: number): Transport.Outcome {
    if (this.#received === undefined) return { sent: 0 }
    const received = this.#end("interrupted")
    const { numbers } = received
    const outcome = { sent: Math.min(sent, numbers.length), unknown: Math.max(0, numbers.length - sent) }
    this.#watch.interrupt(received, outcome.sent, outcome.unknown)
    return outcome
  }

  rejected(points: number): void {
    this.#watch.reject(this.#end(`rejected ${points}`), points)
  }

  #end(what: string): Received {
    const received = this.#received ?? this.#watch.fail("no payload")
    this.#received = undefined
    this.#watch.trace(() => `${what}: ${received.numbers}`)
    return received
  }
}
