/**
 * The options of a listener, and the elements that it emits.
 *
 * @since 0.1.0
 */
import * as NetAddress from "effect/net/NetAddress"
import * as Dialect from "../../Dialect.ts"
import { InfluxError, OpenFailed } from "../../InfluxError.ts"
import type * as Point from "../../Point.ts"
import * as Precision from "../../Precision.ts"
import type { Checked } from "../config/Options.ts"
import { declare, hostName, integer, oneOf, optional, withDefault } from "../config/OptionSchema.ts"
import type { DecodeError } from "../decode/DecodeError.ts"
import type { Excerpt } from "../decode/LineTexts.ts"

/**
 * A bound address.
 *
 * @category models
 * @since 0.1.0
 */
export interface Address {
  /** IP address. */
  readonly host: string
  /** Port. */
  readonly port: number
}

/** @internal */
export const toAddress = (address: NetAddress.InetAddress): Address => ({
  host: NetAddress.formatHost(address),
  port: address.port
})

/**
 * Where something came from.
 *
 * @category models
 * @since 0.1.0
 */
export interface Source {
  /** How it came. */
  readonly transport: "udp" | "tcp" | "http"
  /** IP address and port of the sender, as `127.0.0.1:1234` or `[::1]:1234`; over HTTP the address alone. */
  readonly address: string
  /** The database or bucket that an HTTP request names. */
  readonly database?: string | undefined
}

interface Arrived {
  /** Where it came from. */
  readonly source: Source
  /** When the program read it from the system, in nanoseconds since the epoch. */
  readonly receivedAt: bigint
}

/**
 * A point that was received.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReceivedPoint extends Arrived {
  readonly _tag: "Point"
  /** As it was written: a point without a timestamp has none. */
  readonly point: Point.Point
}

/**
 * A line that could not be read.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReceivedError extends Arrived {
  readonly _tag: "Error"
  /** The line number counts from the start of the datagram, the body or the connection. */
  readonly error: DecodeError
  /**
   * The text around the error, `undefined` if it is no longer known. It is not escaped: escape it before you show it.
   */
  readonly excerpt: Excerpt | undefined
}

/**
 * An HTTP request of which nothing was accepted: not a write, too large, or unreadable.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReceivedRefusal extends Arrived {
  readonly _tag: "Refused"
  /**
   * Method and path without the query, which may contain a password; at most 200 characters. `(not HTTP)` if no request
   * could be read.
   */
  readonly request: string
  /** The HTTP status of the reply. */
  readonly status: number
  /** One sentence that says what was wrong. */
  readonly reason: string
}

/**
 * What a listener emits, distinguished by `_tag`.
 *
 * @category models
 * @since 0.1.0
 */
export type Received = ReceivedPoint | ReceivedError | ReceivedRefusal

const port = declare(
  "a port from 0 to 65535, 0 for a free one",
  (value): value is number => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535
)

const bytes = integer(1, 2 ** 30)

/**
 * The options of a listener.
 *
 * @internal
 */
export const fields = {
  /** Address or host name to bind to, default `"127.0.0.1"`. `"0.0.0.0"` or `"::"` accepts other hosts too. */
  host: withDefault(hostName, "127.0.0.1"),
  /**
   * UDP port, or 0 for a free one; `Listener.udp` has the result. Without this option the listener does not use UDP.
   */
  udp: optional(port),
  /** TCP port, like `udp`. Connections beyond 1024 are closed at once. */
  tcp: optional(port),
  /** HTTP port, like `udp`. It accepts `/write`, `/api/v2/write` and `/api/v3/write_lp`, with and without gzip. */
  http: optional(port),
  /** The server whose rules decide which lines are valid, default `"influx-1"`. */
  dialect: withDefault(oneOf(Dialect.all), "influx-1"),
  /**
   * Unit of the timestamps, default `"ns"`. An HTTP request may name another. If a version 3 write names none, the
   * unit of each timestamp is guessed from its size, as InfluxDB 3 does.
   */
  precision: withDefault(oneOf(Precision.all), "ns"),
  /** The most points and errors that wait for a reader, default 10 000. Beyond that the oldest are dropped. */
  capacity: withDefault(integer(1, 100_000_000), 10_000),
  /** The most bytes of a line, default 64 KiB. A longer line is an error. */
  maxLineBytes: withDefault(bytes, 64 * 1024),
  /**
   * The most bytes of an HTTP body after decompression, default 25 000 000 as in InfluxDB 1. At most four bodies of
   * 64 KiB or more are held at a time; further ones wait.
   */
  maxBodyBytes: withDefault(bytes, 25_000_000),
  /** Size of the receive buffer of the UDP socket in bytes, default the system's. The system may grant less. */
  receiveBufferBytes: optional(bytes)
}

/** @internal */
export type ListenerSettings = Checked<typeof fields>

/**
 * Makes the error of a port that can't be bound. Its kind is Effect's, or the code of Node's error, as `EADDRINUSE`.
 *
 * @internal
 */
export const openFailed =
  (transport: Source["transport"], { host }: ListenerSettings, port: number) =>
  (error: { readonly reason?: object; readonly cause?: unknown }): InfluxError => {
    const reason = Object(error.reason ?? error)
    const kind = transport === "udp" ? reason.kind ?? reason._tag : Object(reason.cause).code ?? "Unknown"
    const cause = error.reason ?? error
    return new InfluxError({ reason: new OpenFailed({ endpoint: `${transport}://${host}:${port}`, kind, cause }) })
  }

/**
 * What was received since a listener opened.
 *
 * @category models
 * @since 0.1.0
 */
export interface Counts {
  /** Good lines. */
  readonly points: number
  /** Bad lines. */
  readonly errors: number
  /** HTTP requests of which nothing was accepted. */
  readonly refused: number
  /** Datagrams, HTTP requests and TCP connections. */
  readonly payloads: number
  /** Bytes of datagrams, TCP connections and HTTP bodies; compressed bodies count as received. */
  readonly bytes: number
  /** Elements that wait to be read from `received`. */
  readonly waiting: number
  /** Elements that were dropped because more than `capacity` were waiting to be read from `received`. */
  readonly dropped: number
  /** Datagrams that the program did not process in time; their points are unknown. */
  readonly droppedDatagrams: number
  /**
   * Datagrams that the kernel dropped because the socket's buffer was full; `undefined` except on Linux.
   */
  readonly kernelDrops: number | undefined
}
