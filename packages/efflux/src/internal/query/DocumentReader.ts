/**
 * Reads the documents of InfluxDB 1, in whatever format: each is like `{"results": [{"statement_id": 0, "series":
 * [{"name", "tags", "columns", "values"}], "partial": true}]}`, and a result can go on in the next one.
 *
 * Rows are read as their bytes arrive: only one row of an answer is held.
 *
 * @since 0.1.0
 */
import { maxColumns, refuseRepeated, tooWide, twice, twoMembers } from "./AnswerReader.ts"
import { failed, unreadable } from "./BadAnswer.ts"
import { type Container, isContainer, type PullParser, short } from "./PullParser.ts"
import * as Row from "./Row.ts"

/** `undefined` asks for more bytes. */
type Reading<A = void> = Generator<Row.Rows | undefined, A>

/** The columns of a series, and what its rows have in common. */
interface SeriesHeader {
  readonly columns: ReadonlyArray<string>
  /** Tags, and the name of the series, whose names are not those of a column. */
  readonly common: ReadonlyArray<readonly [name: string, value: string]>
  /** Tags whose names are those of a column. */
  readonly shared: ReadonlyArray<readonly [column: string, value: string]>
  /** Which column is `time`, -1 if none is. */
  readonly time: number
}

type Tag = readonly [name: string, value: unknown]

const headerOf = (columns: ReadonlyArray<string>, tags: ReadonlyArray<Tag>): SeriesHeader => {
  const names = new Set(columns)
  const common: Array<readonly [string, string]> = []
  const shared: Array<readonly [string, string]> = []
  refuseRepeated(columns)
  refuseRepeated(tags.map(([name]) => name))
  for (const [name, value] of tags) {
    if (typeof value !== "string") throw unreadable(`the tag ${name} is not a text`)
    // Servers do not store empty tags; an absent tag arrives as "".
    if (names.has(name)) shared.push([name, value])
    else if (value !== "") common.push([name, value])
  }
  return { columns, common, shared, time: columns.indexOf("time") }
}

// Tags are sent once in an answer and copied into each row, so a short answer could fill the memory.
const maxCopies = 20_000_000

/**
 * Makes a reader of the documents of a source. With `measurement` the name of a series is a column of that name.
 *
 * @internal
 */
export const make = (parser: PullParser, format: string, maxRowBytes: number, measurement: string | undefined) => {
  const notThat = unreadable(`it is not the ${format} of a query`)
  let statement = -1
  let copies = 0
  /** Whether the last result was marked as continued. */
  let isPartial = false

  function* take(next: () => unknown = parser.take): Reading<unknown> {
    for (;;) {
      const value = next.call(parser)
      if (value !== short) return value
      yield* wait()
    }
  }

  function* wait(): Reading {
    if (parser.left > maxRowBytes) throw unreadable(`a row is longer than ${maxRowBytes} bytes`)
    yield undefined
  }

  function* scalar(): Reading<unknown> {
    const value = yield* take()
    if (isContainer(value)) throw notThat
    return value
  }

  function* text(next?: () => unknown): Reading<string> {
    const value = yield* take(next)
    if (typeof value !== "string") throw notThat
    return value
  }

  // Unknown members are skipped, however deeply they are nested.
  function* skip(): Reading {
    for (let left = 1; left > 0; left--) {
      let value = parser.take()
      if (value === short) value = yield* take()
      if (isContainer(value)) left += parser.skip(value)
    }
  }

  function* open(isMap: boolean): Reading<Container> {
    const value = yield* take()
    if (!isContainer(value) || value.isMap !== isMap) throw notThat
    return value
  }

  function* list(element: (index: number) => Reading): Reading {
    const elements = yield* open(false)
    for (let index = 0; parser.more(elements); index++) yield* element(index)
  }

  function* map(member: (name: string) => Reading): Reading {
    const members = yield* open(true)
    const names = new Set<string>()
    while (parser.more(members)) {
      const name = yield* text(parser.name)
      if (names.has(name)) throw twoMembers
      if (names.add(name).size > maxColumns) throw tooWide
      yield* member(name)
    }
  }

  const object = (members: { readonly [name: string]: () => Reading }): Reading =>
    map((name) => Object.hasOwn(members, name) ? members[name]() : skip())

  function* failure(): Reading {
    const value = yield* take()
    if (value !== null) throw failed(isContainer(value) ? parser.show(value) : String(value))
  }

  function* document(): Reading {
    let isAnswer = false
    yield* object({
      error: failure,
      results: () => {
        isAnswer = true
        return list(result)
      }
    })
    if (!isAnswer) throw notThat
  }

  function* begin(id: number): Reading {
    if (isPartial && id !== statement) throw cutShort
    statement = id
    copies = 0
    yield { result: id, rows: [], weight: 0 }
  }

  function* result(index: number): Reading {
    let isBegun = false
    let isCut = false
    const beginOnce = function*(id: number): Reading {
      if (!isBegun) yield* begin(id)
      isBegun = true
    }
    yield* object({
      error: failure,
      *statement_id() {
        const id = yield* scalar()
        if (typeof id !== "bigint" && typeof id !== "number") throw notThat
        yield* beginOnce(Number(id))
        if (statement !== Number(id)) throw tooLate
      },
      *partial() {
        if ((yield* scalar()) === true) isCut = true
      },
      *series() {
        yield* beginOnce(index)
        yield* list(function*() {
          if (yield* series()) isCut = true
        })
      }
    })
    yield* beginOnce(index)
    isPartial = isCut
  }

  /** Whether there is more of it. */
  function* series(): Reading<boolean> {
    const columns: Array<string> = []
    const tags: Array<Tag> = []
    let isCut = false
    let hasRows = false
    const addTag = (tag: Tag) => {
      if (hasRows) throw tooLate
      tags.push(tag)
    }
    yield* object({
      *name() {
        const name = yield* scalar()
        if (measurement !== undefined) addTag([measurement, name])
      },
      tags: () =>
        map(function*(name) {
          addTag([name, yield* scalar()])
        }),
      columns: () =>
        list(function*() {
          if (columns.push(yield* text()) > maxColumns) throw tooWide
        }),
      values: () => {
        hasRows = true
        return values(headerOf(columns, tags))
      },
      *partial() {
        isCut = (yield* scalar()) === true
      }
    })
    return isCut
  }

  function* values(shape: SeriesHeader): Reading {
    const width = shape.columns.length + shape.common.length
    const piece = new Row.Piece()
    const all = yield* open(false)
    try {
      while (parser.more(all)) {
        // It can be elsewhere when more bytes have come.
        let start = parser.position
        let row = rowOf(shape)
        for (; row === short; row = rowOf(shape)) {
          parser.position = start
          if (!piece.isEmpty) yield piece.take(statement)
          yield* wait()
          start = parser.position
        }
        piece.add(row, width, parser.position - start)
        if (piece.isFull) yield piece.take(statement)
      }
    } finally {
      if (!piece.isEmpty) yield piece.take(statement)
    }
  }

  function rowOf({ columns, common, shared, time }: SeriesHeader): Row.Row | typeof short {
    const cells = parser.take()
    if (cells === short) return short
    if (!isContainer(cells) || cells.isMap) throw notThat
    const row: Row.Draft = {}
    for (let i = 0; i < columns.length; i++) {
      if (!parser.more(cells)) throw notThat
      const cell = parser.take()
      if (cell === short) return short
      Row.set(row, columns[i], i === time ? Row.time(cell) : cell)
    }
    if (parser.more(cells)) throw notThat
    for (const [column, tag] of shared) if ((Object.hasOwn(row, column) ? row[column] : "") !== tag) throw twice(column)
    copies += common.length
    if (copies > maxCopies) throw unreadable("the tags of its series, repeated in each of their rows, are too many")
    for (const [tag, value] of common) Row.set(row, tag, value)
    return row
  }

  return {
    document,
    /** Refuses an answer that ends too early. */
    end: (): ReadonlyArray<never> => {
      if (statement < 0) throw unreadable("it is empty")
      if (isPartial) throw cutShort
      return []
    }
  }
}

const tooLate = unreadable("the rows of a series come before what they belong to")
const cutShort = failed("the answer is partial: it has more rows than the server gives")
