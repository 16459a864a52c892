/**
 * A wire that uses an `HttpClient` of the program, for example `fetch`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import { type HttpWire, OnConnected } from "./HttpWire.ts"

/**
 * Makes the wire over the client of a context.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (context: Context.Context<HttpClient.HttpClient>): Effect.Effect<HttpWire> => {
  const client = HttpClient.transformResponse(Context.get(context, HttpClient.HttpClient), withoutRedirects)
  return Effect.succeed({
    kept: client,
    fresh: client,
    // Only Node's client reports which connection it used.
    isStale: () => false,
    gzip: (bytes) =>
      Effect.promise(async () => {
        const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream("gzip"))
        return new Uint8Array(await new Response(stream).arrayBuffer())
      })
  })
}

// `fetch` follows redirects unless it is told not to.
const withoutRedirects = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.updateContext(effect, (context: Context.Context<R>) => {
    // Whether there is a connection is not known.
    Context.get(context, OnConnected)()
    return Context.add(context, FetchHttpClient.RequestInit, {
      ...Context.getOrUndefined(context, FetchHttpClient.RequestInit),
      redirect: "manual"
    })
  })
