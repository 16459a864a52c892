/**
 * Node's HTTP client, with agents of our own.
 *
 * - When a request is abandoned, its socket is closed, even while it is connecting or in its TLS handshake.
 * - A connection is kept for 30 seconds while idle and for `maxConnectionAge` in total, so a changed address takes
 *   effect.
 *
 * Only programs that use HTTP load this module.
 *
 * @since 0.1.0
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeStream from "@effect/platform-node/NodeStream"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as Scope from "effect/Scope"
import type { Duplex } from "node:stream"
import { constants, createGunzip, gzip } from "node:zlib"
import { defaults, type Options } from "./HttpRequest.ts"
import { GunzipFailed, type HttpWire, OnConnected } from "./HttpWire.ts"
import * as LookUp from "./SharedLookUp.ts"

// How long an idle connection is kept, in milliseconds: longer than a flush interval and the pauses of a query loop.
const keepAliveTimeout = 30_000

// Line protocol is so repetitive that a higher level takes four times as long to save a sixth of the size.
const gzipOptions = { level: constants.Z_BEST_SPEED, chunkSize: 64 * 1024 }

/**
 * Makes the wire to one server. Its connections end with the scope.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options: Options,
  clock: Clock.Clock
): Effect.fn.Return<HttpWire, never, Scope.Scope> {
  const stale = new WeakSet<object>()
  const shared = {
    lookup: LookUp.make(),
    socketPath: options.socketPath,
    ca: typeof options.ca === "object" ? [...options.ca] : options.ca
  }
  const kept = yield* NodeHttpClient.makeAgent({
    ...shared,
    keepAlive: true,
    timeout: keepAliveTimeout,
    maxSockets: options.connections
  })
  const fresh = yield* NodeHttpClient.makeAgent(shared)
  for (const agent of [kept.http, kept.https, fresh.http, fresh.https]) {
    watch(agent as Agent, stale, options.maxConnectionAge ?? defaults.maxConnectionAge, clock)
  }
  return {
    kept: yield* Effect.provideService(NodeHttpClient.makeNodeHttp, NodeHttpClient.HttpAgent, kept),
    fresh: yield* Effect.provideService(NodeHttpClient.makeNodeHttp, NodeHttpClient.HttpAgent, fresh),
    isStale: ({ reason }: HttpClientError.HttpClientError) => "cause" in reason && stale.has(Object(reason.cause)),
    gzip: (bytes) =>
      Effect.callback((resume) => {
        gzip(bytes, gzipOptions, (error, zipped) => resume(error === null ? Effect.succeed(zipped) : Effect.die(error)))
      }),
    gunzip: NodeStream.pipeThroughDuplex({
      evaluate: () => createGunzip(),
      onError: (error) =>
        new GunzipFailed({
          isTruncated: Object(error).code === "Z_BUF_ERROR",
          detail: error instanceof Error ? error.message : String(error)
        })
    })
  }
})

type NodeAgent = NodeHttpClient.HttpAgent["Service"]["http"]

/** An agent with the method that Node calls for each request, which its type lacks. */
interface Agent extends NodeAgent {
  addRequest(request: Parameters<NodeAgent["reuseSocket"]>[1], ...options: ReadonlyArray<unknown>): void
}

const watch = (agent: Agent, stale: WeakSet<object>, maxAge: number, clock: Clock.Clock): void => {
  const { addRequest, keepSocketAlive, reuseSocket } = agent
  const firstKept = new WeakMap<Duplex, number>()
  // Node calls it before `http.request` returns, so the current fiber is the one that sends the request.
  agent.addRequest = (request, ...options) => {
    const onConnected = Fiber.getCurrent()!.getRef(OnConnected)
    request.once("socket", (socket) => {
      if ("secureConnecting" in socket && socket.secureConnecting === true) socket.once("secureConnect", onConnected)
      else if (socket.connecting) socket.once("connect", onConnected)
      else onConnected()
    })
    addRequest.call(agent, request, ...options)
  }
  agent.keepSocketAlive = (socket) => {
    const now = Number(clock.monotonicTimeNanosUnsafe()) / 1e6
    const since = firstKept.get(socket) ?? now
    firstKept.set(socket, since)
    return now - since < maxAge && keepSocketAlive.call(agent, socket)
  }
  agent.reuseSocket = (socket: Duplex & { readonly bytesRead?: number }, request) => {
    reuseSocket.call(agent, socket, request)
    const { bytesRead } = socket
    request.prependOnceListener("error", (error) => {
      if (socket.bytesRead === bytesRead) stale.add(error)
    })
  }
}
