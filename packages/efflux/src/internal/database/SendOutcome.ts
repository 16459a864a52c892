/**
 * Reads what a transport reports about a payload. A custom transport can report anything, so a value reaches the
 * ledger only if it is a number of points.
 *
 * @since 0.1.0
 */
import { InfluxError, OpenFailed, Rejected, SendFailed } from "../../InfluxError.ts"
import { preview } from "../text/preview.ts"

/**
 * The ways in which points are lost, in the order in which they are counted.
 *
 * @category constants
 * @since 0.1.0
 */
export const losses = ["rejected", "send_error", "unknown"] as const

/**
 * A way in which points are lost.
 *
 * @category models
 * @since 0.1.0
 */
export type Loss = typeof losses[number]

/**
 * What became of the points of a payload. The numbers can be trusted: together they are at most the points that it had.
 *
 * @category models
 * @since 0.1.0
 */
export interface Fate extends Readonly<Record<"sent" | Loss, number>> {
  /** Bytes that were sent. */
  readonly bytes: number
  /** Whether nothing was lost but what the server rejected, so the next payload may follow at once. */
  readonly isClean: boolean
  readonly error: InfluxError | undefined
  readonly rejections: ReadonlyArray<Rejected>
  /** How a point is lost of which the payload had some lines only, if anything is lost. */
  readonly ofPart: Loss
}

const allSent: Omit<Fate, "sent" | "bytes"> = {
  rejected: 0,
  send_error: 0,
  unknown: 0,
  isClean: true,
  error: undefined,
  rejections: [],
  ofPart: "unknown"
}

/**
 * The fate of a payload by the value with which its send succeeded. An effect of type void may succeed with any value;
 * only an object is read as an outcome. Points that it does not name were not sent.
 *
 * @category reading
 * @since 0.1.0
 */
export const ofSuccess = (outcome: unknown, points: number, bytes: number): Fate => {
  // On the hot path, for every datagram.
  if (typeof outcome !== "object" || outcome === null) return { ...allSent, sent: points, bytes }
  const fate = ofOutcome(outcome, points, bytes)
  const left = losses.reduce((left, loss) => left - fate[loss], points - fate.sent)
  return left === 0 ? fate : {
    ...fate,
    send_error: fate.send_error + left,
    isClean: false,
    error: fate.error ?? incomplete(outcome, points),
    ofPart: fate.unknown > 0 ? "unknown" : "send_error"
  }
}

/**
 * The fate of a payload whose send failed.
 *
 * @category reading
 * @since 0.1.0
 */
export const ofError = (error: InfluxError, points: number, bytes: number): Fate => {
  const { reason } = error
  if (reason._tag !== "Rejected") {
    return { ...ofOutcome({ send_error: points, error }, points, bytes), isClean: false, ofPart: "send_error" }
  }
  // The server answered: the connection is fine.
  const rejected = Math.min(whole(reason.points, points), points)
  return ofOutcome({ sent: points - rejected, rejected, error, rejections: [reason] }, points, bytes)
}

/**
 * The fate of a payload, as far as an outcome names it. Throws only what reading the outcome throws.
 *
 * @category reading
 * @since 0.1.0
 */
export const ofOutcome = (outcome: unknown, points: number, payloadBytes: number): Fate => {
  const { bytes, error, rejected, rejections, send_error, sent, unknown } = Object(outcome) as Record<string, unknown>
  let left = points
  const take = (named: unknown): number => {
    // A transport may count wrongly, but the ledger may not.
    const taken = Math.min(whole(named), left)
    left -= taken
    return taken
  }
  const counts = { sent: take(sent), rejected: take(rejected), send_error: take(send_error), unknown: take(unknown) }
  const told = Array.isArray(rejections) ? rejections.filter((one): one is Rejected => one instanceof Rejected) : []
  return {
    ...counts,
    bytes: counts.sent === 0 ? 0 : Math.min(whole(bytes, payloadBytes), payloadBytes),
    isClean: whole(send_error) + whole(unknown) === 0,
    error: error === undefined || error === null || error instanceof InfluxError
      ? error ?? undefined
      : asInfluxError(error),
    rejections: told,
    ofPart: losses.findLast((loss) => counts[loss] > 0) ?? (told.length > 0 ? "rejected" : "unknown")
  }
}

// The value if it is a whole number of points or bytes.
const whole = (named: unknown, otherwise = 0): number =>
  Number.isSafeInteger(named) && Number(named) >= 0 ? Number(named) : otherwise

// Never throws.
const incomplete = (outcome: unknown, points: number): InfluxError => {
  const kind = `an object with which send succeeds must be an Outcome of ${points} points, got ${describe(outcome)}`
  return asInfluxError(new TypeError(kind), kind)
}

const describe = (outcome: unknown): string => {
  try {
    const { rejected, send_error, sent, unknown } = outcome as Record<string, unknown>
    const numbers = Object.entries({ sent, rejected, send_error, unknown }).filter(([, points]) => points !== undefined)
    if (numbers.length > 0) return `{ ${numbers.map(([name, points]) => `${name}: ${preview(points)}`).join(", ")} }`
  } catch {
    // Of an object that can't be read again only the type is shown.
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
