/**
 * A network that is worse than it looks: a UDP proxy that delays, loses,
 * doubles and reorders datagrams.
 *
 * What it does to the first, second, … datagram is decided by its seed. It
 * forwards one way only, and counts what it did exactly:
 * `received = lost + forwarded - doubled + waiting`.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as Dgram from "node:dgram"

/** What happens to a datagram. Shares are from 0 to 1, default 0. */
export interface Weather {
  readonly loss?: number | undefined
  /** How many are sent twice, the second copy with a delay of its own. */
  readonly duplication?: number | undefined
  /** How many are held back for `reorderMillis`, so that later ones overtake them. */
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
  readonly targetHost?: string | undefined
  readonly targetPort: number
}

/** What it has done, in datagrams. */
export interface Counts {
  readonly received: number
  readonly lost: number
  readonly doubled: number
  /** Held back so that others overtake them. */
  readonly heldBack: number
  /** Sent on, second copies among them. */
  readonly forwarded: number
  /** Not sent on yet. */
  readonly waiting: number
}

/** A port could not be bound. */
export class ProxyError extends Data.TaggedError("ProxyError")<{ readonly message: string }> {}

/** A proxy that runs. */
export class UdpProxy {
  readonly host: string
  /** Where it listens; the same after it was closed and opened again. */
  port: number
  weather: Weather
  readonly #random: () => number
  readonly #targetHost: string
  readonly #targetPort: number
  readonly #timers = new Set<NodeJS.Timeout>()
  #in: Dgram.Socket | undefined = undefined
  #out: Dgram.Socket | undefined = undefined
  #received = 0
  #lost = 0
  #doubled = 0
  #heldBack = 0
  #forwarded = 0
  #waiting = 0

  constructor(options: ProxyOptions) {
    const random = Effect.runSync(Random.withSeed(
      Effect.gen(function*() {
        return yield* Random.Random
      }),
      options.seed
    ))
    this.#random = () => random.nextDoubleUnsafe()
    this.host = options.host ?? "127.0.0.1"
    this.port = options.port ?? 0
    this.weather = options.weather ?? {}
    this.#targetHost = options.targetHost ?? "127.0.0.1"
    this.#targetPort = options.targetPort
  }

  get counts(): Counts {
    return {
      received: this.#received,
      lost: this.#lost,
      doubled: this.#doubled,
      heldBack: this.#heldBack,
      forwarded: this.#forwarded,
      waiting: this.#waiting
    }
  }

  /** Binds the port. */
  readonly open: Effect.Effect<void, ProxyError> = Effect.callback((resume) => {
    if (this.#in !== undefined) return resume(Effect.void)
    const socket = Dgram.createSocket({ type: "udp4", recvBufferSize: 8 * 1024 * 1024 })
    const out = Dgram.createSocket("udp4")
    // A target that refuses is a part of the weather.
    out.on("error", () => {})
    socket.once("error", (error) => {
      out.close()
      resume(
        Effect.fail(new ProxyError({ message: `the proxy can't bind ${this.host}:${this.port}: ${error.message}` }))
      )
    })
    socket.on("message", (message) => this.#receive(message))
    socket.bind({ port: this.port, address: this.host, exclusive: true }, () => {
      this.port = socket.address().port
      this.#in = socket
      this.#out = out
      resume(Effect.void)
    })
  })

  /** Frees the port: senders see it refused. What waits is forgotten, and counted as lost. */
  readonly close: Effect.Effect<void> = Effect.callback((resume) => {
    const socket = this.#in
    if (socket === undefined) return resume(Effect.void)
    this.#in = undefined
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    this.#lost += this.#waiting
    this.#waiting = 0
    this.#out!.close()
    this.#out = undefined
    socket.close(() => resume(Effect.void))
  })

  #receive(message: Uint8Array): void {
    this.#received++
    const { delayMillis = 0, duplication = 0, jitterMillis = 0, loss = 0, reordering = 0, reorderMillis = 20 } =
      this.weather
    // Drawn for each datagram in the same order, so that one setting does not change what another draws.
    const random = this.#random
    const [isLost, isDoubled, isHeldBack] = [random() < loss, random() < duplication, random() < reordering]
    const delays = [random() * jitterMillis, random() * jitterMillis]
    if (isLost) {
      this.#lost++
      return
    }
    if (isHeldBack) this.#heldBack++
    this.#later(message, delayMillis + delays[0]! + (isHeldBack ? reorderMillis : 0))
    if (isDoubled) {
      this.#doubled++
      this.#later(message, delayMillis + delays[1]!)
    }
  }

  #later(message: Uint8Array, millis: number): void {
    if (millis < 1) return this.#forward(message)
    this.#waiting++
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#waiting--
      this.#forward(message)
    }, millis)
    this.#timers.add(timer)
  }

  #forward(message: Uint8Array): void {
    this.#forwarded++
    this.#out?.send(message, this.#targetPort, this.#targetHost, () => {})
  }
}

/** Starts a proxy that lives as long as the scope. */
export const make = (options: ProxyOptions): Effect.Effect<UdpProxy, ProxyError, Scope.Scope> =>
  Effect.gen(function*() {
    const proxy = new UdpProxy(options)
    yield* Effect.acquireRelease(proxy.open, () => proxy.close)
    return proxy
  })
