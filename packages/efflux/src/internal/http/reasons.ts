/**
 * Makes the classes of reasons that an `InfluxError` has.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Schema from "effect/Schema"

/** Properties of every reason. */
export interface Retryable {
  /** Whether the same call may succeed later. */
  readonly isRetryable: boolean
}

interface Getters<Fields> {
  readonly message: (reason: Fields) => string
  /** Default never. */
  readonly isRetryable?: (reason: Fields) => boolean
}

/**
 * Makes the class of a reason from its tag, its fields, and its message.
 *
 * @category constructors
 * @since 0.1.0
 */
export const reason = <Self>() =>
<const Tag extends string, const Fields extends Schema.Struct.Fields>(
  tag: Tag,
  fields: Fields,
  { isRetryable = () => false, message }: Getters<Schema.Struct<Fields>["Type"]>
): Schema.Class<Self, Schema.TaggedStruct<Tag, Fields>, Cause.YieldableError & Retryable> => {
  const made = Schema.TaggedError<any, Retryable>(`efflux/InfluxError/${tag}`)(tag, fields)
  const getter = <A>(get: (reason: Schema.Struct<Fields>["Type"]) => A) => ({
    get(this: never) {
      return get(this)
    },
    configurable: true
  })
  Object.defineProperties(made.prototype, { message: getter(message), isRetryable: getter(isRetryable) })
  return made
}

const withEndpoint = {
  /** Scheme, host and port of the server. */
  endpoint: Schema.String
}

/** Properties of most reasons. */
export const withDetail = {
  ...withEndpoint,
  /** What the server said, or what is known about the failure: printable, at most 256 characters. */
  detail: Schema.String
}

/** Properties of a socket's failure. */
export const withCause = {
  ...withEndpoint,
  /** The kind of Effect's socket error, or the code of the system's. */
  kind: Schema.String,
  /** The error of the socket. */
  cause: Schema.Defect()
}

export const withHint = {
  ...withDetail,
  /** What the answer means and what to do, if the server does not say so. */
  hint: Schema.optional(Schema.String)
}

export const withStatus = {
  /** The HTTP status of the answer. */
  status: Schema.Int
}

/** What the server said, at the end of a message. */
export const behind = (detail: string): string => detail === "" ? "" : `: ${detail}`

/** A hint at the end of a message. */
export const after = (hint: string | undefined): string => hint === undefined ? "" : `; ${hint}`

const final =
  /error (?:while|during) planning|\berror parsing\b|\b(?:schema|sql|parser) ?error\b|not (?:yet )?implemented|invalid function/i

/**
 * Whether a text says that the server can't parse or plan a statement, which it never will.
 *
 * @internal
 */
export const isFinal = (detail: string): boolean => final.test(detail.replace(/\\u00[01]./g, " "))

const busy =
  /max-concurrent-queries|query-timeout limit|query (?:interrupted|aborted|engine shutdown)|\btime(?:d )?out\b/

/**
 * Whether a text of InfluxDB 1 says that it had no memory or no time for a statement. What it quotes is not looked at.
 *
 * @internal
 */
export const isBusy = (detail: string): boolean => !isFinal(detail) && busy.test(detail.replace(/'[^']*'|"[^"]*"/g, ""))
