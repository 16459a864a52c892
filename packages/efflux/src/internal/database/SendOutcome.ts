/**
 * Reads what a transport reports about a payload. A custom transport can report anything, so a value reaches the
 * ledger only if it is a number of points.
 *
 * @since 0.1.0
 */
import { InfluxError, OpenFailed, Rejected, SendFailed } from "../../InfluxError.ts"
import { preview } from "../text/preview.ts"

/**
 * The ways in which an outcome can report lost points. If a point is lost in several ways, the last of these counts.
 *
 * @category constants
 * @since 0.1.0
 */
export const losses = ["rejected", "send_error", "unknown"] as const

/**
 * Reads the outcome of a payload of this many bytes, so that all of its values can be trusted. Throws only what reading
 * the outcome throws.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (outcome: unknown, payloadBytes: number) => {
  const { bytes, error, rejected, rejections, send_error, sent, unknown } = Object(outcome) as Record<string, unknown>
  return {
    sent: whole(sent),
    rejected: whole(rejected),
    send_error: whole(send_error),
    unknown: whole(unknown),
    bytes: Number.isSafeInteger(bytes) && Number(bytes) >= 0 ? Math.min(Number(bytes), payloadBytes) : payloadBytes,
    error: error === undefined || error === null || error instanceof InfluxError
      ? error ?? undefined
      : asInfluxError(error),
    rejections: Array.isArray(rejections) ? rejections.filter((one): one is Rejected => one instanceof Rejected) : []
  }
}

/**
 * The value if it is a number of points, else `otherwise`.
 *
 * @category reading
 * @since 0.1.0
 */
export const whole = (points: unknown, otherwise = 0): number =>
  Number.isSafeInteger(points) && Number(points) >= 0 ? Number(points) : otherwise

/**
 * The error for an outcome that names fewer points than there were and has no error. Never throws.
 *
 * @category reading
 * @since 0.1.0
 */
export const incomplete = (outcome: unknown, points: number): InfluxError => {
  const kind = `an object with which send succeeds must be an Outcome of ${points} points, got ${describe(outcome)}`
  return asInfluxError(new TypeError(kind), kind)
}

const describe = (outcome: unknown): string => {
  try {
    const { rejected, send_error, sent, unknown } = outcome as Record<string, unknown>
    const numbers = Object.entries({ sent, rejected, send_error, unknown }).filter(([, points]) => points !== undefined)
    if (numbers.length > 0) return `{ ${numbers.map(([name, points]) => `${name}: ${preview(points)}`).join(", ")} }`
  } catch {
    // For null, or for an object that can't be read again, only the type is shown.
  }
  return preview(outcome)
}

const endpoint = "the transport"

const asInfluxError = (cause: unknown, kind = "Unknown"): InfluxError =>
  new InfluxError({ reason: new SendFailed({ endpoint, kind, cause }) })

/**
 * The error for a connection that is to be replaced before anything was sent over it.
 *
 * @category errors
 * @since 0.1.0
 */
export const staleFromTheStart = (): InfluxError => {
  const kind = "its connection is stale as soon as it is open"
  return new InfluxError({ reason: new OpenFailed({ endpoint, kind, cause: new Error(kind) }) })
}
