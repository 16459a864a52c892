/**
 * Receives line protocol over HTTP, and answers, as InfluxDB 1, 2 and 3 do.
 *
 * A body is read to its end before its first line is decoded, so a body that is too large, truncated or not gzip
 * gives no point.
 *
 * @since 0.1.0
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeStream from "@effect/platform-node/NodeStream"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Server from "effect/http/HttpServer"
import * as Request from "effect/http/HttpServerRequest"
import * as Response from "effect/http/HttpServerResponse"
import type * as NetAddress from "effect/net/NetAddress"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
// oxlint-disable-next-line no-restricted-imports -- NodeHttpServer is given the server that it serves.
import { createServer, type IncomingMessage } from "node:http"
import { createGunzip } from "node:zlib"
import type { InfluxError } from "../../InfluxError.ts"
import { nanosPer, type Precision } from "../../Precision.ts"
import { Decoder } from "../decode/Decoder.ts"
import { preview, printable } from "../text/preview.ts"
import type { Backlog } from "./Backlog.ts"
import {
  type Address,
  type ListenerSettings,
  openFailed,
  type ReceivedError,
  type Source,
  toAddress
} from "./Received.ts"

// The number of large bodies in memory at a time, each of at most `maxBodyBytes`.
const maxBodies = 4
// The size from which a body is large, after decompression. Smaller bodies do not wait, so slow clients that send them
// keep nobody from writing.
const largeBytes = 64 * 1024
// As over TCP, further connections are closed at once.
const maxConnections = 1024
// How long receiving a request may take, in milliseconds.
const maxRequestMillis = 30_000
// The number of errors that one answer names.
const errorsAnswered = 100

/** @internal */
export const open = Effect.fnUntraced(function*(
  settings: ListenerSettings,
  port: number,
  backlog: Backlog
): Effect.fn.Return<Address, InfluxError, Scope.Scope> {
  const native = createServer({ requestTimeout: maxRequestMillis, requireHostHeader: false })
  const server: Server.HttpServer["Service"] = yield* Effect.mapError(
    NodeHttpServer.make(() => native, { host: settings.host, port, disablePreemptiveShutdown: true }),
    openFailed("http", settings, port)
  )
  yield* server.serve(handle(settings, backlog, yield* Semaphore.make(maxBodies)))
  // Otherwise the body of a request that offers an upgrade, as Java's client does, is not read.
  native.removeAllListeners("upgrade")
  native.maxConnections = maxConnections
  // Node would refuse an expectation that it does not know, and nobody would see it.
  native.on("checkExpectation", (request, response) => native.emit("request", request, response))
  const clock = yield* Clock.Clock
  const requests = new WeakMap<object, IncomingMessage>()
  for (const event of ["request", "checkContinue"]) {
    native.on(event, (request: IncomingMessage) => requests.set(request.socket, request))
  }
  // Node replies to data that is not a request, and closes the connection with the error.
  native.on("connection", (socket) => {
    const source = { transport: "http", address: socket.remoteAddress ?? "" } as const
    socket.on("error", ({ code = "", message }: NodeJS.ErrnoException) => {
      // If a request is not complete, its handler refuses it.
      if (!/^HPE_|^ERR_HTTP_/.test(code) || requests.get(socket)?.complete === false) return
      const reason = `no HTTP request could be read: ${printable(message)} (${code})`
      backlog.refuse("(not HTTP)", parseStatuses[code] ?? 400, reason, source, clock.currentTimeNanosUnsafe())
    })
  })
  // A client that keeps its connection must not keep the scope open.
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      native.close()
      native.closeAllConnections()
    })
  )
  return toAddress(server.address as NetAddress.InetAddress)
})

/** The statuses with which Node replies to data that is not a request, if not 400. */
const parseStatuses: { readonly [code: string]: number } = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408
}

/** One of the write APIs. */
interface WriteApi {
  readonly version: 1 | 2 | 3
  /** Name of the parameter that names the database. */
  readonly database: string
  /** By name. InfluxDB 3 guesses the unit by default. */
  readonly precisions: { readonly [name: string]: Precision | "auto" }
}

const unitNames = { ns: "ns", us: "us", ms: "ms", s: "s" } as const
const moreUnitNames = { ...unitNames, n: "ns", u: "us" } as const

const apis: { readonly [path: string]: WriteApi } = {
  "/write": { version: 1, database: "db", precisions: { ...moreUnitNames, "µ": "us", m: "m", h: "h" } },
  "/api/v2/write": { version: 2, database: "bucket", precisions: unitNames },
  "/api/v3/write_lp": {
    version: 3,
    database: "db",
    precisions: { ...moreUnitNames, nanosecond: "ns", microsecond: "us", millisecond: "ms", second: "s", auto: "auto" }
  }
}

const versionHeader = { "x-influxdb-version": "efflux", "x-influxdb-build": "efflux" }

const done = Response.empty({ status: 204, headers: versionHeader })

/** Answers that are always the same. */
const answers: { readonly [path: string]: Response.HttpServerResponse } = {
  "/ping": done,
  "/ready": Response.jsonUnsafe({ status: "ready" }, { headers: versionHeader }),
  "/health": Response.jsonUnsafe(
    { name: "efflux", message: "ready to receive line protocol", status: "pass", version: "efflux" },
    { headers: versionHeader }
  )
}

/** Why nothing of a request is accepted. */
interface Refusal {
  readonly status: number
  readonly reason: string
}

const refuse = (status: number, reason: string): Effect.Effect<never, Refusal> => Effect.fail({ status, reason })

const own = <A>(entries: { readonly [key: string]: A }, key: string): A | undefined =>
  Object.hasOwn(entries, key) ? entries[key] : undefined

const handle = (settings: ListenerSettings, backlog: Backlog, bodies: Semaphore.Semaphore) =>
  Effect.gen(function*() {
    const request = yield* Request.HttpServerRequest
    const { method, url } = request
    const path = url.replace(/[?#].*$/s, "")
    const api = own(apis, path)
    const fixed = own(answers, path)
    if (fixed !== undefined && (method === "GET" || method === "HEAD")) return fixed
    const params = new URLSearchParams(url.slice(path.length))
    const source: Source = {
      transport: "http",
      address: Option.getOrElse(request.remoteAddress, () => ""),
      database: api !== undefined && method === "POST" ? params.get(api.database) ?? undefined : undefined
    }
    const refusal = api === undefined
      ? refuse(404, `this listener takes line protocol at ${Object.keys(apis).join(", ")} and nothing else`)
      : method === "POST"
      ? Effect.scoped(write(request, api, source, params.get("precision") ?? "", settings, backlog, bodies))
      : refuse(405, `a write is a POST, this was a ${printable(method, 20)}`)
    return yield* Effect.catch(refusal, ({ reason, status }) =>
      Effect.map(Clock.currentTimeNanos, (now) => {
        backlog.refuse(`${method} ${path}`.slice(0, 200), status, reason, source, now)
        return answer(api, status, reason)
      }))
  })

const write = Effect.fnUntraced(function*(
  request: Request.HttpServerRequest,
  api: WriteApi,
  source: Source,
  named: string,
  settings: ListenerSettings,
  backlog: Backlog,
  bodies: Semaphore.Semaphore
): Effect.fn.Return<Response.HttpServerResponse, Refusal, Scope.Scope> {
  const unit = named !== "" ? own(api.precisions, named) : api.version === 3 ? "auto" : settings.precision
  if (unit === undefined) {
    const allowed = Object.keys(api.precisions).join(", ")
    return yield* refuse(400, `the precision is ${preview(named)}, allowed is ${allowed}`)
  }
  const encoding = request.headers["content-encoding"]?.toLowerCase() || "identity"
  const isGzip = encoding === "gzip"
  if (!isGzip && encoding !== "identity") {
    return yield* refuse(415, `the content encoding is ${preview(encoding)}, allowed is gzip or none`)
  }
  const body = Stream.tap(request.stream, (chunk) =>
    Effect.sync(() => {
      backlog.counts.bytes += chunk.length
    }))
  const { maxBodyBytes } = settings
  let size = 0
  const hold = (chunk: Uint8Array) => {
    const before = size
    size += chunk.length
    return before < largeBytes && size >= largeBytes
      ? Effect.acquireRelease(bodies.take(1), () => bodies.release(1), { interruptible: true })
      : Effect.void
  }
  const chunks = yield* (isGzip ? NodeStream.pipeThroughSimple(body, createGunzip) : body).pipe(
    Stream.mapError((): Refusal => ({
      status: 400,
      reason: isGzip ? "the body ended early or is not gzip" : "the body ended early"
    })),
    Stream.limitBytes<Refusal, never>(
      maxBodyBytes,
      () => Stream.fail({ status: 413, reason: `the body has more than ${maxBodyBytes} bytes` })
    ),
    Stream.tap(hold),
    Stream.runCollect
  )
  const receivedAt = yield* Clock.currentTimeNanos
  const decoder = new Decoder({ ...settings, precision: unit === "auto" ? "ns" : unit })
  const stamp = unit === "auto" ? guessUnit : undefined
  const errors: Array<ReceivedError> = []
  let failed = 0
  const onError = (error: ReceivedError) => {
    if (failed++ < errorsAnswered) errors.push(error)
  }
  backlog.counts.payloads++
  for (const chunk of chunks) {
    decoder.feed(chunk)
    while (backlog.decode(decoder, source, receivedAt, onError, stamp)) yield* Effect.yieldNow
  }
  decoder.end()
  backlog.decode(decoder, source, receivedAt, onError, stamp)
  return failed === 0 ? done : partial(api, errors, failed)
})

/** Nanoseconds from a timestamp without a unit, guessed by its size as InfluxDB 3 does. */
const guessUnit = (timestamp: bigint): bigint => {
  const size = timestamp < 0n ? -timestamp : timestamp
  const unit = (["s", "ms", "us"] as const).find((precision) => size * nanosPer(precision) < maxGuessedNanos)
  return timestamp * nanosPer(unit ?? "ns")
}

// Nanoseconds since the epoch; a timestamp that would be later in one unit is taken for a finer one.
const maxGuessedNanos = 5_000_000_000n * nanosPer("s")

const partial = (api: WriteApi, errors: ReadonlyArray<ReceivedError>, failed: number): Response.HttpServerResponse => {
  if (api.version !== 3) {
    const lines = errors.map(({ error, excerpt }) => `unable to parse '${excerpt?.text ?? ""}': ${error.message}`)
    return answer(api, 400, `partial write: ${lines.join("\n")} dropped=${failed}`)
  }
  const data = errors.map(({ error, excerpt }) => ({
    original_line: excerpt?.text ?? "",
    line_number: error.line,
    error_message: error.message
  }))
  return Response.jsonUnsafe({ error: "partial write of line protocol occurred", data }, { status: 400 })
}

const answer = (api: WriteApi | undefined, status: number, message: string): Response.HttpServerResponse =>
  Response.jsonUnsafe(
    api?.version === 2 ? { code: status === 413 ? "request too large" : "invalid", message } : { error: message },
    // Node refuses other characters in a header, and clients refuse long ones.
    { status, headers: { ...versionHeader, "x-influxdb-error": printable(message).replace(/[^ -~]/g, "?") } }
  )
