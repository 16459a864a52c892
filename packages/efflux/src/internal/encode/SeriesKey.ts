/**
 * Writes measurement and tags of the points of one series.
 *
 * Of the tags, only values differ from point to point. Names and constant tags
 * are bytes that were escaped once; constant are the tags that are bound to the
 * series and the default tags of a writer. As the latter differ from writer to
 * writer, there is a plan for each.
 *
 * Values that come again are remembered, one by one, and together as the row
 * that they make: that is one copy. All of this is bounded.
 *
 * @since 0.1.0
 */
import type { Dialect } from "../../Dialect.ts"
import type * as Point from "../../Point.ts"
import { nameProblem } from "../../Point.ts"
import { accepts, type Column, schemaProblem } from "./Column.ts"
import { printed, writeText, writeWhole } from "./Decimal.ts"
import { makeProblem, type Part, type Problem, type Reason } from "./EncodeError.ts"
import { type Places, placesOf, REFUSED, writeName } from "./Escape.ts"
import { compareKeys, Encoded, encodedRoom, encodeKey, find, nothing, Texts, writeEncoded } from "./KeyTrie.ts"

/**
 * What an encoder is told of a writer: its buffer, with some room behind it, its
 * dialect, and its default tags in order.
 *
 * @category models
 * @since 0.1.0
 */
export interface Target {
  readonly out: Uint8Array
  readonly view: DataView
  readonly dialect: Dialect
  readonly places: Places
  readonly unsigned: boolean
  /** Whether a line feed ends the line in a string too. */
  readonly stringsOfOneLine: boolean
  readonly maxSeriesKeyBytes: number
  readonly defaults: ReadonlyArray<Encoded>
}

/** A tag in a plan. As `Texts`, its values, each with all that stands in front of it. */
class PlannedTag extends Texts {
  readonly column: Column
  /** The tags in front that are the same in all lines, and `,key=`. */
  readonly prefix: Encoded
  /** What is written without a value: the tags in front, and the default of this one if the writer has one. */
  readonly absent: Encoded

  constructor(column: Column, prefix: Encoded, absent: Encoded) {
    super()
    this.column = column
    this.prefix = prefix
    this.absent = absent
  }
}

/** What stands in all lines of one writer, with the tags that differ in between. */
class Plan {
  /** The measurement. */
  readonly head: Encoded
  readonly tags: ReadonlyArray<PlannedTag>
  /** The tags behind the last one that differs. */
  readonly tail: Encoded
  /** Measurement and tags of points that came by, as a whole. */
  rows = noRows
  /** Whether rows are remembered: not of a single tag, and not where a check has to see every value. */
  readonly hasRows: boolean

  constructor(head: Encoded, tags: ReadonlyArray<PlannedTag>, tail: Encoded) {
    this.head = head
    this.tags = tags
    this.tail = tail
    this.hasRows = tags.length > 1 && tags.every((tag) => isRemembered(tag.column))
  }
}

/** The values of the tags, and all that is written of them with the measurement in front. */
interface Row {
  readonly texts: ReadonlyArray<string>
  readonly bytes: Encoded
}

const noRow: Row = { texts: [], bytes: nothing }
const rowSlots = 256
const noRows: Array<Row> = new Array(rowSlots).fill(noRow)
// One in so many that found no free slot takes one over.
const rowTakeOver = 16

/**
 * The writer of the series keys of one series, in one dialect.
 *
 * @category models
 * @since 0.1.0
 */
export class SeriesKey {
  /** Why the last `write` was refused. */
  problem: Problem | undefined = undefined

  readonly #measurement: string
  readonly #dialect: Dialect
  readonly #head: Encoded
  readonly #tags: ReadonlyArray<Column>
  readonly #constant: ReadonlyArray<Encoded>
  readonly #plans = new WeakMap<Target, Plan>()
  #target: Target | undefined = undefined
  #plan: Plan | undefined = undefined
  #rowMisses = 0

  /**
   * @param tags Tags whose values differ, in order.
   * @param constant Tags that all points have, from {@link encodeTag}.
   */
  constructor(
    measurement: string,
    tags: ReadonlyArray<Column>,
    constant: ReadonlyArray<Encoded>,
    dialect: Dialect
  ) {
    const place = placesOf(dialect).measurement
    this.#measurement = measurement
    this.#dialect = dialect
    this.#head = encode(measurement, (bytes) => writeName(bytes, 0, measurement, place))!
    this.#tags = tags
    this.#constant = constant
  }

  /**
   * Writes at `pos`, with the values of the tags in the first places. Returns
   * where it ended, or `REFUSED` with a `problem`.
   */
  write(values: ReadonlyArray<unknown>, target: Target, pos: number, limit: number): number {
    return this.#write(target === this.#target ? this.#plan! : this.#planFor(target), values, target, pos, limit)
  }

  // A row is found by the ends and lengths of its texts, in one of two slots.
  #write(plan: Plan, values: ReadonlyArray<unknown>, target: Target, pos: number, limit: number): number {
    const { rows, tags } = plan
    if (!plan.hasRows) return this.#eachTag(plan, values, target, pos, limit)
    const count = tags.length
    let slot = 0
    for (let i = 0; i < count; i++) {
      const value = values[i]
      if (typeof value !== "string" || value.length === 0) return this.#eachTag(plan, values, target, pos, limit)
      const length = value.length
      slot = (slot * 5 + value.charCodeAt(0) + value.charCodeAt(length - 1) + 2 * length) | 0
    }
    slot = (slot ^ (slot >> 8)) & (rowSlots - 1)
    for (let way = 0; way < 2; way++) {
      const { bytes, texts } = rows[slot ^ way]
      let same = 0
      while (same < texts.length && texts[same] === values[same]) same++
      if (same === count && pos + bytes.length <= limit) return writeEncoded(target.view, pos, bytes)
    }
    const end = this.#eachTag(plan, values, target, pos, limit)
    if (end > 0) this.#rememberRow(plan, slot, values, target.view, pos, end)
    return end
  }

  #eachTag(plan: Plan, values: ReadonlyArray<unknown>, target: Target, pos: number, limit: number): number {
    const { head, tags, tail } = plan
    const view = target.view
    const start = pos
    if (pos + head.length > limit) return this.#oversize()
    pos = writeEncoded(view, pos, head)
    for (let i = 0; i < tags.length; i++) {
      const tag = tags[i]
      const value = values[i]
      if (typeof value === "string" && value.length > 0) {
        const known = find(tag.texts, value)
        if (known.text === value && pos + known.length <= limit) {
          pos = writeEncoded(view, pos, known)
          continue
        }
      }
      pos = this.#tag(tag, value, target, pos, limit)
      if (pos < 0) return REFUSED
    }
    if (pos + tail.length > limit) return this.#oversize()
    if (tail !== nothing) pos = writeEncoded(view, pos, tail)
    return pos - start > target.maxSeriesKeyBytes
      ? this.#fail("measurement", "series key too long", undefined, this.#measurement)
      : pos
  }

  // Only of texts that are remembered one by one: those of a tag with ever new values are not.
  #rememberRow(
    plan: Plan,
    slot: number,
    values: ReadonlyArray<unknown>,
    view: DataView,
    start: number,
    end: number
  ): void {
    const { rows, tags } = plan
    if (rows[slot] !== noRow) slot ^= 1
    if (rows[slot] !== noRow && ++this.#rowMisses % rowTakeOver !== 0) return
    const texts: Array<string> = []
    for (let i = 0; i < tags.length; i++) {
      const known = find(tags[i].texts, values[i] as string)
      if (known.text !== values[i]) return
      texts.push(known.text)
    }
    if (rows === noRows) plan.rows = noRows.slice()
    plan.rows[slot] = { texts, bytes: new Encoded("", view, start, end) }
  }

  #tag(tag: PlannedTag, value: unknown, target: Target, pos: number, limit: number): number {
    const { column, prefix } = tag
    const view = target.view
    if (!accepts(column, value)) return this.#refuse(column, value)
    if (value === undefined || value === "") {
      return pos + tag.absent.length > limit ? this.#oversize() : writeEncoded(view, pos, tag.absent)
    }
    const start = pos
    if (pos + prefix.length > limit) return this.#oversize()
    pos = writeEncoded(view, pos, prefix)
    if (typeof value === "string") {
      if (pos + value.length > limit) return this.#oversize()
      pos = writeName(target.out, pos, value, target.places.tag)
      if (pos < 0) {
        const reason = nameProblem(value, "tag value", this.#dialect) ?? "lone surrogate"
        return this.#fail("tag value", reason, column.name, value)
      }
      if (pos > limit) return this.#oversize()
      if (isRemembered(column)) tag.remember(value, view, start, pos)
      return pos
    }
    if (typeof value === "number" && value >= 0 && value < 1e15 && Math.floor(value) === value) {
      pos = writeWhole(view, pos, value)
    } else {
      const text = printed(value as number | bigint | boolean, limit - pos)
      if (text === undefined || pos + text.length > limit) return this.#oversize()
      pos = writeText(view, pos, text)
    }
    return pos > limit ? this.#oversize() : pos
  }

  #planFor(target: Target): Plan {
    let plan = this.#plans.get(target)
    if (plan === undefined) {
      plan = this.#makePlan(target)
      this.#plans.set(target, plan)
    }
    this.#target = target
    return this.#plan = plan
  }

  #makePlan(target: Target): Plan {
    const own = new Set([...this.#constant.map((tag) => tag.text), ...this.#tags.map((column) => column.name)])
    const constant = [
      ...this.#constant,
      ...target.defaults.filter((tag) => !own.has(tag.text))
    ].sort((a, b) => compareKeys(a.text, b.text))
    let done = 0
    const tags = this.#tags.map((column) => {
      const start = done
      while (done < constant.length && compareKeys(constant[done].text, column.name) < 0) done++
      const front = constant.slice(start, done)
      const fallback = target.defaults.filter((tag) => tag.text === column.name)
      const key = encodeKey(column.name, "tag key", this.#dialect)!
      return new PlannedTag(column, join([...front, key]), join([...front, ...fallback]))
    })
    return new Plan(this.#head, tags, done === constant.length ? nothing : join(constant.slice(done)))
  }

  #refuse(column: Column | undefined, value: unknown): number {
    this.problem = schemaProblem(column, value)
    return REFUSED
  }

  #fail(part: Part, reason: Reason, key: string | undefined, value: unknown): number {
    this.problem = makeProblem(part, reason, key, value)
    return REFUSED
  }

  #oversize(): number {
    return this.#fail("point", "oversize", undefined, undefined)
  }
}

// What is remembered is not checked again, so a check of the program's own has to see every value.
const isRemembered = (column: Column): boolean => column.check === undefined || column.isLiteral

/** `write` gives the end of what it wrote into a buffer that is long enough for the text. */
const encode = (text: string, write: (bytes: Uint8Array, view: DataView) => number, room = 0): Encoded | undefined => {
  const bytes = new Uint8Array(3 * text.length + room + encodedRoom)
  const view = new DataView(bytes.buffer)
  const end = write(bytes, view)
  return end < 0 ? undefined : new Encoded(text, view, 0, end)
}

/**
 * A tag as bytes, `undefined` if its value can't be written. Its name can.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encodeTag = (key: string, value: Point.TagValue, dialect: Dialect): Encoded | undefined => {
  const prefix = encodeKey(key, "tag key", dialect)!
  const place = placesOf(dialect).tag
  const text = String(value)
  return encode(
    key,
    (bytes, view) => writeName(bytes, writeEncoded(view, 0, prefix), text, place),
    prefix.length + 3 * text.length
  )
}

const join = (parts: ReadonlyArray<Encoded>): Encoded =>
  encode(
    "",
    (_, view) => parts.reduce((pos, part) => writeEncoded(view, pos, part), 0),
    parts.reduce((length, part) => length + part.length, 0)
  )!
