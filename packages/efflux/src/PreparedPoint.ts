/**
 * Points whose names are known before: the encoder that a typed series compiles
 * once, and the points that carry it to the writer.
 *
 * Names were escaped and tags were put in order at construction. For each point
 * its values are read and written; those that have to go through a Schema do so
 * first, in one run.
 *
 * An encoder serves all writers of a program. What differs between them, the
 * default tags, is worked into a plan for each.
 *
 * @since 0.1.0
 */
import {
  accepts,
  BIGINT,
  BOOLEAN,
  type Check,
  type Column,
  makeTransform,
  NUMBER,
  own,
  Refused,
  STRING,
  type Transform,
  UINT,
  UNDEFINED,
  type Values
} from "./Column.ts"
import { writeFloat, writeInt64, writeText, writeUint64, writeWhole } from "./Decimal.ts"
import { EncodeError, type Part, preview, type Problem, type Reason } from "./EncodeError.ts"
import { IN_MEASUREMENT, IN_TAG, REFUSED, writeName, writeString } from "./Escape.ts"
import { compareKeys, Encoded, encodedRoom, encodeKey, find, nothing, Texts, writeEncoded } from "./KeyTrie.ts"
import type * as Point from "./Point.ts"
import { nameProblem, Uint } from "./Point.ts"

/**
 * What an encoder is told of a writer: its buffer, with some room behind it,
 * whether it takes unsigned integers, and its default tags in order.
 *
 * @category models
 * @since 0.1.0
 */
export interface Target {
  readonly out: Uint8Array
  readonly view: DataView
  readonly unsigned: boolean
  readonly defaults: ReadonlyArray<Encoded>
}

/**
 * A point of a series: its values, and the encoder that writes them.
 *
 * A writer takes the values as they are. To everyone else it is a plain
 * `Point.Input`, whose tags and fields are made when they are read.
 *
 * @category models
 * @since 0.1.0
 */
export class PreparedPoint implements Point.Input {
  readonly encoder: PointEncoder
  readonly values: Values

  constructor(encoder: PointEncoder, values: Values) {
    this.encoder = encoder
    this.values = values
  }

  get measurement(): string {
    return this.encoder.measurement
  }

  /** Throws an {@link EncodeError} where a Schema refuses a value. */
  get tags(): { readonly [key: string]: Point.TagValue } {
    return this.encoder.plain(this.values).tags
  }

  /** Throws an {@link EncodeError} where a Schema refuses a value. */
  get fields(): { readonly [key: string]: Point.FieldValue } {
    return this.encoder.plain(this.values).fields
  }

  get timestamp(): Point.Timestamp | undefined {
    return own(this.values, "timestamp") as Point.Timestamp | undefined
  }
}

/**
 * Tags that all points of an encoder have, as they are written.
 *
 * @category models
 * @since 0.1.0
 */
export interface BoundTags {
  readonly values: ReadonlyMap<string, Point.TagValue | undefined>
  /** A value that was refused: no point can be written. */
  readonly fault?: Problem | undefined
}

const noBoundTags: BoundTags = { values: new Map() }

/**
 * Binds further tags. Never throws for a value: it makes the points invalid.
 *
 * @category constructors
 * @since 0.1.0
 */
export const bind = (bound: BoundTags, columns: ReadonlyArray<Column>, given: Values): BoundTags => {
  const encoded = makeTransform(columns)?.(given)
  const values = new Map(bound.values)
  let fault = bound.fault
  for (const column of columns) {
    const { name, runs } = column
    const value = encoded instanceof Refused ? undefined : runs ? encoded!.get(name) : own(given, name)
    const refused = encoded instanceof Refused ? encoded.column === name : !accepts(column, value)
    if (refused) fault ??= schemaProblem(column, given[name])
    values.set(name, refused ? undefined : value as Point.TagValue | undefined)
  }
  return { values, fault }
}

const schemaProblem = (column: Column | undefined, value: unknown): Problem => ({
  part: column === undefined ? "point" : column.isTag ? "tag value" : "field value",
  reason: "schema",
  key: column === undefined ? undefined : preview(column.name),
  value: preview(value)
})

// InfluxDB 1 refuses a series key (measurement and tags, escaped) above this.
const maxSeriesKeyBytes = 65_535

const maxInt64 = 2n ** 63n - 1n
const minInt64 = -(2n ** 63n)
const maxUint64 = 2n ** 64n - 1n

const SPACE = 32
const LOWER_E = 101
const LOWER_I = 105
const LOWER_U = 117
// "true" and "fals", as one store each
const TRUE = 0x65757274
const FALS = 0x736c6166

const hasOwnProperty = Object.prototype.hasOwnProperty

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

class PlannedField {
  readonly column: Column
  readonly index: number
  readonly kinds: number
  readonly check: Check | undefined
  /** `,key=` */
  readonly prefix: Encoded

  constructor(column: Column, index: number) {
    this.column = column
    this.index = index
    this.kinds = column.kinds
    this.check = column.check
    this.prefix = encodeKey(column.name, "field key")!
  }
}

/**
 * A key of an object with values, behind the keys that came before it there.
 *
 * The objects of a program have few shapes. Each step remembers how the last
 * object went on that came by, and the next one is expected to do the same: that
 * costs a comparison of pointers a key.
 */
class Step {
  readonly key: string
  readonly parent: Step | undefined
  /** Where its value goes. Keys that the series does not know share a place that nobody reads. */
  readonly index: number
  /** The places that no key so far has a value for. */
  readonly left: ReadonlyArray<number>
  readonly children = new Map<string, Step>()
  /** All steps of the object that last came by, from its first key on. */
  path: Array<Step>

  constructor(key: string, parent: Step | undefined, index: number, left: ReadonlyArray<number>, path: Array<Step>) {
    this.key = key
    this.parent = parent
    this.index = index
    this.left = left
    this.path = path
  }
}

// Objects of ever new shapes would make ever more steps.
const maxSteps = 4096

/**
 * Writes the points of one series.
 *
 * @category models
 * @since 0.1.0
 */
export class PointEncoder {
  readonly measurement: string
  /** Why the last `write` was refused. */
  problem: Problem | undefined = undefined
  /** The timestamp of the point that was written last. */
  timestamp: unknown = undefined
  /** How many NaN and infinite fields were left out of it. */
  omittedFields = 0

  readonly #columns: ReadonlyArray<Column>
  readonly #bound: ReadonlyMap<string, Point.TagValue | undefined>
  readonly #transform: Transform | undefined
  readonly #head: Encoded
  readonly #boundTags: ReadonlyArray<Encoded>
  // A bound tag that can't be written: no point can.
  readonly #fault: Problem | undefined
  readonly #fields: ReadonlyArray<PlannedField>
  readonly #indexOf: ReadonlyMap<string, number>
  readonly #plans = new WeakMap<Target, Plan>()
  #target: Target | undefined = undefined
  #plan: Plan | undefined = undefined
  #root: Step
  #steps = 0
  #rowMisses = 0
  // Taken while a line is written: a getter or a Schema could write another point of the series meanwhile.
  #values: Array<unknown> | undefined = undefined

  /**
   * @param columns All columns, without those that are bound. Their names can be
   * written.
   * @param bound Tags that all points have.
   */
  constructor(measurement: string, columns: ReadonlyArray<Column>, bound: BoundTags = noBoundTags) {
    this.measurement = measurement
    // Tags in the order of the line, and then the fields.
    this.#columns = [
      ...columns.filter((column) => column.isTag).sort((a, b) => compareKeys(a.name, b.name)),
      ...columns.filter((column) => !column.isTag)
    ]
    this.#bound = bound.values
    this.#transform = makeTransform(columns)
    this.#head = encode(measurement, (bytes) => writeName(bytes, 0, measurement, IN_MEASUREMENT))!
    this.#fields = this.#columns.flatMap((column, index) => column.isTag ? [] : [new PlannedField(column, index)])
    this.#indexOf = new Map([...this.#columns.map(({ name }) => name), "timestamp"].map((name, index) => [name, index]))
    const boundTags: Array<Encoded> = []
    let fault = bound.fault
    for (const [key, value] of bound.values) {
      if (value === undefined || value === "") continue
      const tag = encodeTag(key, value)
      if (tag === undefined) {
        const reason = nameProblem(String(value), "tag value") ?? "lone surrogate"
        fault ??= { part: "tag value", reason, key: preview(key), value: preview(value) }
      } else {
        boundTags.push(tag)
      }
    }
    this.#fault = fault
    this.#boundTags = boundTags
    this.#root = this.#newRoot()
  }

  /**
   * Writes a point up to its timestamp, which is left in `timestamp`. Returns
   * where it ended, or `REFUSED` with a `problem`.
   */
  write(given: Values, target: Target, pos: number, limit: number): number {
    if (this.#fault !== undefined) {
      this.problem = this.#fault
      return REFUSED
    }
    if (typeof given !== "object" || given === null) return this.#fail("point", "missing", undefined, given)
    const values = this.#values ?? new Array(this.#columns.length + 2).fill(undefined)
    this.#values = undefined
    this.#read(given, values)
    if (this.#transform !== undefined) {
      const encoded = this.#transform(given)
      if (encoded instanceof Refused) return this.#refuse(this.#columnOf(encoded.column), given[encoded.column])
      for (let i = 0; i < this.#columns.length; i++) {
        if (this.#columns[i].runs) values[i] = encoded.get(this.#columns[i].name)
      }
    }
    const plan = target === this.#target ? this.#plan! : this.#planFor(target)
    pos = this.#seriesKey(plan, values, target, pos, limit)
    if (pos > 0) pos = this.#writeFields(values, target, pos, limit)
    this.timestamp = values[this.#columns.length]
    this.#values = values
    return pos
  }

  /** The tags and fields of a point as a plain object has them. */
  plain(values: Values): {
    readonly tags: { readonly [key: string]: Point.TagValue }
    readonly fields: { readonly [key: string]: Point.FieldValue }
  } {
    if (this.#fault !== undefined) throw new EncodeError(this.#fault)
    const encoded = this.#transform?.(values)
    if (encoded instanceof Refused) {
      throw new EncodeError(schemaProblem(this.#columnOf(encoded.column), values[encoded.column]))
    }
    const tags = new Map(this.#bound)
    const fields = new Map<string, Point.FieldValue>()
    for (const column of this.#columns) {
      const { isTag, name } = column
      const value = column.runs ? encoded!.get(name) : own(values, name)
      if (!accepts(column, value)) throw new EncodeError(schemaProblem(column, value))
      if (isTag) tags.set(name, value as Point.TagValue | undefined)
      else if (value !== undefined) fields.set(name, value as Point.FieldValue)
    }
    const present = [...tags].filter((tag): tag is [string, Point.TagValue] => tag[1] !== undefined)
    return {
      tags: Object.fromEntries(present.sort(([a], [b]) => compareKeys(a, b))),
      fields: Object.fromEntries(fields)
    }
  }

  /** Puts the values of an object in the order of the columns, and its timestamp behind them. */
  #read(point: Values, values: Array<unknown>): void {
    let last = this.#root
    let path = last.path
    let count = 0
    let strayed = false
    for (const key in point) {
      // Read before the check for an own key, it is a plain load of a field for V8.
      const value = point[key]
      if (!hasOwnProperty.call(point, key)) continue
      if (count < path.length && path[count].key === key) {
        last = path[count]
      } else {
        last = this.#stray(last, key, count)
        path = last.path
        strayed = true
      }
      count++
      values[last.index] = value
    }
    const left = last.left
    for (let i = 0; i < left.length; i++) values[left[i]] = undefined
    if (strayed) {
      for (let step: Step | undefined = last; step !== undefined; step = step.parent) {
        step.path = last.path
      }
    }
  }

  #writeFields(values: ReadonlyArray<unknown>, target: Target, pos: number, limit: number): number {
    const { out, view } = target
    const fields = this.#fields
    const start = pos
    let omitted = 0
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i]
      const { check, kinds, prefix } = field
      const value = values[field.index]
      if (check !== undefined && !accepts(field.column, value)) return this.#refuse(field.column, value)
      if (value === undefined && (kinds & UNDEFINED) !== 0) continue
      if (typeof value === "number" && value - value !== 0 && (kinds & NUMBER) !== 0) {
        omitted++
        continue
      }
      if (pos + prefix.length > limit) return this.#oversize()
      if (typeof value === "number" && (kinds & NUMBER) !== 0) {
        pos = writeFloat(view, writeEncoded(view, pos, prefix), value)
      } else if (typeof value === "string" && (kinds & STRING) !== 0) {
        pos = writeEncoded(view, pos, prefix)
        if (pos + value.length > limit) return this.#oversize()
        pos = writeString(out, pos, value)
        if (pos < 0) return this.#fail("field value", "lone surrogate", field.column.name, value)
      } else if (typeof value === "boolean" && (kinds & BOOLEAN) !== 0) {
        pos = writeEncoded(view, pos, prefix)
        view.setInt32(pos, value ? TRUE : FALS, true)
        pos += 4
        if (!value) out[pos++] = LOWER_E
      } else if (typeof value === "bigint" && (kinds & BIGINT) !== 0) {
        if (value > maxInt64 || value < minInt64) {
          return this.#fail("field value", "out of range", field.column.name, value)
        }
        pos = writeInt64(view, writeEncoded(view, pos, prefix), value)
        out[pos++] = LOWER_I
      } else {
        pos = this.#uint(field, value, target, pos)
        if (pos < 0) return REFUSED
      }
      if (pos > limit) return this.#oversize()
    }
    if (pos === start) return this.#fail("fields", "missing", undefined, undefined)
    // The first field begins with a comma too.
    out[start] = SPACE
    this.omittedFields = omitted
    return pos
  }

  // A row is found by the ends and lengths of its texts, in one of two slots.
  #seriesKey(plan: Plan, values: ReadonlyArray<unknown>, target: Target, pos: number, limit: number): number {
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
    let row = rows[slot]
    if (!isRow(row, values, count)) row = rows[slot ^ 1]
    if (isRow(row, values, count) && pos + row.bytes.length <= limit) return writeEncoded(target.view, pos, row.bytes)
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
    return pos - start > maxSeriesKeyBytes
      ? this.#fail("measurement", "series key too long", undefined, this.measurement)
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
      pos = writeName(target.out, pos, value, IN_TAG)
      if (pos < 0) {
        return this.#fail("tag value", nameProblem(value, "tag value") ?? "lone surrogate", column.name, value)
      }
      if (pos > limit) return this.#oversize()
      if (isRemembered(column)) tag.remember(value, view, start, pos)
      return pos
    }
    if (typeof value === "number" && value >= 0 && value < 1e15 && Math.floor(value) === value) {
      pos = writeWhole(view, pos, value)
    } else {
      const text = String(value)
      if (pos + text.length > limit) return this.#oversize()
      pos = writeText(view, pos, text)
    }
    return pos > limit ? this.#oversize() : pos
  }

  #uint({ column, kinds, prefix }: PlannedField, value: unknown, target: Target, pos: number): number {
    if (!(value instanceof Uint) || (kinds & UINT) === 0) return this.#refuse(column, value)
    const unsigned = value.value
    if (!target.unsigned) return this.#fail("field value", "unsigned", column.name, unsigned)
    if (typeof unsigned !== "bigint" || unsigned < 0n || unsigned > maxUint64) {
      return this.#fail("field value", "out of range", column.name, unsigned)
    }
    pos = writeUint64(target.view, writeEncoded(target.view, pos, prefix), unsigned)
    target.out[pos++] = LOWER_U
    return pos
  }

  /** The step to a key that was not expected, behind `count` others. */
  #stray(from: Step, key: string, count: number): Step {
    const known = from.children.get(key)
    if (known !== undefined) return known
    if (++this.#steps > maxSteps) {
      this.#steps = 0
      this.#root = this.#newRoot()
    }
    const index = this.#indexOf.get(key)
    const left = index === undefined ? from.left : from.left.filter((other) => other !== index)
    // Who shares this path is on it, and is told as well how the object went on.
    const path = from.path.length === count ? from.path : from.path.slice(0, count)
    const step = new Step(key, from, index ?? this.#indexOf.size, left, path)
    path.push(step)
    from.children.set(key, step)
    return step
  }

  #newRoot(): Step {
    return new Step("", undefined, 0, [...this.#indexOf.values()], [])
  }

  #columnOf(name: string): Column | undefined {
    return this.#columns.find((column) => column.name === name)
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
    const bound = new Set(this.#boundTags.map((tag) => tag.text))
    const varying = new Set(this.#columns.filter((column) => column.isTag).map((column) => column.name))
    const constant = [
      ...this.#boundTags,
      ...target.defaults.filter((tag) => !bound.has(tag.text) && !varying.has(tag.text))
    ].sort((a, b) => compareKeys(a.text, b.text))
    let done = 0
    const tags = this.#columns.flatMap((column) => {
      if (!column.isTag) return []
      const start = done
      while (done < constant.length && compareKeys(constant[done].text, column.name) < 0) done++
      const front = constant.slice(start, done)
      const fallback = target.defaults.filter((tag) => tag.text === column.name)
      const key = encodeKey(column.name, "tag key")!
      return [new PlannedTag(column, join([...front, key]), join([...front, ...fallback]))]
    })
    return new Plan(this.#head, tags, done === constant.length ? nothing : join(constant.slice(done)))
  }

  #refuse(column: Column | undefined, value: unknown): number {
    this.problem = schemaProblem(column, value)
    return REFUSED
  }

  #fail(part: Part, reason: Reason, key: string | undefined, value: unknown): number {
    this.problem = {
      part,
      reason,
      key: key === undefined ? undefined : preview(key),
      value: value === undefined ? undefined : preview(value)
    }
    return REFUSED
  }

  #oversize(): number {
    return this.#fail("point", "oversize", undefined, undefined)
  }
}

// What is remembered is not checked again, so a check of the program's own has to see every value.
const isRemembered = (column: Column): boolean => column.check === undefined || column.isLiteral

const isRow = (row: Row, values: ReadonlyArray<unknown>, count: number): boolean => {
  const texts = row.texts
  if (texts.length !== count) return false
  for (let i = 0; i < count; i++) if (texts[i] !== values[i]) return false
  return true
}

/** `write` gives the end of what it wrote into a buffer that is long enough for the text. */
const encode = (text: string, write: (bytes: Uint8Array, view: DataView) => number, room = 0): Encoded | undefined => {
  const bytes = new Uint8Array(3 * text.length + room + encodedRoom)
  const view = new DataView(bytes.buffer)
  const end = write(bytes, view)
  return end < 0 ? undefined : new Encoded(text, view, 0, end)
}

const encodeTag = (key: string, value: Point.TagValue): Encoded | undefined => {
  const prefix = encodeKey(key, "tag key")!
  const text = String(value)
  return encode(
    key,
    (bytes, view) => writeName(bytes, writeEncoded(view, 0, prefix), text, IN_TAG),
    prefix.length + 3 * text.length
  )
}

const join = (parts: ReadonlyArray<Encoded>): Encoded =>
  encode(
    "",
    (_, view) => parts.reduce((pos, part) => writeEncoded(view, pos, part), 0),
    parts.reduce((length, part) => length + part.length, 0)
  )!
