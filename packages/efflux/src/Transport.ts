/**
 * The transport contract: how payloads leave a database.
 *
 * A database asks its `Transport` for one connection per sender fiber and sends one payload at a time over each. The
 * default sends UDP datagrams. The transports here are for tests, and for programs that should not send anything.
 *
 * **Example** (a test that checks what would be sent)
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { Influx, InfluxDatabase, Transport } from "efflux"
 *
 * const program = Effect.gen(function*() {
 *   yield* Influx.push({ measurement: "cpu", fields: { load: 0.5 }, timestamp: 0n })
 *   yield* Influx.flush
 *   return (yield* Transport.Spy).lines() // ["cpu load=0.5 0"]
 * })
 *
 * export const test = program.pipe(
 *   Effect.provide(InfluxDatabase.layerTransport().pipe(Layer.provideMerge(Transport.layerSpy)))
 * )
 * ```
 *
 * @module
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { InfluxError, Rejected } from "./InfluxError.ts"

/**
 * An open connection to the server, used by one sender fiber for one payload at a time.
 *
 * @category models
 * @since 0.1.0
 */
export interface Connection {
  /**
   * Sends one payload: complete lines separated by line feeds. `points` is the number of points whose last line is in
   * the payload. It equals the number of lines unless points are split. `lines` says where each line ends.
   *
   * Succeeds when the payload was accepted; what that means depends on the transport. A transport that knows of losses
   * within the payload succeeds with an {@link Outcome}. Points that the outcome does not name count as `send_error`.
   * So do all points of a payload if `send` fails, or succeeds with an object that is not an outcome. If it succeeds
   * with a value that is not an object, all points count as sent. `send` must be interruptible, and must not keep
   * `payload` or `lines` after it ends, because both are reused.
   */
  readonly send: (
    payload: Uint8Array,
    points: number,
    lines: Lines
  ) => Effect.Effect<void, InfluxError> | Effect.Effect<void | Outcome, InfluxError>
  /**
   * Returns the outcome of the latest send, as far as the transport knows it. It is called once, right after that send
   * was interrupted because the database closes, or ended with a defect. The send may have ended just before, or may
   * not have started, so the transport must remember the latest call of `send` until the next one. Points that are not
   * in the outcome count as `shutdown`, or as `send_error` after a defect, which means that they were not sent. A
   * transport that can't know reports them as `unknown`.
   *
   * Without this function all points of such a send count as `shutdown` or `send_error`, even if the server stored them
   * or the send had just succeeded. Leave it out only if an interrupted send sends nothing.
   */
  readonly interrupted?: (() => Outcome) | undefined
  /** Whether the connection should be replaced before the next payload, for example after a change of address. */
  readonly isStale: () => boolean
}

/**
 * The lines of one payload.
 *
 * @category models
 * @since 0.1.0
 */
export interface Lines {
  /** How many lines the payload has. */
  readonly count: number
  /** Where a line ends in the payload: at its line feed, or at the end of the payload. Lines count from 0. */
  readonly end: (line: number) => number
  /** Whether a line is the last one of its point. Always true unless points are split. */
  readonly completes: (line: number) => boolean
}

/**
 * The outcome of one payload. Each point is counted in one of the numbers; points in none of them were not sent.
 *
 * @category models
 * @since 0.1.0
 */
export interface Outcome {
  /** Points that were sent: acknowledged by the server over HTTP, otherwise accepted by the operating system. */
  readonly sent: number
  /** Points that the server refused, default 0. */
  readonly rejected?: number | undefined
  /** Points that were not sent, default 0. */
  readonly send_error?: number | undefined
  /** Points that may have been stored: the server may have received them, but did not acknowledge them. */
  readonly unknown?: number | undefined
  /** Bytes of the payload that were accepted, default all of them if any point was sent. */
  readonly bytes?: number | undefined
  /** The latest error, for the log. */
  readonly error?: InfluxError | undefined
  /** What the server said about the points that it rejected. */
  readonly rejections?: ReadonlyArray<Rejected> | undefined
}

/**
 * Events that do not belong to a single send.
 *
 * @category models
 * @since 0.1.0
 */
export interface Events {
  /** The server's host refused a payload: nobody listens on the port. */
  readonly onRefused: (endpoint: string) => void
  /** A name look-up failed. It will be repeated. */
  readonly onFailure: (error: InfluxError) => void
}

/**
 * The transport of a database.
 *
 * @category services
 * @since 0.1.0
 */
export class Transport extends Context.Service<Transport, {
  /**
   * Opens a connection that the scope owns. A failure is reported, and opening is retried after a pause. Must be
   * interruptible.
   */
  readonly open: Effect.Effect<Connection, InfluxError, Scope.Scope>
}>()("efflux/Transport") {}

/**
 * What {@link layerSpy} recorded: every payload sent, in order.
 *
 * @category testing
 * @since 0.1.0
 */
export class Spy extends Context.Service<Spy, {
  /** The payloads, each a copy. */
  readonly payloads: ReadonlyArray<Uint8Array>
  /** The lines of all payloads. A line feed inside a string value does not end a line. */
  readonly lines: () => ReadonlyArray<string>
  /** Forgets what was sent. */
  readonly clear: () => void
}>()("efflux/Transport/Spy") {}

/**
 * A transport for tests that records all payloads. The layer provides the `Transport` and the {@link Spy}. Nothing is
 * ever discarded, so do not use it in long runs.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerSpy: Layer.Layer<Transport | Spy> = Layer.unwrap(Effect.sync(() => {
  const { layer, spy } = makeSpy()
  return Layer.merge(layer, Layer.succeed(Spy, spy))
}))

/**
 * The transport and the spy of {@link layerSpy} as values, to give each of several databases its own.
 *
 * **Example**
 *
 * ```ts
 * import { Layer } from "effect"
 * import { InfluxDatabase, Transport } from "efflux"
 *
 * class Audit extends InfluxDatabase.Service<Audit>()("app/Audit") {}
 *
 * const audit = Transport.makeSpy()
 *
 * export const layer = Audit.layerTransport({ name: "audit" }).pipe(Layer.provide(audit.layer))
 * export const sent = () => audit.spy.lines()
 * ```
 *
 * @category testing
 * @since 0.1.0
 */
export const makeSpy = (): { readonly layer: Layer.Layer<Transport>; readonly spy: Spy["Service"] } => {
  const payloads: Array<Uint8Array> = []
  const connection: Connection = {
    send: (payload) =>
      Effect.sync(() => {
        payloads.push(payload.slice())
      }),
    isStale: () => false
  }
  return {
    layer: Layer.succeed(Transport, { open: Effect.succeed(connection) }),
    spy: {
      payloads,
      lines: () => payloads.flatMap((payload) => splitLines(decoder.decode(payload))),
      clear: () => {
        payloads.length = 0
      }
    }
  }
}

/**
 * A transport that discards every payload: all points count as sent, and nothing leaves the program.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerNoop: Layer.Layer<Transport> = Layer.sync(Transport, () => {
  const connection: Connection = { send: () => Effect.void, isStale: () => false }
  return { open: Effect.succeed(connection) }
})

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

// Only string values have quotes that count, and inside them `\` escapes the next character.
const splitLines = (text: string): Array<string> => text.match(/(?:[^\n"\\]|\\[^]|"(?:[^"\\]|\\[^])*"|["\\])+/g) ?? []
