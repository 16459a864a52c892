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
import { createServer } from "node:http"
import { createGunzip } from "node:zlib"
import { InfluxError, OpenFailed } from "../../InfluxError.ts"
import { nanosPer, type Precision } from "../../Precision.ts"
import { Decoder } from "../decode/Decoder.ts"
import { preview, printable } from "../text/preview.ts"
import type { Backlog } from "./Backlog.ts"
import { type Address, type ReceivedError, type Settings, type Source, toAddress } from "./Received.ts"
import { codeOf } from "./TcpServer.ts"

// Bodies that are held at the same time, each of `maxBodyBytes` at the most.
const bodiesAtOnce = 4
// Milliseconds that a request may take to come in, as it takes up one of those bodies.
const longestRequest = 30_000
// Errors that one answer names.
const errorsAnswered = 100

/** @internal */
export const open = Effect.fnUntraced(function*(
  settings: Settings,
  port: number,
  backlog: Backlog
): Effect.fn.Return<Address, InfluxError, Scope.Scope> {
  const native = createServer({ requestTimeout: longestRequest })
  const server: Server.HttpServer["Service"] = yield* Effect.mapError(
    NodeHttpServer.make(() => native, { host: settings.host, port, disablePreemptiveShutdown: true }),
    (error) =>
      new InfluxError({
        reason: new OpenFailed({
          endpoint: `http://${settings.host}:${port}`,
          kind: codeOf(error.cause),
          cause: error
        })
      })
  )
  const bodies = yield* Semaphore.make(bodiesAtOnce)
  yield* server.serve(new Handler(settings, backlog, bodies).handle)
  // A client that keeps its connection must not keep the scope open.
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      native.close()
      native.closeAllConnections()
    })
  )
  return toAddress(server.address as NetAddress.InetAddress)
})

/** One of the write APIs. */
interface Api {
  readonly version: 1 | 2 | 3
  /** Name of the parameter that names the database. */
  readonly database: string
  /** By name. InfluxDB 3 has `auto` as well, which is also its default. */
  readonly precisions: Readonly<Record<string, Precision>>
}

const short = { ns: "ns", us: "us", ms: "ms", s: "s" } as const

const apis: Readonly<Record<string, Api>> = {
  "/write": {
    version: 1,
    database: "db",
    precisions: { ...short, n: "ns", u: "us", "µ": "us", m: "m", h: "h" }
  },
  "/api/v2/write": { version: 2, database: "bucket", precisions: short },
  "/api/v3/write_lp": {
    version: 3,
    database: "db",
    precisions: { ...short, n: "ns", u: "us", nanosecond: "ns", microsecond: "us", millisecond: "ms", second: "s" }
  }
}

const writePaths = Object.keys(apis).join(", ")

/** Answers that are always the same. */
const answers: Readonly<Record<string, () => Response.HttpServerResponse>> = {
  "/ping": () => Response.empty({ status: 204, headers: versionHeader }),
  "/health": () =>
    Response.jsonUnsafe(
      { name: "efflux", message: "ready to receive line protocol", status: "pass", version: "efflux" },
      { headers: versionHeader }
    )
}

const versionHeader = { "x-influxdb-version": "efflux", "x-influxdb-build": "efflux" }

class Handler {
  readonly #settings: Settings
  readonly #backlog: Backlog
  readonly #bodies: Semaphore.Semaphore

  constructor(settings: Settings, backlog: Backlog, bodies: Semaphore.Semaphore) {
    this.#settings = settings
    this.#backlog = backlog
    this.#bodies = bodies
  }

  readonly handle = Effect.flatMap(Request.HttpServerRequest, (request) => {
    const path = pathOf(request)
    const api = Object.hasOwn(apis, path) ? apis[path] : undefined
    if (api !== undefined && request.method === "POST") {
      return this.#write(request, new URLSearchParams(request.url.slice(path.length)), api)
    }
    const fixed = Object.hasOwn(answers, path) ? answers[path] : undefined
    if (fixed !== undefined && (request.method === "GET" || request.method === "HEAD")) return Effect.succeed(fixed())
    return this.#refuse(
      request,
      api,
      { transport: "http", address: addressOf(request) },
      api === undefined ? 404 : 405,
      api === undefined
        ? `this listener takes line protocol at ${writePaths} and nothing else`
        : `a write is a POST, this was a ${printable(request.method, 20)}`
    )
  })

  #write(
    request: Request.HttpServerRequest,
    params: URLSearchParams,
    api: Api
  ): Effect.Effect<Response.HttpServerResponse> {
    const { maxBodyBytes, precision: standard } = this.#settings
    const source: Source = {
      transport: "http",
      address: addressOf(request),
      database: params.get(api.database) ?? undefined
    }
    const named = params.get("precision") ?? ""
    const isGuessed = api.version === 3 && (named === "" || named === "auto")
    const precision = isGuessed
      ? "ns"
      : named === ""
      ? standard
      : Object.hasOwn(api.precisions, named)
      ? api.precisions[named]
      : undefined
    if (precision === undefined) {
      const allowed = Object.keys(api.precisions).join(", ")
      return this.#refuse(request, api, source, 400, `the precision is ${preview(named)}, allowed is ${allowed}`)
    }
    const encoding = request.headers["content-encoding"] ?? "identity"
    if (encoding !== "identity" && encoding !== "gzip") {
      return this.#refuse(
        request,
        api,
        source,
        415,
        `the content encoding is ${preview(encoding)}, allowed is gzip or none`
      )
    }
    const body = encoding === "gzip"
      ? NodeStream.pipeThroughSimple(this.#counted(request), createGunzip)
      : this.#counted(request)
    return Effect.matchEffect(collect(body, maxBodyBytes), {
      onFailure: () =>
        this.#refuse(
          request,
          api,
          source,
          400,
          encoding === "gzip" ? "the body ended early or is not gzip" : "the body ended early"
        ),
      onSuccess: (chunks) =>
        chunks === undefined
          ? this.#refuse(request, api, source, 413, `the body has more than ${maxBodyBytes} bytes`)
          : this.#decode(chunks, { ...this.#settings, precision }, source, api, isGuessed ? guessUnit : undefined)
    }).pipe(this.#bodies.withPermits(1))
  }

  #counted(request: Request.HttpServerRequest) {
    return Stream.tap(request.stream, (chunk) =>
      Effect.sync(() => {
        this.#backlog.bytes += chunk.length
      }))
  }

  readonly #decode = Effect.fnUntraced(function*(
    this: Handler,
    chunks: ReadonlyArray<Uint8Array>,
    settings: Settings,
    source: Source,
    api: Api,
    stamp: ((timestamp: bigint) => bigint) | undefined
  ) {
    const backlog = this.#backlog
    const receivedAt = yield* Clock.currentTimeNanos
    const decoder = new Decoder(settings)
    const errors: Array<ReceivedError> = []
    let failed = 0
    const onError = (error: ReceivedError) => {
      if (failed++ < errorsAnswered) errors.push(error)
    }
    backlog.payloads++
    for (const chunk of chunks) {
      decoder.feed(chunk)
      while (backlog.decode(decoder, source, receivedAt, onError, stamp)) yield* Effect.yieldNow
    }
    decoder.end()
    backlog.decode(decoder, source, receivedAt, onError, stamp)
    return failed === 0 ? Response.empty({ status: 204, headers: versionHeader }) : partial(api, errors, failed)
  })

  readonly #refuse = Effect.fnUntraced(function*(
    this: Handler,
    request: Request.HttpServerRequest,
    api: Api | undefined,
    source: Source,
    status: number,
    reason: string
  ) {
    const path = `${request.method} ${pathOf(request)}`
    this.#backlog.payloads++
    this.#backlog.refuse(path.slice(0, 200), status, reason, source, yield* Clock.currentTimeNanos)
    return answer(api, status, reason)
  })
}

/** Nanoseconds from a timestamp without a unit, guessed by its size as InfluxDB 3 does. */
const guessUnit = (timestamp: bigint): bigint => {
  const size = timestamp < 0n ? -timestamp : timestamp
  for (const precision of ["s", "ms", "us"] as const) {
    const nanos = nanosPer(precision)
    if (size * nanos < latestGuess) return timestamp * nanos
  }
  return timestamp
}

// Nanoseconds since the epoch; a timestamp that would be later in one unit is taken for a finer one.
const latestGuess = 5_000_000_000n * nanosPer("s")

const pathOf = (request: Request.HttpServerRequest): string => request.url.replace(/[?#].*$/s, "")

const addressOf = (request: Request.HttpServerRequest): string => Option.getOrElse(request.remoteAddress, () => "")

/** The chunks of a body; `undefined` if they are too many bytes, of which no more are read. */
const collect = <E>(body: Stream.Stream<Uint8Array, E>, maxBytes: number) =>
  Effect.suspend(() => {
    const chunks: Array<Uint8Array> = []
    let bytes = 0
    return Stream.runForEachWhile(body, (chunk) =>
      Effect.sync(() => {
        bytes += chunk.length
        if (bytes <= maxBytes) chunks.push(chunk)
        return bytes <= maxBytes
      })).pipe(Effect.map(() => bytes <= maxBytes ? chunks : undefined))
  })

const partial = (api: Api, errors: ReadonlyArray<ReceivedError>, failed: number): Response.HttpServerResponse => {
  if (api.version === 3) {
    return Response.jsonUnsafe({
      error: "partial write of line protocol occurred",
      data: errors.map(({ error, excerpt }) => ({
        original_line: excerpt?.text ?? "",
        line_number: error.line,
        error_message: error.message
      }))
    }, { status: 400 })
  }
  const lines = errors.map(({ error, excerpt }) => `unable to parse '${excerpt?.text ?? ""}': ${error.message}`)
  return answer(api, 400, `partial write: ${lines.join("\n")} dropped=${failed}`)
}

const answer = (api: Api | undefined, status: number, message: string): Response.HttpServerResponse =>
  Response.jsonUnsafe(
    api?.version === 2 ? { code: status === 413 ? "request too large" : "invalid", message } : { error: message },
    { status, headers: { ...versionHeader, "x-influxdb-error": printable(message) } }
  )
