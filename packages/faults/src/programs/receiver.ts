/**
 * A program that receives points, and knows which ones arrived, in which order and when. It can close and reopen its
 * port, and be stopped or killed.
 */
import * as Program from "@efflux/testkit/Program"
import * as UdpSink from "@efflux/testkit/UdpSink"
import * as Effect from "effect/Effect"
import * as Http from "node:http"
import * as Journal from "../Journal.ts"
import { firstNumber } from "../Load.ts"
import { machineMillis } from "../Program.ts"

/** The options that the parent chooses. */
export interface ReceiverOptions {
  readonly host: string
  readonly port: number
  /** Whether to leave the port closed at first. */
  readonly closed?: boolean | undefined
  /** How points arrive; default `"udp"`. */
  readonly transport?: "udp" | "http" | undefined
  /** A file that gets the number of each accepted point; see `Journal`. */
  readonly journal?: string | undefined
}

/**
 * What happens to a request over HTTP: accepted and answered, refused with 503, accepted and reset without an answer,
 * or ignored.
 */
export type Mode = "take" | "refuse" | "break off" | "be silent"

/** What has arrived so far. */
export interface Received {
  readonly payloads: number
  readonly points: number
  /** Points, without duplicates. */
  readonly distinct: number
  /** The greatest number of a point, -1 if none has arrived. */
  readonly newest: number
  /** The number of points without a gap, up to the newest. */
  readonly tail: number
  /** Points that arrived after one with a greater number, from the same socket. */
  readonly outOfOrder: number
  /** Points whose timestamp was not greater than that of the one before them, from the same socket. */
  readonly notLater: number
  /** Lines that do not belong to the load. */
  readonly strange: number
  /** Sockets that have sent. */
  readonly sockets: number
  /** When the first payload arrived after the port was opened, on the machine's clock; 0 if none has. */
  readonly firstAt: number
  /** When the port was opened last. */
  readonly openedAt: number
}

interface Source {
  newest: number
  timestamp: string
}

const options = Program.options<ReceiverOptions>()
const marker = " n="
const decoder = new TextDecoder()

class Tracker {
  #seen = new Uint8Array(1 << 16)
  readonly #sources = new Map<number, Source>()
  readonly #counts = { payloads: 0, points: 0, distinct: 0, newest: -1, outOfOrder: 0, notLater: 0, strange: 0 }
  readonly #times = { firstAt: 0, openedAt: 0 }
  readonly #journal = options.journal === undefined ? undefined : Journal.open(options.journal)

  opened(): void {
    Object.assign(this.#times, { firstAt: 0, openedAt: machineMillis() })
  }

  get received(): Received {
    const { newest } = this.#counts
    let tail = 0
    while (newest - tail >= 0 && this.#seen[newest - tail]! > 0) tail++
    return { ...this.#counts, ...this.#times, tail, sockets: this.#sources.size }
  }

  receive(message: Uint8Array, port: number): void {
    if (this.#times.firstAt === 0) this.#times.firstAt = machineMillis()
    this.#counts.payloads++
    let source = this.#sources.get(port)
    if (source === undefined) this.#sources.set(port, source = { newest: -1, timestamp: "" })
    const lines = decoder.decode(message).split("\n")
    const numbers = lines.flatMap((line) => this.#line(line, source) ?? [])
    this.#journal?.(numbers)
  }

  #line(line: string, source: Source): number | undefined {
    const counts = this.#counts
    const at = line.indexOf(marker)
    const n = Number(line.slice(at + marker.length, at + marker.length + 10)) - firstNumber
    if (at < 0 || !(n >= 0)) {
      counts.strange++
      return undefined
    }
    const timestamp = line.slice(line.lastIndexOf(" ") + 1)
    counts.points++
    if (n >= this.#seen.length) {
      const larger = new Uint8Array(Math.max(2 * this.#seen.length, n + 1))
      larger.set(this.#seen)
      this.#seen = larger
    }
    if (this.#seen[n] === 0) counts.distinct++
    this.#seen[n] = 1
    counts.newest = Math.max(counts.newest, n)
    if (n <= source.newest) counts.outOfOrder++
    // All have nineteen digits.
    if (timestamp <= source.timestamp) counts.notLater++
    source.newest = n
    source.timestamp = timestamp
    return n
  }
}

const tracker = new Tracker()

const udp = Effect.map(
  UdpSink.make({
    host: options.host,
    port: options.port,
    closed: true,
    onPayload: (payload, port) => tracker.receive(payload, port)
  }),
  (sink) => ({ open: sink.reopen, close: sink.close })
)

let mode: Mode = "take"

const answer: Http.RequestListener = (request, response) => {
  const chunks: Array<Uint8Array> = []
  request.on("data", (chunk: Uint8Array) => chunks.push(chunk))
  // The client may give up.
  request.on("error", () => {})
  request.on("end", () => {
    if (mode === "be silent") return
    if (mode === "refuse") return void response.writeHead(503).end()
    tracker.receive(Buffer.concat(chunks), request.socket.remotePort ?? 0)
    if (mode === "break off") request.socket.resetAndDestroy()
    else response.writeHead(204).end()
  })
}

const http = Effect.sync(() => {
  const server = Http.createServer(answer)
  return {
    open: Effect.callback<void>((resume) => {
      server.listen(options.port, options.host, () => resume(Effect.void))
    }),
    close: Effect.callback<void>((resume) => {
      server.close(() => resume(Effect.void))
      server.closeAllConnections()
    })
  }
})

const functionsOf = (open: Effect.Effect<void, unknown>, close: Effect.Effect<void>) => ({
  received: () => tracker.received,
  /** Binds the port again. */
  open: () => Effect.runPromise(open),
  /** Frees the port. */
  close: () => Effect.runPromise(close),
  /** What happens to requests from now on. */
  mode: (next: Mode) => {
    mode = next
  }
})

/** The functions that the parent can call. */
export type Functions = ReturnType<typeof functionsOf>

const program = Effect.gen(function*() {
  const port = yield* options.transport === "http" ? http : udp
  const open = Effect.andThen(port.open, Effect.sync(() => tracker.opened()))
  if (options.closed !== true) yield* open
  Program.serve(functionsOf(open, port.close))
  return yield* Effect.never
})

Effect.runFork(Effect.scoped(program))
