/**
 * Turns an unsuccessful HTTP status into an `InfluxError`.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Headers from "effect/http/Headers"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import {
  BadRequest,
  InfluxError,
  type InfluxErrorReason,
  InvalidAnswer,
  NotFound,
  RequestFailed,
  ServerError,
  TooLarge,
  Unauthorized,
  Unavailable
} from "../../InfluxError.ts"
import { printable } from "../text/preview.ts"
import type { Answer } from "./HttpRequest.ts"

/** The longest wait that a server can ask for, in milliseconds. */
const maxRetryAfter = 60_000

/** The number of characters of an answer's body that an error keeps. */
const maxDetailLength = 256

/**
 * The error of an answer whose status is not 2xx.
 *
 * @internal
 */
export const ofAnswer = (answer: Answer, nowMillis: number): InfluxError =>
  new InfluxError({ reason: reasonOf(answer, nowMillis) })

const reasonOf = (answer: Answer, nowMillis: number): InfluxErrorReason => {
  const { endpoint, headers, status } = answer
  const detail = detailOf(answer)
  switch (status) {
    case 401:
    case 403:
      return new Unauthorized({ endpoint, status, detail })
    case 404:
      return new NotFound({ endpoint, detail, hint: hintOf(answer) })
    case 413:
      return new TooLarge({ endpoint, part: "request", detail })
    case 408:
    case 429:
    case 503: {
      const retryAfter = parseRetryAfter(headers["retry-after"] ?? "", nowMillis)
      return new Unavailable({ endpoint, status, retryAfter, detail })
    }
  }
  // InfluxDB 1 answers 500 for a retention policy that does not exist. Retrying does not help.
  if (detail.startsWith("retention policy not found")) return new NotFound({ endpoint, detail })
  if (status >= 500) return new ServerError({ endpoint, status, detail })
  if (status >= 400) return new BadRequest({ endpoint, status, detail, hint: hintOf(answer) })
  // A browser hides the status of a redirect that it does not follow. The target is not shown because it may contain a
  // credential, and not followed because that would disclose ours.
  return new RequestFailed({
    endpoint,
    kind: status === 101 ? "Upgrade" : status >= 300 || status === 0 ? "Redirect" : "Protocol",
    detail: `status ${status}${status === 101 ? ", which no answer of this API has; see the option url" : ""}`
  })
}

/**
 * The meaning of an answer that does not come from the API and does not explain itself.
 *
 * @internal
 */
export const hintOf = ({ body, path, status }: Answer, message = messageOf(body)): string | undefined => {
  const said = message ?? startOf(body)
  // Only before the first quote: what follows may be a line of the payload, whose content can be anything.
  if (/^[^'"]*HTTP request (?:was sent )?to (?:an )?HTTPS/.test(said)) return "the option url must begin with https://"
  // The APIs name a missing database or bucket in JSON, or by this text.
  const isOfApi = message !== undefined && !/\bpath\b/.test(said) ||
    said.startsWith("the requested resource was not found")
  return status === 405 || status === 404 && !isOfApi ||
      /^(?:remoteAddr: [^;]*; requestURI: \S*; )?unsupported path/.test(said)
    ? `there is no ${path} on this server: it may have another version than the option version says, or the option url names another server`
    : undefined
}

/**
 * The milliseconds that a header `Retry-After` asks to wait for, at most a minute; `undefined` if the header is
 * invalid; then the caller's own schedule applies.
 */
const parseRetryAfter = (header: string, nowMillis: number): number | undefined =>
  Result.match(Headers.parseRetryAfter(header), {
    onFailure: () => undefined,
    onSuccess: (asked) => Math.min(Duration.toMillis(Headers.retryAfterDelay(asked, nowMillis)), maxRetryAfter)
  })

/**
 * Whether the server may have executed a request that failed with this error.
 *
 * @internal
 */
export const mayHaveArrived = ({ reason }: InfluxError): boolean => {
  switch (reason._tag) {
    case "RequestFailed":
      return !notArrived.has(reason.kind)
    // A proxy got no complete answer, or a cluster not from all of its members.
    case "ServerError":
      return unanswered.has(reason.status) || /time(?:d )?out/i.test(reason.detail)
    // Envoy's reasons when the server closed the connection after it received the request. Without a connection Envoy
    // gives another reason.
    case "Unavailable":
      return /reset reason: (?:connection termination|remote reset|protocol error)/.test(reason.detail)
    case "TooLarge":
      return reason.part === "answer"
    default:
      return reason._tag === "Timeout" || reason._tag === "InvalidAnswer"
  }
}

// 520 and 524 are Cloudflare's for a broken and a late answer; 598 is used by other proxies for a late one.
const unanswered: ReadonlySet<number> = new Set([502, 504, 520, 524, 598])

// Answers with a redirect or another protocol show that the server did not execute the request.
const notArrived: ReadonlySet<string> = new Set(["Resolve", "Refused", "Unreachable", "Tls", "Redirect", "Upgrade"])

/**
 * The error of an answer that does not follow the API, whatever its status.
 *
 * @internal
 */
export const notOfApi = (answer: Answer, why: string): InfluxError => {
  const { endpoint, headers, status, withoutSecrets } = answer
  const said = detailOf(answer)
  const type = headers["content-type"]?.split(";", 1)[0]
  const of = `status ${status}${type === undefined ? "" : ` with ${withoutSecrets(type)}`}`
  const detail = shorten(`${of}, ${why === said ? said : `${why}; it said: ${said}`}`)
  return new InfluxError({ reason: new InvalidAnswer({ endpoint, detail }) })
}

/**
 * Whether a body is a JSON error.
 *
 * @internal
 */
export const isError = (body: Uint8Array): boolean =>
  /^\s*\{\s*"error"\s*:\s*"[^"]/.test(decoder.decode(body.subarray(0, 1024)))

/**
 * Whether the body of an answer is a web page: the login of a proxy, or a server's user interface.
 *
 * @internal
 */
export const isPage = ({ body, headers }: Answer): boolean => {
  const start = decoder.decode(body.subarray(0, 1024)).trimStart()
  // Gateways add the type to an answer without a body.
  return start !== "" && /^text\/html\b/i.test(headers["content-type"] ?? "") ||
    /^<(?:!doctype html|html)\b/i.test(start)
}

/**
 * The message of an answer, without credentials, printable, at most 256 characters: from the JSON of the body, else the
 * body itself, else from a header.
 *
 * @internal
 */
export const detailOf = (answer: Answer): string => shorten(answer.withoutSecrets(saidIn(answer)))

/**
 * The message of an answer including secrets that the server repeats: for matching only.
 *
 * @internal
 */
export const saidIn = (answer: Answer): string => {
  // InfluxDB 1 returns errors in the requested format.
  const isBinary = /^application\/x-msgpack\b/i.test(answer.headers["content-type"] ?? "")
  const said = isBinary ? "" : (messageOf(answer.body) ?? startOf(answer.body)).trim()
  return said || headerOf(answer)
}

/**
 * The message of a JSON error: `error` of InfluxDB 1 and 3, `message` of InfluxDB
 * 2. `undefined` if the body is not one.
 *
 * @internal
 */
export const messageOf = (body: Uint8Array): string | undefined => {
  // It is not parsed as a whole: it may be cut off, large, or have control characters, which JSON requires to be escaped.
  const opening = /^\s*\{[^]*?"(?:error|message)"\s*:\s*"(?!")/.exec(startOf(body))
  if (opening === null) return undefined
  const whole = decoder.decode(body)
  const start = opening[0].length
  let end = start
  while (end < whole.length && whole[end] !== "\"") end += whole[end] === "\\" ? 2 : 1
  return end < whole.length
    ? Result.getOrUndefined(parseString(`"${whole.slice(start, end).replace(control, escaped)}"`))
    : undefined
}

// oxlint-disable-next-line no-control-regex
const control = /(\\[^\0-\x1f])|\\?[\0-\x1f]/g
const escaped = (found: string, escape?: string) =>
  escape ?? `\\u${found.charCodeAt(found.length - 1).toString(16).padStart(4, "0")}`

const startOf = (body: Uint8Array): string => decoder.decode(body.subarray(0, 64 * 1024))

const headerOf = ({ headers }: Answer): string => headers["x-influxdb-error"] ?? headers["x-influx-error"] ?? ""

/**
 * A text in the form that an error keeps: printable, at most 256 characters.
 *
 * @internal
 */
export const shorten = (text: string): string => printable(text, maxDetailLength).slice(0, maxDetailLength)

const decoder = new TextDecoder()

const parseString = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.String))
