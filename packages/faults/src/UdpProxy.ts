/**
 * A bad network: a UDP proxy that delays, loses, duplicates and reorders datagrams.
 *
 * Its seed decides what happens to each datagram. It forwards in one direction only, and counts exactly: `received =
 * lost + forwarded - doubled + waiting`.
 */
import { SeededRandom } from "@efflux/testkit/SeededRandom"
import * as UdpSink from "@efflux/testkit/UdpSink"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Dgram from "node:dgram"

/** What happens to datagrams. Shares are from 0 to 1, default 0. */
export interface Weather {
  readonly loss?: number | undefined
  /** The share that is sent twice, the second copy with a delay of its own. */
  readonly duplication?: number | undefined
  /** The share that is held back for `reorderMillis`, so that later ones overtake it. */
  readonly reordering?: number | undefined
  /** Default 20. */
  readonly reorderMillis?: number | undefined
  /** For every datagram, in milliseconds. */
  readonly delayMillis?: number | undefined
  /** On top of the delay, from 0 up to this, drawn for each datagram; different delays reorder, too. */
  readonly jitterMillis?: number | undefined
}

/** Where it listens and where it sends to. */
export interface ProxyOptions {
  readonly seed: number
  readonly weather?: Weather | undefined
  /** Default 127.0.0.1. */
  readonly host?: string | undefined
  /** Default: any that is free. */
  readonly port?: number | undefined
  readonly targetPort: number
}

/** A proxy that runs. It sends to 127.0.0.1. */
export class UdpProxy {
  weather: Weather
  /**
   * What it has done, in datagrams. `heldBack` counts those that others overtake, `waiting` those not yet forwarded.
   */
  readonly counts = { received: 0, lost: 0, doubled: 0, heldBack: 0, forwarded: 0, waiting: 0 }
  readonly #random: SeededRandom
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #sink: UdpSink.Sink
  readonly #forward: (message: Uint8Array) => void

  constructor({ seed, weather = {} }: ProxyOptions, sink: UdpSink.Sink, forward: (message: Uint8Array) => void) {
    this.#random = new SeededRandom(seed)
    this.weather = weather
    this.#sink = sink
    this.#forward = forward
  }

  /** The port it listens on. It stays the same when the proxy is closed and opened again. */
  get port(): number {
    return this.#sink.port
  }

  /** Binds the port. */
  get open(): Effect.Effect<void, UdpSink.UdpSinkError> {
    return this.#sink.reopen
  }

  /** Frees the port, so that senders are refused. Waiting datagrams are discarded and counted as lost. */
  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    this.counts.lost += this.counts.waiting
    this.counts.waiting = 0
    return this.#sink.close
  })

  receive(message: Uint8Array): void {
    const { counts, weather } = this
    counts.received++
    const { delayMillis = 0, duplication = 0, jitterMillis = 0, loss = 0, reordering = 0, reorderMillis = 20 } = weather
    // Drawn for each datagram in the same order, so that one setting does not change what another draws.
    const random = this.#random
    const [isLost, isDoubled, isHeldBack] = [random.chance(loss), random.chance(duplication), random.chance(reordering)]
    const delays = [random.next() * jitterMillis, random.next() * jitterMillis] as const
    if (isLost) {
      counts.lost++
      return
    }
    if (isHeldBack) counts.heldBack++
    this.#later(message, delayMillis + delays[0] + (isHeldBack ? reorderMillis : 0))
    if (isDoubled) {
      counts.doubled++
      this.#later(message, delayMillis + delays[1])
    }
  }

  #later(message: Uint8Array, millis: number): void {
    const send = () => {
      this.counts.forwarded++
      this.#forward(message)
    }
    if (millis < 1) return send()
    this.counts.waiting++
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.counts.waiting--
      send()
    }, millis)
    this.#timers.add(timer)
  }
}

/** Starts a proxy that lives as long as the scope. */
export const make: (options: ProxyOptions) => Effect.Effect<UdpProxy, UdpSink.UdpSinkError, Scope.Scope> = Effect
  .fnUntraced(function*(options) {
    const { host, port, targetPort } = options
    const out = yield* Effect.acquireRelease(
      // The target may refuse datagrams.
      Effect.sync(() => Dgram.createSocket("udp4").on("error", () => {})),
      (out) => Effect.sync(() => out.close())
    )
    const sink = yield* UdpSink.make({ host, port, closed: true, onPayload: (message) => proxy.receive(message) })
    const forward = (message: Uint8Array) => out.send(message, targetPort, "127.0.0.1", () => {})
    const proxy = new UdpProxy(options, sink, forward)
    yield* Effect.acquireRelease(proxy.open, () => proxy.close)
    return proxy
  })
