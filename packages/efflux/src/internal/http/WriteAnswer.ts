/**
 * What the answer to a write says that the server did not take: all points of
 * the request, or some of them, and why.
 *
 * InfluxDB 1 and 2 give a message with a number, InfluxDB 3 names every line.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Rejected } from "../../InfluxError.ts"
import { detailOf, shorten } from "./HttpFailure.ts"

/** Lines that a rejection names at the most. */
const mostLines = 16

/**
 * The rejection that an answer with status 400 or 422 stands for.
 *
 * @internal
 */
export const rejection = (api: "v1" | "v2" | "v3", body: Uint8Array, points: number): Rejected => {
  const detail = detailOf(body)
  if (api === "v3") {
    const answer = Option.getOrUndefined(decodeV3(decoder.decode(body)))
    if (answer === undefined) return new Rejected({ points, detail })
    const all = Array.isArray(answer.data) ? answer.data : [answer.data]
    const lines = all.slice(0, mostLines).map((line) => ({
      number: line.line_number,
      line: shorten(line.original_line),
      message: shorten(line.error_message)
    }))
    // With `acceptPartial` off the server takes nothing, whatever lines it names.
    const partial = answer.error.startsWith("partial write")
    return new Rejected({ points: partial ? Math.min(all.length, points) : points, detail, lines })
  }
  // InfluxDB Cloud says how many it took.
  const written = /^partial write error \((\d+) written\)/.exec(detail)?.[1]
  if (written !== undefined) return new Rejected({ points: Math.max(points - Number(written), 0), detail })
  // What stands further on may be the text of a line.
  if (!/^(?:failure writing points to database: )?partial write/.test(detail)) return new Rejected({ points, detail })
  const text = decoder.decode(body)
  // It does not count the lines that it could not parse, but quotes each.
  const dropped = Number(/dropped=(\d+)/.exec(text.slice(text.lastIndexOf("dropped=")))?.[1] ?? points)
  const unparsed = text.split("unable to parse '").length - 1
  return new Rejected({ points: Math.min(dropped + unparsed, points), detail })
}

/**
 * Whether a server that answered like this takes the good points of a payload
 * when it gets it once more. InfluxDB 1 refuses all of a payload whose points
 * are the first ones of a field and don't agree on its type; from then on it
 * knows the type.
 *
 * @internal
 */
export const isFirstConflict = (api: "v1" | "v2" | "v3", rejected: Rejected): boolean =>
  api === "v1" && rejected.detail === "field type conflict"

const decoder = new TextDecoder()

const BadLine = Schema.Struct({
  line_number: Schema.Int,
  original_line: Schema.String,
  error_message: Schema.String
})

const decodeV3 = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({ error: Schema.String, data: Schema.Union([Schema.Array(BadLine), BadLine]) })
  )
)
