/**
 * The elements that a listener emits.
 *
 * @since 0.1.0
 */
import * as NetAddress from "effect/net/NetAddress"
import type { Dialect } from "../../Dialect.ts"
import type * as Point from "../../Point.ts"
import type { Precision } from "../../Precision.ts"
import type { DecodeError } from "../decode/DecodeError.ts"
import type { Excerpt } from "../decode/LineTexts.ts"

/**
 * A bound address.
 *
 * @category models
 * @since 0.1.0
 */
export interface Address {
  readonly host: string
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
  readonly transport: "udp" | "tcp" | "http"
  /** IP address and port of the sender, as `127.0.0.1:1234` or `[::1]:1234`; over HTTP the address alone. */
  readonly address: string
  /** The database or bucket that an HTTP request names. */
  readonly database?: string | undefined
}

/**
 * A point that was received.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReceivedPoint {
  readonly _tag: "Point"
  /** As it was written: a point without a timestamp has none. */
  readonly point: Point.Point
  readonly source: Source
  /** When the program read it from the system, in nanoseconds since the epoch. */
  readonly receivedAt: bigint
}

/**
 * A line that could not be read.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReceivedError {
  readonly _tag: "Error"
  /** The line number counts from the start of the datagram, the body or the connection. */
  readonly error: DecodeError
  /** The text around the place, `undefined` where it is no longer known. It is shown as it came: escape it. */
  readonly excerpt: Excerpt | undefined
  readonly source: Source
  readonly receivedAt: bigint
}

/**
 * An HTTP request of which nothing was taken: not a write, too large, or not readable.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReceivedRefusal {
  readonly _tag: "Refused"
  /** Method and path, without the query, in which a password may stand; at most 200 characters. */
  readonly request: string
  readonly status: number
  /** One sentence that says what was wrong. */
  readonly reason: string
  readonly source: Source
  readonly receivedAt: bigint
}

/**
 * @category models
 * @since 0.1.0
 */
export type Received = ReceivedPoint | ReceivedError | ReceivedRefusal

/**
 * How a listener reads what it receives, after its options were checked.
 *
 * @category models
 * @since 0.1.0
 */
export interface Settings {
  readonly host: string
  readonly dialect: Dialect
  readonly precision: Precision
  readonly capacity: number
  readonly maxLineBytes: number
  readonly maxBodyBytes: number
  readonly receiveBufferBytes: number | undefined
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
  /** HTTP requests of which nothing was taken. */
  readonly refused: number
  /** Datagrams, HTTP requests and TCP connections. */
  readonly payloads: number
  /** Bytes of datagrams, TCP connections and HTTP bodies, the latter as they came, perhaps compressed. */
  readonly bytes: number
  /** What waits to be read from `received`. */
  readonly waiting: number
  /** What was given up before it was read from `received`, because more than `capacity` was waiting. */
  readonly dropped: number
  /** Datagrams that the program did not read in time from its own socket; their points are unknown. */
  readonly droppedDatagrams: number
  /**
   * Datagrams that the kernel gave up because the socket's buffer was full; `undefined` where the system does not show
   * it, which is everywhere but on Linux.
   */
  readonly kernelDrops: number | undefined
}
