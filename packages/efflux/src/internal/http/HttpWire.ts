/**
 * What an exchange needs from a platform: a client, gzip, and how to recognise a connection that was closed while
 * idle.
 *
 * `NodeWire` uses Node and has its own limits. `ClientWire` uses any `HttpClient` and web streams, with the limits
 * of that client.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import type * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as Stream from "effect/Stream"

/**
 * Where requests go.
 *
 * @category models
 * @since 0.1.0
 */
export interface HttpWire {
  /** Keeps its connections. */
  readonly kept: HttpClient.HttpClient
  /** Opens a connection for each request. */
  readonly fresh: HttpClient.HttpClient
  /** Whether a kept connection ended before any byte of the answer. */
  readonly isStale: (error: HttpClientError.HttpClientError) => boolean
  readonly gzip: (bytes: Uint8Array) => Effect.Effect<Uint8Array>
  /** Decompresses gzip; absent if the client does so by itself. */
  readonly gunzip?: (<E>(body: Stream.Stream<Uint8Array, E>) => Stream.Stream<Uint8Array, E | GunzipFailed>) | undefined
}

/**
 * What a wire calls when a request has a connection. A wire that can't know calls it before the request is sent.
 *
 * @category services
 * @since 0.1.0
 */
export const OnConnected = Context.Reference<() => void>("efflux/internal/OnConnected", {
  defaultValue: () => constVoid
})

/**
 * A body does not match its encoding.
 *
 * @category errors
 * @since 0.1.0
 */
export class GunzipFailed extends Data.Error<{ readonly isTruncated: boolean; readonly detail: string }> {}
