/**
 * What an exchange needs of a platform: a client, gzip and the signs of a
 * connection that was closed while it was idle.
 *
 * `NodeWire` is Node's, with bounds of its own. The one here stands on any
 * `HttpClient` and on web streams, and has the bounds of that client.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
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
  /** Whether a connection that was kept ended before anything of the answer came. */
  readonly isStale: (error: HttpClientError.HttpClientError) => boolean
  readonly gzip: (bytes: Uint8Array) => Effect.Effect<Uint8Array>
  /** Inflates a body that came as gzip; absent if the client does so by itself. */
  readonly gunzip?: (<E>(body: Stream.Stream<Uint8Array, E>) => Stream.Stream<Uint8Array, E | GunzipFailed>) | undefined
}

/**
 * A body is not what its encoding says.
 *
 * @category errors
 * @since 0.1.0
 */
export class GunzipFailed {
  readonly isTruncated: boolean
  readonly detail: string

  constructor(isTruncated: boolean, detail: string) {
    this.isTruncated = isTruncated
    this.detail = detail
  }
}

/**
 * A wire over a client of the program's own, for example `fetch`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromHttpClient = (client: HttpClient.HttpClient): HttpWire => {
  const direct = HttpClient.transformResponse(client, withoutRedirects)
  return {
    kept: direct,
    fresh: direct,
    // No client but Node's says which connection it used.
    isStale: () => false,
    gzip: (bytes) =>
      Effect.promise(async () => {
        const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream("gzip"))
        return new Uint8Array(await new Response(stream).arrayBuffer())
      })
  }
}

// `fetch` follows redirects unless it is told not to.
const withoutRedirects = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.updateContext(effect, (context: Context.Context<R>) =>
    Context.add(context, FetchHttpClient.RequestInit, {
      ...Context.getOrUndefined(context, FetchHttpClient.RequestInit),
      redirect: "manual"
    }))
