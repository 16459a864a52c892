/**
 * What an HTTP status means: an answer that is no success, as an `InfluxError`.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import {
  BadRequest,
  InfluxError,
  type InfluxErrorReason,
  NotFound,
  RequestFailed,
  ServerError,
  TooLarge,
  Unauthorized,
  Unavailable
} from "../../InfluxError.ts"
import { printable } from "../text/preview.ts"
import * as RetryAfter from "./RetryAfter.ts"

/** Characters of an answer's body that an error keeps. */
const longestDetail = 256

/**
 * The error of an answer whose status is not 2xx.
 *
 * @internal
 */
export const ofAnswer = (
  answer: {
    readonly endpoint: string
    readonly status: number
    readonly headers: { readonly [name: string]: string | undefined }
    readonly body: Uint8Array
  },
  nowMillis: number
): InfluxError => {
  const { endpoint, headers, status } = answer
  const detail = detailOf(answer.body, headers["x-influxdb-error"])
  return new InfluxError({ reason: reasonOf() })

  function reasonOf(): InfluxErrorReason {
    switch (status) {
      case 401:
      case 403:
        return new Unauthorized({ endpoint, status, detail })
      case 404:
        return new NotFound({ endpoint, detail })
      case 413:
        return new TooLarge({ endpoint, part: "request", detail })
      case 408:
      case 429:
      case 503: {
        const header = headers["retry-after"]
        const retryAfter = header === undefined ? undefined : RetryAfter.parse(header, nowMillis)
        return new Unavailable({ endpoint, status, retryAfter, detail })
      }
    }
    // InfluxDB 1 fails with 500 for a policy that it does not have, which does not change from one try to the next.
    if (detail.startsWith("retention policy not found")) return new NotFound({ endpoint, detail })
    if (status >= 500) return new ServerError({ endpoint, status, detail })
    if (status >= 400) return new BadRequest({ endpoint, status, detail })
    // Where it points to may name a credential, and following it would give ours away.
    return new RequestFailed({ endpoint, kind: status >= 300 ? "Redirect" : "Protocol", detail: `status ${status}` })
  }
}

/**
 * What a server says in the body of an answer: the message of its JSON if there
 * is one, else the text; printable, at most 256 characters.
 *
 * @internal
 */
export const detailOf = (body: Uint8Array, fallback = ""): string => {
  const text = decoder.decode(body)
  const message = Result.getOrUndefined(parseMessage(text))
  return shorten((message?.error ?? message?.message ?? text).trim() || fallback)
}

/**
 * A text as an error keeps it: printable, at most 256 characters.
 *
 * @internal
 */
export const shorten = (text: string): string => printable(text, longestDetail).slice(0, longestDetail)

const decoder = new TextDecoder()

// InfluxDB 1 and 3 name it `error`, InfluxDB 2 `message`.
const parseMessage = Schema.decodeUnknownResult(
  Schema.fromJsonString(
    Schema.Struct({ error: Schema.optional(Schema.String), message: Schema.optional(Schema.String) })
  )
)
