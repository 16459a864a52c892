/**
 * A second encoder, written from the documentation of line protocol and from
 * what the parsers of the servers read back, with strings and without any care
 * for speed. It shares no code with the writer; property tests hold the two against
 * each other.
 */
import { DateTime } from "effect"
import { type LineProtocol, Point, Precision } from "efflux"
import type { EncodeErrorReason, PointPart } from "../../src/internal/encode/EncodeError.ts"

export interface Refusal {
  readonly part: PointPart
  readonly reason: EncodeErrorReason
}

/** A line, or why there is none: one refusal, or several of which any may be named. */
export type Expected =
  | { readonly line: string; readonly omitted: number }
  | { readonly refusals: ReadonlyArray<Refusal> }

class Refused {
  readonly refusals: ReadonlyArray<Refusal>
  constructor(refusals: ReadonlyArray<Refusal>) {
    this.refusals = refusals
  }
}

const refuse = (part: PointPart, reason: EncodeErrorReason): never => {
  throw new Refused([{ part, reason }])
}

type Place = "measurement" | "tag key" | "tag value" | "field key"

/** Servers whose parsers take two backslashes in a name for one. */
const pairing: ReadonlyArray<LineProtocol.Dialect | undefined> = ["influx-3", "victoria-metrics"]

/** Servers that limit measurement, tags and a field key to what they have always taken. */
const limiting: ReadonlyArray<LineProtocol.Dialect | undefined> = [undefined, "influx-1", "influx-2"]

const escapeName = (name: string, place: Place, dialect: LineProtocol.Dialect | undefined): string => {
  if (name === "") refuse(place, "empty")
  for (const character of name) {
    const code = character.codePointAt(0)!
    if (code < 32 || code === 127) refuse(place, "control character")
  }
  if (!name.isWellFormed()) refuse(place, "lone surrogate")
  const pairs = pairing.includes(dialect)
  if (!pairs && name.at(-1) === "\\") refuse(place, "trailing backslash")
  if (place === "measurement" && name[0] === "#") refuse(place, "comment")
  const unsafe = place === "measurement" || place === "field key" ? ["\"", ",", "=", " "] : [" "]
  if (!pairs && unsafe.some((special) => name.includes(`\\${special}`))) {
    refuse(place, "backslash before a special character")
  }
  if (place === "field key" && dialect === "victoria-metrics" && name.includes("\"")) refuse(place, "quote")
  if ((place === "tag key" || place === "field key") && name === "time") refuse(place, "reserved")
  if (place === "tag key" && name === "__name__" && dialect === "victoria-metrics") refuse(place, "reserved")
  const escaped = [...(pairs ? ["\\"] : []), ",", " ", ...(place === "measurement" ? [] : ["="])]
  return escaped.reduce((text, special) => text.replaceAll(special, `\\${special}`), name)
}

const encodeField = (value: Point.FieldValue, dialect: LineProtocol.Dialect | undefined): string => {
  switch (typeof value) {
    case "number":
      return Object.is(value, -0) ? "-0" : String(value)
    case "boolean":
      return String(value)
    case "bigint":
      if (value >= 2n ** 63n || value < -(2n ** 63n)) refuse("field value", "out of range")
      return `${value}i`
    case "string":
      if (!value.isWellFormed()) refuse("field value", "lone surrogate")
      return `"${value.replaceAll("\\", "\\\\").replaceAll("\"", "\\\"")}"`
  }
  if (!(value instanceof Point.Uint)) return refuse("field value", "type")
  if (dialect === undefined || dialect === "influx-1") refuse("field value", "unsigned")
  if (value.value < 0n || value.value >= 2n ** 64n) refuse("field value", "out of range")
  return `${value.value}u`
}

const encodeTimestamp = (timestamp: Point.Timestamp, precision: Precision.Precision): string => {
  let nanos: bigint
  if (typeof timestamp === "bigint") nanos = timestamp
  else {
    const millis = timestamp instanceof Date ? timestamp.getTime() : DateTime.toEpochMillis(timestamp)
    if (Number.isNaN(millis)) return refuse("timestamp", "out of range")
    nanos = BigInt(Math.floor(millis)) * 1_000_000n
  }
  const unit = Precision.nanosPer(precision)
  const units = (nanos - (((nanos % unit) + unit) % unit)) / unit
  if (nanos > Precision.maxTimestamp || nanos < Precision.minTimestamp || units * unit < Precision.minTimestamp) {
    return refuse("timestamp", "out of range")
  }
  return String(units)
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

const byBytes = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  Buffer.compare(bytesOf(a), bytesOf(b))

const present = (tags: Point.Input["tags"]) =>
  Object.entries(tags ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== "")

const encodeTags = (
  tags: ReadonlyArray<readonly [string, unknown]>,
  dialect: LineProtocol.Dialect | undefined
): string => {
  const refusals: Array<Refusal> = []
  const encoded = tags.map(([key, value]) => {
    try {
      const escaped = escapeName(key, "tag key", dialect)
      return `,${escaped}=${typeof value === "string" ? escapeName(value, "tag value", dialect) : String(value)}`
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      refusals.push(...error.refusals)
      return ""
    }
  })
  if (refusals.length > 0) throw new Refused(refusals)
  return encoded.join("")
}

/** What becomes of a point. One with faults in several parts is refused for the first of them, left to right. */
export const reference = (point: Point.Input, options: LineProtocol.EncodeOptions = {}): Expected => {
  const { dialect } = options
  try {
    const measurement = escapeName(point.measurement, "measurement", dialect)
    const tags = new Map([...present(options.tags), ...present(point.tags)])
    const series = measurement + encodeTags([...tags].sort(byBytes), dialect)
    const size = limiting.includes(dialect) ? bytesOf(series).length : 0
    if (size > 65_535) refuse("measurement", "series key too long")
    let omitted = 0
    const fields: Array<string> = []
    for (const [key, value] of Object.entries(point.fields)) {
      if (value === undefined || value === null) continue
      const isLost = typeof value === "string" && dialect === "victoria-metrics"
      if (isLost || typeof value === "number" && !Number.isFinite(value)) {
        omitted++
        continue
      }
      const name = escapeName(key, "field key", dialect)
      if (size > 0 && size + 4 + bytesOf(name).length > 65_535) refuse("field key", "series key too long")
      fields.push(`${name}=${encodeField(value, dialect)}`)
    }
    if (fields.length === 0) refuse("fields", "missing")
    const timestamp = point.timestamp === undefined
      ? ""
      : ` ${encodeTimestamp(point.timestamp, options.precision ?? "ns")}`
    // What it takes for seconds, milliseconds or microseconds where it should be finer, for none, or for too old.
    const least = { ns: 10n ** 17n, us: 10n ** 14n, ms: 10n ** 11n, s: 1n, m: 1n, h: 1n }[options.precision ?? "ns"]
    if (timestamp !== "" && BigInt(timestamp) < least && dialect === "victoria-metrics") refuse("timestamp", "reserved")
    return { line: `${series} ${fields.join(",")}${timestamp}`, omitted }
  } catch (error) {
    if (error instanceof Refused) return { refusals: error.refusals }
    throw error
  }
}
