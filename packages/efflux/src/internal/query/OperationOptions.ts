/**
 * The options of statements, writes and requests, described once, as those of configurations are.
 *
 * @since 0.1.0
 */
import * as Dialect from "../../Dialect.ts"
import * as OptionSchema from "../config/OptionSchema.ts"

/** The options of a statement. */
export const statement = {
  /** The database, default that of the configuration; not for InfluxDB 2. */
  database: OptionSchema.optional(OptionSchema.anyName),
  /** The retention policy, default that of the configuration; only for InfluxDB 1. */
  retentionPolicy: OptionSchema.optional(OptionSchema.anyName),
  /**
   * Name of a column for the measurement of each row, in answers to InfluxQL; default none. For statements about several
   * measurements.
   */
  measurement: OptionSchema.optional(OptionSchema.anyName),
  /** The timeout, default that of the configuration. */
  timeout: OptionSchema.optional(OptionSchema.duration(1))
}

/** How points are written. */
export const write = {
  /** InfluxDB 1 and 3: the database, default that of the client. */
  database: OptionSchema.optional(OptionSchema.name("a database on the server")),
  /** InfluxDB 2, which needs it: name or ID of the bucket. */
  bucket: OptionSchema.optional(OptionSchema.name("a bucket")),
  /** InfluxDB 1: the retention policy, default that of the client. */
  retentionPolicy: OptionSchema.optional(OptionSchema.name("a retention policy")),
  /** The rules of line protocol to follow, default those of the version. */
  dialect: OptionSchema.optional(OptionSchema.oneOf(Dialect.all)),
  /** Tags that every point gets unless it has a tag of that key, default none. */
  tags: OptionSchema.withDefault(OptionSchema.tags, {}),
  /** The most points of one request, default 5000. */
  batchSize: OptionSchema.withDefault(OptionSchema.integer(1, 1_000_000), 5000),
  /** The most bytes of one request before compression, default 1 MiB. A longer line is rejected. */
  maxPayloadBytes: OptionSchema.withDefault(OptionSchema.integer(32, 25_000_000), 1_048_576),
  /** Bytes from which a request is sent as gzip, default 1024; `"none"` for a server that does not accept it. */
  gzipThreshold: OptionSchema.withDefault(OptionSchema.numberOr("none", OptionSchema.integer(0, 100_000_000)), 1024),
  /** InfluxDB 3: whether it stores the good lines of a request that has bad ones, default `true`. */
  acceptPartial: OptionSchema.withDefault(OptionSchema.boolean, true),
  /** How long one request may take, default the timeout of the client. */
  timeout: OptionSchema.optional(OptionSchema.duration(1))
}

/** A request of the API. */
export const request = {
  /** The method of the request. */
  method: OptionSchema.oneOf(["GET", "POST", "DELETE"]),
  /** Begins with a slash, like `/api/v2/buckets`; anything else is an `InvalidOption`. */
  // Without the slash it would go on with the host, which gets the credentials.
  path: OptionSchema.declare(
    "a path that begins with a slash, like /api/v2/buckets, without fragment, backslashes, control characters and the segments . and .., also percent-encoded",
    (value): value is string =>
      typeof value === "string" && /^\/[^\p{Cc}\p{Cs}\\#]*$/u.test(value) && !dotSegment.test(value.split("?", 1)[0])
  ),
  /** Parameters of the URL, default none. Those that are `undefined` are left out. */
  params: OptionSchema.optional(
    OptionSchema.declare(
      "a plain object of strings",
      (value): value is { readonly [name: string]: string | undefined } =>
        OptionSchema.isPlainObject(value) &&
        Object.values(value).every((one) => one === undefined || typeof one === "string")
    )
  ),
  /** Sent as JSON. */
  body: OptionSchema.optional(OptionSchema.declare("a value that JSON has", isJson))
}

// Such a segment would leave the path of the option url. Some servers unescape a path twice, some ignore what follows a
// semicolon, and a URL loses the spaces at its end.
const slash = String.raw`(?:\/|%(?:25)*(?:2f|5c))`
const dotSegment = new RegExp(String.raw`${slash}(?:\.|%(?:25)*2e){1,2}(?:${slash}|;|%(?:25)*3b| *$)`, "i")

function isJson(value: unknown): value is unknown {
  try {
    return JSON.stringify(value) !== undefined
  } catch {
    return false
  }
}
