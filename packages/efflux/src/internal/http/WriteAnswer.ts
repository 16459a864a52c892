/**
 * Determines the outcome of a write from its answer.
 *
 * InfluxDB 1 and 2 send a message with a number, InfluxDB 3 names every line, proxies and clusters add a prefix, and
 * a server that is not InfluxDB may answer anything with 200.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type InfluxError, Rejected } from "../../InfluxError.ts"
import { detailOf, hintOf, isError, messageOf, notOfApi, saidIn, shorten } from "./HttpFailure.ts"
import type { Answer } from "./HttpRequest.ts"

/** The most lines that a rejection names, unless the caller wants more. */
const maxLines = 16

/**
 * How many bytes are read of the answer to a write of this size. InfluxDB 3 quotes every bad line, escaped, after a
 * message about it.
 *
 * @internal
 */
export const limits = (payload: number) => ({
  maxAnswerBytes: 65_536 + 8 * payload,
  maxErrorBytes: 65_536 + 8 * payload
})

/**
 * - `Taken`: all lines are stored.
 * - `Refused`: the server did not store `lines` of the lines, and would not if they were sent again; the others are
 *   stored. `numbers` are the numbers of these lines, from 1, if the server gives them.
 * - `Unclear`: the outcome is not known, and sending the points to this server again would not help.
 * - `Failed`: see the status.
 *
 * @category models
 * @since 0.1.0
 */
export type Verdict =
  | { readonly _tag: "Taken" | "Failed" }
  | {
    readonly _tag: "Refused"
    readonly lines: number
    readonly numbers?: ReadonlyArray<number> | undefined
    readonly rejected: Rejected
  }
  | { readonly _tag: "Unclear"; readonly error: InfluxError }

/**
 * What an answer says about a request of `lines` lines. A rejection names at most `most` of them.
 *
 * @internal
 */
export const read = (answer: Answer, lines: number, most = maxLines): Verdict => {
  const { body, status } = answer
  if (status < 300 && isBlank(body)) return { _tag: "Taken" }
  const message = messageOf(body)
  const isOfApi = status === 422 || status === 400 && hintOf(answer, message) === undefined
  if (status >= 300 && !isOfApi) {
    if (status < 500) return { _tag: "Failed" }
    const said = message ?? answer.headers["x-influxdb-error"] ?? saidIn(answer)
    if (isHalfDone(said)) return unclear(answer, said)
    return finalFailure.test(startOf(said)) ? refused(answer, said, lines, most) : { _tag: "Failed" }
  }
  const named = message === undefined ? undefined : numbersOf(message)
  if (named !== undefined && named.size >= mostNamed && named.size < lines) {
    return unclear(answer, `${named.size} lines are named, and more may have been refused`)
  }
  if (status >= 300) return refused(answer, message ?? detailOf(answer), lines, most)
  const verdict = message === undefined ? undefined : refused(answer, message, lines, most)
  return verdict !== undefined && (isNamed(verdict) || isError(body))
    ? verdict
    : unclear(answer, "this is no answer of a write endpoint; see the option url")
}

/**
 * Whether a server that gave this answer accepts the good points of the payload if it is sent once more. InfluxDB 1
 * refuses a whole payload if the first points of a new field have different types; afterwards it knows the type.
 *
 * @internal
 */
export const isFirstConflict = (api: "v1" | "v2" | "v3", rejected: Rejected): boolean =>
  api === "v1" && rejected.detail === "field type conflict"

// Messages of InfluxDB about errors that a retry does not fix, whatever their status.
const finalFailure =
  /^(?:[\w :-]*: )?(?:partial write\b|unable to parse|field type conflict|points beyond retention policy|max key length exceeded|max-\S+ limit exceeded|invalid (?:field|tag|measurement)|missing fields)/

// InfluxDB Enterprise: some members of the cluster have the points, or have promised to pass them on.
const isHalfDone = (message: string): boolean =>
  /hinted handoff/.test(startOf(message)) || /^(?:[\w :-]*: )?partial write$/.test(message.trim())

// The rest may quote a line, whose content can be anything.
const startOf = (message: string): string => message.split(/(?<=unable to parse)|['"]/, 1)[0]

const refused = (
  answer: Answer,
  message: string,
  lines: number,
  most: number
): Verdict & { readonly _tag: "Refused" } => {
  const { all, entries } = rejectedLinesOf(answer.body)
  const start = startOf(message)
  const said = { status: answer.status < 300 ? undefined : answer.status, detail: detailOf(answer) }
  if (all > 0 && entries.length > 0) {
    // With `acceptPartial: false` the server stores nothing, whatever lines it names.
    const isPartial = answer.status < 300 || /partial write/.test(start)
    const numbers = isPartial && all === entries.length
      ? ofLines(new Set(entries.map(({ line_number }) => line_number)), lines)
      : undefined
    return {
      _tag: "Refused",
      lines: isPartial ? numbers?.length ?? Math.min(all, lines) : lines,
      numbers,
      rejected: new Rejected({
        ...said,
        lines: entries.slice(0, most).map((entry) => ({
          number: entry.line_number,
          line: shorten(answer.withoutSecrets(entry.original_line)),
          message: shorten(answer.withoutSecrets(entry.error_message))
        }))
      })
    }
  }
  const numbers = numbersOf(message)
  const named = numbers?.size ?? countOf(message, start, lines)
  const points = named === undefined ? undefined : Math.min(named, lines)
  return {
    _tag: "Refused",
    lines: points ?? lines,
    numbers: numbers && ofLines(numbers, lines),
    rejected: new Rejected({ ...said, points })
  }
}

const isNamed = ({ numbers, rejected }: Verdict & { readonly _tag: "Refused" }): boolean =>
  numbers !== undefined || rejected.points !== undefined || rejected.lines !== undefined

// How many lines a message says were refused; `undefined` if it gives no number.
const countOf = (message: string, start: string, lines: number): number | undefined => {
  const rejected = /\b(\d+) (?:out )?of \d+ points? (?:rejected|dropped)/.exec(start)?.[1]
  if (rejected !== undefined) return Number(rejected)
  const taken = /\((\d+) (?:written|accepted)\)/.exec(start)?.[1]
  if (taken !== undefined) return Math.max(0, lines - Number(taken))
  if (!/partial write/.test(start)) return undefined
  // The server does not count the lines that it could not parse, but quotes each of them.
  const dropped = /dropped=(\d+)/.exec(message.slice(Math.max(0, message.lastIndexOf("dropped="))))?.[1]
  const unparsed = message.split("unable to parse '").length - 1
  return dropped === undefined && unparsed === 0 ? undefined : Number(dropped ?? 0) + unparsed
}

// The most lines that InfluxDB Cloud and Clustered name.
const mostNamed = 100

// InfluxDB Cloud and Clustered: "errors encountered on line(s): error parsing line 2 (1-based): …".
const numbersOf = (message: string): ReadonlySet<number> | undefined => {
  const start = startOf(message)
  if (!/errors? encountered on line|error parsing line \d+/.test(start) || isNothingStored.test(start)) return undefined
  const numbers = new Set(Array.from(message.matchAll(/\bline (\d+)\b/g), ([, number]) => Number(number)))
  return numbers.size === 0 ? undefined : numbers
}

// InfluxDB Clustered without partial writes, and QuestDB, which names only the first bad line. Both stored nothing.
const isNothingStored = /\bno data written|\berror in line \d/

// If the server names a line that was not sent, it counts lines differently, so only the number of refused lines is
// known.
const ofLines = (numbers: ReadonlySet<number>, lines: number): ReadonlyArray<number> | undefined =>
  [...numbers].every((number) => number >= 1 && number <= lines) ? [...numbers] : undefined

const unclear = (answer: Answer, why: string): Verdict => ({ _tag: "Unclear", error: notOfApi(answer, why) })

const isBlank = (body: Uint8Array): boolean => body.every((byte) => byte <= 32)

const decoder = new TextDecoder()

const RejectedLine = Schema.Struct({
  line_number: Schema.Int,
  original_line: Schema.String,
  error_message: Schema.String
})

const decodeRejectedLine = Schema.decodeUnknownOption(Schema.fromJsonString(RejectedLine))

// No entry is shorter.
const minRejectedLineBytes = 17

/**
 * The lines that InfluxDB 3 names in `data`: how many, and the first of them. The body is scanned, not parsed, because
 * an answer can be as large as a payload, and parsed JSON takes many times as much memory as its text.
 */
const rejectedLinesOf = (
  body: Uint8Array
): { readonly all: number; readonly entries: ReadonlyArray<typeof RejectedLine.Type> } => {
  const entries: Array<typeof RejectedLine.Type> = []
  let all = 0
  let depth = 0
  let opened = 0
  let inString = false
  for (let i = 0; i < body.length; i++) {
    const byte = body[i]
    if (inString) {
      if (byte === 92) i++
      else if (byte === 34) inString = false
    } else if (byte === 34) {
      inString = true
    } else if (byte === 123 || byte === 91) {
      if (byte === 123 && depth > 0 && depth < 3) opened = i
      depth++
    } else if (byte === 125 || byte === 93) {
      depth--
      if (byte !== 125 || depth === 0 || depth > 2 || i + 1 - opened < minRejectedLineBytes) continue
      const entry = all < maxParsedLines
        ? Option.getOrUndefined(decodeRejectedLine(decoder.decode(body.subarray(opened, i + 1))))
        : undefined
      if (entry !== undefined) entries.push(entry)
      all++
    }
  }
  return { all, entries }
}

// Entries that are parsed: enough to know the points that they belong to, where points are split over several lines.
const maxParsedLines = 4096
