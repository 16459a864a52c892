/**
 * The common part of the readers of answers. There is one reader for each format: MessagePack and JSON documents of
 * InfluxDB 1, annotated CSV of InfluxDB 2, JSON lines of InfluxDB 3.
 *
 * A reader gets what has arrived and returns the complete rows, in pieces between which other work can run. At the
 * end it says whether the answer was complete, so a truncated answer is never taken for a whole one.
 *
 * @since 0.1.0
 */
import { BadAnswer, unreadable } from "./BadAnswer.ts"
import type { Rows } from "./Row.ts"

/**
 * Must not be called again after it returned a `BadAnswer`.
 *
 * @internal
 */
export interface AnswerReader<in Input> {
  readonly read: (input: Input) => Iterable<Rows | BadAnswer>
  readonly end: () => Iterable<Rows | BadAnswer>
}

/**
 * Makes a reader from functions that throw a `BadAnswer`. Rows that were read before are returned first.
 *
 * @internal
 */
export const make = <Input>(
  read: (input: Input) => Iterable<Rows>,
  end: () => Iterable<Rows>
): AnswerReader<Input> => ({ read: (input) => caught(() => read(input)), end: () => caught(end) })

function* caught(read: () => Iterable<Rows>): Iterable<Rows | BadAnswer> {
  try {
    yield* read()
  } catch (error) {
    if (!(error instanceof BadAnswer)) throw error
    yield error
  }
}

/**
 * Makes a function that decodes bytes as they arrive. It removes a byte order mark, and refuses what is not UTF-8. Call
 * it without bytes at the end.
 *
 * @internal
 */
export const utf8 = () => {
  const decoder = new TextDecoder("utf-8", { fatal: true })
  return (bytes?: Uint8Array): string => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined })
    } catch {
      throw unreadable("it is not UTF-8")
    }
  }
}

/** The most columns of a table. A line of bare separators would have millions. */
export const maxColumns = 65_536

/** @internal */
export const tooWide = unreadable(`a table has more than ${maxColumns} columns`)

/** @internal */
export const twoMembers = unreadable(
  "an object has two members of one name; rename one of two such columns with AS"
)

/**
 * Refuses a repeated name, because a row can hold only one value for it.
 *
 * @internal
 */
export const refuseRepeated = (names: ReadonlyArray<string>): void => {
  if (new Set(names).size < names.length) throw twice(names.find((name, index) => names.indexOf(name) < index)!)
}

/**
 * @internal
 */
export const twice = (name: string): BadAnswer =>
  unreadable(`two columns, or a column and a tag, are named ${name}; rename one of them with AS`)
