/**
 * Loads the transport of a configuration on demand: a program that sends datagrams loads no HTTP client, and a
 * program with its own client loads nothing of Node.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { HttpClient } from "effect/http/HttpClient"
import * as Scope from "effect/Scope"
import { InfluxError, OpenFailed } from "../../InfluxError.ts"
import type { Events, Transport } from "../../Transport.ts"
import type { DatabaseSettings } from "../config/DatabaseSettings.ts"

/**
 * Makes the transport at once. The first connection waits until it is loaded.
 *
 * @internal
 */
export const make = Effect.fnUntraced(function*(
  settings: DatabaseSettings,
  events: Events,
  client?: Context.Context<HttpClient>
): Effect.fn.Return<Transport["Service"], never, Scope.Scope> {
  const imported = async (): Promise<Effect.Effect<Transport["Service"], never, Scope.Scope>> => {
    switch (settings.transport) {
      case "http":
        return (await import("./HttpTransport.ts")).make(settings, events, client)
      case "tcp":
        return Effect.succeed((await import("./TcpTransport.ts")).make(settings))
      case "udp":
        return (await import("./UdpTransport.ts")).make(settings, events)
    }
  }
  const failed = (cause: unknown) => {
    const endpoint = settings.transport === "http"
      ? settings.http.urls.join(", ")
      : `${settings.transport}://${settings.host}:${settings.port}`
    const isMissing = Object(cause).code === "ERR_MODULE_NOT_FOUND"
    const kind = isMissing ? "the package @effect/platform-node is not installed" : String(cause)
    return new InfluxError({ reason: new OpenFailed({ endpoint, kind, cause }) })
  }
  // The finalizer is registered now, so sockets are closed after everything that uses them.
  const scope = yield* Effect.flatMap(Effect.scope, (parent) => Scope.fork(parent))
  const loading = yield* Effect.tryPromise({ try: imported, catch: failed }).pipe(
    Effect.flatten,
    Effect.provideService(Scope.Scope, scope),
    Effect.forkIn(scope)
  )
  return { open: Effect.flatMap(Fiber.join(loading), (transport) => transport.open) }
})
