/**
 * A program that receives: it knows which points have come, in which order, and
 * when. It can close its port, open it again, and be stopped or killed.
 */
import * as UdpSink from "@efflux/testkit/UdpSink"
import * as Effect from "effect/Effect"
import { firstNumber } from "../Load.ts"
import * as Protocol from "../Protocol.ts"

/** What the parent chooses. */
export interface ReceiverOptions {
  readonly host: string
  readonly port: number
  /** Whether to leave the port closed at first. */
  readonly closed?: boolean | undefined
}

/** What has come so far. */
export interface Received {
  readonly payloads: number
  readonly points: number
  /** Points that came more than once count once. */
  readonly distinct: number
  /** The greatest number of a point, -1 if none has come. */
  readonly newest: number
  /** How many points up to the newest have come without a gap. */
  readonly tail: number
  /** Points that came after one with a greater number, from the same socket. */
  readonly outOfOrder: number
  /** Points whose timestamp was not greater than that of the one before them, from the same socket. */
  readonly notLater: number
  /** Lines that are none of the load's. */
  readonly strange: number
  /** Sockets that have sent. */
  readonly sockets: number
  /** Payloads by their number of points. */
  readonly sizes: Readonly<Record<string, number>>
  /** When the first payload came after the port was opened, on the machine's clock; 0 if none has. */
  readonly firstAt: number
  /** When the port was opened last. */
  readonly openedAt: number
}

interface Source {
  newest: number
  timestamp: string
}

const options = Protocol.options<ReceiverOptions>()
const marker = " n="
const decoder = new TextDecoder()

class Tracker {
  #seen = new Uint8Array(1 << 16)
  readonly #sources = new Map<number, Source>()
  readonly #sizes: Record<string, number> = {}
  #payloads = 0
  #points = 0
  #distinct = 0
  #newest = -1
  #outOfOrder = 0
  #notLater = 0
  #strange = 0
  #firstAt = 0
  #openedAt = 0

  opened(): void {
    this.#firstAt = 0
    this.#openedAt = Protocol.machineMillis()
  }

  get received(): Received {
    let tail = 0
    while (this.#newest - tail >= 0 && this.#seen[this.#newest - tail] > 0) tail++
    return {
      payloads: this.#payloads,
      points: this.#points,
      distinct: this.#distinct,
      newest: this.#newest,
      tail,
      outOfOrder: this.#outOfOrder,
      notLater: this.#notLater,
      strange: this.#strange,
      sockets: this.#sources.size,
      sizes: this.#sizes,
      firstAt: this.#firstAt,
      openedAt: this.#openedAt
    }
  }

  receive(message: Uint8Array, port: number): void {
    if (this.#firstAt === 0) this.#firstAt = Protocol.machineMillis()
    this.#payloads++
    let source = this.#sources.get(port)
    if (source === undefined) this.#sources.set(port, source = { newest: -1, timestamp: "" })
    const lines = decoder.decode(message).split("\n")
    this.#sizes[lines.length] = (this.#sizes[lines.length] ?? 0) + 1
    for (const line of lines) this.#line(line, source)
  }

  #line(line: string, source: Source): void {
    const at = line.indexOf(marker)
    const n = Number(line.slice(at + marker.length, at + marker.length + 10)) - firstNumber
    if (at < 0 || !(n >= 0)) {
      this.#strange++
      return
    }
    const timestamp = line.slice(line.lastIndexOf(" ") + 1)
    this.#points++
    if (n >= this.#seen.length) {
      const larger = new Uint8Array(Math.max(2 * this.#seen.length, n + 1))
      larger.set(this.#seen)
      this.#seen = larger
    }
    if (this.#seen[n] === 0) this.#distinct++
    this.#seen[n] = 1
    this.#newest = Math.max(this.#newest, n)
    if (n <= source.newest) this.#outOfOrder++
    // All have nineteen digits.
    if (timestamp <= source.timestamp) this.#notLater++
    source.newest = n
    source.timestamp = timestamp
  }
}

const tracker = new Tracker()

const program = Effect.gen(function*() {
  const sink = yield* UdpSink.make({
    host: options.host,
    port: options.port,
    closed: true,
    onPayload: (payload, port) => tracker.receive(payload, port)
  })
  const open = Effect.andThen(sink.reopen, Effect.sync(() => tracker.opened()))
  if (options.closed !== true) yield* open
  new Protocol.Server({
    received: () => tracker.received,
    open: () => Effect.runPromise(open),
    close: () => Effect.runPromise(sink.close)
  })
  yield* Effect.never
})

Effect.runFork(Effect.scoped(program))
