/**
 * Rows of the answers of InfluxDB 1, whose results are made of series: columns,
 * tags that all rows have in common, and values.
 *
 * @since 0.1.0
 */
import { failed, type Problem, refuseRepeated, twice, unreadable } from "./AnswerReader.ts"
import * as Row from "./Row.ts"

/** The columns of a series, and what its rows have in common. */
export interface Shape {
  readonly columns: ReadonlyArray<string>
  /** Tags, and the name of the series, that no column is named like. */
  readonly common: ReadonlyArray<readonly [name: string, value: string]>
  /** Tags that a column is named like, by its number. */
  readonly shared: ReadonlyArray<readonly [column: number, value: string]>
  readonly width: number
  readonly isPlain: boolean
}

/**
 * Makes the shape of a series. With `named` its name becomes a column too.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  columns: ReadonlyArray<string>,
  tags: ReadonlyArray<readonly [string, unknown]>,
  named: readonly [column: string, name: unknown] | undefined
): Shape => {
  const common: Array<readonly [string, string]> = []
  const shared: Array<readonly [number, string]> = []
  const all = named === undefined || named[1] === undefined ? tags : [...tags, named]
  refuseRepeated(columns)
  refuseRepeated(all.map(([name]) => name))
  for (const [name, value] of all) {
    if (typeof value !== "string") throw unreadable(`the tag ${name} is not a text`)
    const column = columns.indexOf(name)
    // Servers have no empty tags: an absent one comes as "".
    if (column < 0 && value !== "") common.push([name, value])
    else if (column >= 0) shared.push([column, value])
  }
  return { columns, common, shared, width: columns.length + common.length, isPlain: !columns.includes("__proto__") }
}

// Tags stand once in an answer, and then in each row: a short answer could fill the memory.
const maxCopies = 20_000_000

/**
 * What an error in an answer says.
 *
 * @category constructors
 * @since 0.1.0
 */
export const failure = (error: unknown): Problem => failed(typeof error === "string" ? error : JSON.stringify(error))

/**
 * Reads the values of series, and knows whether the results are whole.
 *
 * @category models
 * @since 0.1.0
 */
export class Results {
  /** Whether the result that was read last says that there is more of it. */
  isPartial = false
  #statement = -1
  #copies = 0

  /** To be called for each result. */
  begin(statement: number): void {
    if (this.isPartial && statement !== this.#statement) throw cutShort
    this.#statement = statement
    this.#copies = 0
  }

  row({ columns, common, isPlain, shared }: Shape, cells: ArrayLike<unknown>): Row.Row {
    const row: Row.Draft = {}
    for (let i = 0; i < columns.length; i++) {
      const cell = cells[i]
      if (cell === null) continue
      if (typeof cell === "object") throw unreadable(`a value of the column ${columns[i]} is a list or an object`)
      if (isPlain) row[columns[i]] = cell as Row.Cell
      else Row.set(row, columns[i], cell)
    }
    for (const [column, tag] of shared) if ((cells[column] ?? "") !== tag) throw twice(columns[column])
    this.#copies += common.length
    if (this.#copies > maxCopies) {
      throw unreadable("the tags of its series, repeated in each of their rows, are too many")
    }
    for (const [tag, value] of common) Row.set(row, tag, value)
    return row
  }

  /** Refuses what can't be the end. */
  end(): ReadonlyArray<never> {
    if (this.#statement < 0) throw unreadable("it is empty")
    if (this.isPartial) throw cutShort
    return []
  }
}

const cutShort = failed("the answer is partial: it has more rows than the server gives")
