/**
 * Points whose names are known before: the encoder that a typed series compiles
 * once, and the points that carry it to the writer.
 *
 * Names were escaped and tags were put in order at construction. For each point
 * its values are read and written; those that have to go through a Schema do so
 * first, in one run. An encoder serves all writers of a program.
 *
 * @since 0.1.0
 */
import { type Dialect, fieldKeySeparatorBytes } from "../../Dialect.ts"
import type * as Point from "../../Point.ts"
import { nameProblem, Uint } from "../../Point.ts"
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
  schemaProblem,
  STRING,
  type Transform,
  UINT,
  UNDEFINED,
  type Values
} from "./Column.ts"
import { maxDecimalBytes, writeFloat, writeInt64, writeUint64 } from "./Decimal.ts"
import { EncodeError, makeProblem, type Part, type Problem, type Reason } from "./EncodeError.ts"
import { REFUSED, stringReason, writeString, writeStringOfOneLine } from "./Escape.ts"
import { compareKeys, type Encoded, encodeKey, nothing, writeEncoded } from "./KeyTrie.ts"
import { encodeTag, SeriesKey, type Target } from "./SeriesKey.ts"
import { ValueReader } from "./ValueReader.ts"

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
export const bind = (bound: BoundTags, columns: ReadonlyArray<Column>, all: Values): BoundTags => {
  const values = new Map(bound.values)
  let fault = bound.fault
  for (const column of columns) {
    let value: unknown
    try {
      const given = { [column.name]: own(all, column.name) }
      const encoded = makeTransform([column])?.(given)
      value = encoded === undefined
        ? given[column.name]
        : encoded instanceof Refused
        ? encoded
        : encoded.get(column.name)
      if (!accepts(column, value)) {
        fault ??= schemaProblem(column, given[column.name])
        value = undefined
      }
    } catch {
      fault ??= makeProblem("tag value", "unreadable", column.name, undefined)
    }
    values.set(column.name, value as Point.TagValue | undefined)
  }
  return { values, fault }
}

const maxInt64 = 2n ** 63n - 1n
const minInt64 = -(2n ** 63n)
const maxUint64 = 2n ** 64n - 1n

// A comma and an equals sign around a field key.
const prefixRoom = 2

const isOmitted = (value: unknown): boolean => typeof value === "number" && !Number.isFinite(value)

const SPACE = 32
const LOWER_E = 101
const LOWER_I = 105
const LOWER_U = 117
// "true" and "fals", as one store each
const TRUE = 0x65757274
const FALS = 0x736c6166

class PreparedField {
  readonly column: Column
  /** The place of its value. */
  readonly index: number
  readonly kinds: number
  readonly check: Check | undefined
  /** `,key=`, nothing if it can't be written. */
  readonly prefix: Encoded
  /** The kinds of values that are written as they are, if nothing else is asked of them. */
  readonly plain: number

  constructor(column: Column, index: number, dialect: Dialect) {
    this.column = column
    this.index = index
    this.kinds = column.kinds
    this.check = column.check
    this.prefix = encodeKey(column.name, "field key", dialect) ?? nothing
    this.plain = column.check === undefined ? column.kinds : 0
  }
}

/** What of a series is written in one dialect. */
interface Form {
  readonly dialect: Dialect
  /** A bound tag, or the name of a field, that can't be written: no point can. */
  readonly fault: Problem | undefined
  readonly key: SeriesKey
  readonly fields: ReadonlyArray<PreparedField>
  /** Bytes of the longest `,key=`. */
  readonly longestPrefix: number
}

/**
 * Writes the points of one series.
 *
 * @category models
 * @since 0.1.0
 */
export class PointEncoder {
  readonly measurement: string
  /** Of all points of the series, unless their push says otherwise. */
  readonly priority: "normal" | "high"
  /** Why the last `write` was refused. */
  problem: Problem | undefined = undefined
  /** The timestamp of the point that was written last. */
  timestamp: unknown = undefined
  /** How many NaN and infinite fields were left out of it. */
  omittedFields = 0

  // Tags in the order of the line, and then the fields.
  readonly #columns: ReadonlyArray<Column>
  readonly #bound: BoundTags
  // That of the last writer, and those of the dialects so far.
  #form: Form
  readonly #forms = new Map<Dialect, Form>()
  readonly #transform: Transform | undefined
  // Gives the values of the columns, and the timestamp behind them.
  readonly #reader: ValueReader
  // Taken while a line is written: a getter or a Schema could write another point of the series meanwhile.
  #values: Array<unknown> | undefined = undefined

  /**
   * @param columns All columns, without those that are bound. Their names can be
   * written.
   * @param bound Tags that all points have.
   */
  constructor(
    measurement: string,
    columns: ReadonlyArray<Column>,
    bound: BoundTags = noBoundTags,
    priority: "normal" | "high" = "normal"
  ) {
    this.measurement = measurement
    this.priority = priority
    this.#columns = [
      ...columns.filter((column) => column.isTag).sort((a, b) => compareKeys(a.name, b.name)),
      ...columns.filter((column) => !column.isTag)
    ]
    this.#bound = bound
    this.#transform = makeTransform(columns)
    this.#reader = new ValueReader([...this.#columns.map(({ name }) => name), "timestamp"])
    this.#form = this.#formFor("influx-1")
  }

  /**
   * Writes a point up to its timestamp, which is left in `timestamp`. Returns
   * where it ended, or `REFUSED` with a `problem`.
   */
  write(given: Values, target: Target, pos: number, limit: number): number {
    const form = this.#form.dialect === target.dialect ? this.#form : this.#formFor(target.dialect)
    if (form.fault !== undefined || typeof given !== "object" || given === null) return this.#refuseAll(form, given)
    const values = this.#values ?? this.#reader.makeValues()
    this.#values = undefined
    this.#reader.read(given, values)
    if (this.#transform !== undefined && !this.#encode(this.#transform, given, values)) return REFUSED
    const start = pos
    pos = form.key.write(values, target, pos, limit)
    if (pos < 0) this.problem = form.key.problem
    else pos = this.#writePlainFields(form, values, target, start, pos, limit)
    this.timestamp = values[this.#columns.length]
    this.#values = values
    return pos
  }

  #refuseAll({ fault }: Form, given: unknown): number {
    if (fault === undefined) return this.#fail("point", "missing", undefined, given)
    this.problem = fault
    return REFUSED
  }

  #encode(transform: Transform, given: Values, values: Array<unknown>): boolean {
    const encoded = transform(given)
    if (encoded instanceof Refused) {
      this.#refuse(this.#columnOf(encoded.column), given[encoded.column])
      return false
    }
    for (let i = 0; i < this.#columns.length; i++) {
      if (this.#columns[i].runs) values[i] = encoded.get(this.#columns[i].name)
    }
    return true
  }

  /** The tags and fields of a point as a plain object has them. */
  plain(values: Values): {
    readonly tags: { readonly [key: string]: Point.TagValue }
    readonly fields: { readonly [key: string]: Point.FieldValue }
  } {
    if (this.#bound.fault !== undefined) throw new EncodeError(this.#bound.fault)
    const encoded = this.#transform?.(values)
    if (encoded instanceof Refused) {
      throw new EncodeError(schemaProblem(this.#columnOf(encoded.column), values[encoded.column]))
    }
    const tags = new Map(this.#bound.values)
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

  #formFor(dialect: Dialect): Form {
    let form = this.#forms.get(dialect)
    if (form === undefined) {
      form = this.#makeForm(dialect)
      this.#forms.set(dialect, form)
    }
    return this.#form = form
  }

  #makeForm(dialect: Dialect): Form {
    const tags = this.#columns.filter((column) => column.isTag)
    const constant: Array<Encoded> = []
    let fault = this.#bound.fault
    for (const [key, value] of this.#bound.values) {
      if (value === undefined || value === "") continue
      const tag = encodeTag(key, value, dialect)
      if (tag !== undefined) constant.push(tag)
      else {
        const reason = nameProblem(String(value), "tag value", dialect) ?? "lone surrogate"
        fault ??= makeProblem("tag value", reason, key, value)
      }
    }
    for (const { isTag, name } of this.#columns) {
      const problem = isTag ? undefined : nameProblem(name, "field key", dialect)
      if (problem !== undefined) fault ??= makeProblem("field key", problem, undefined, name)
    }
    const fields = this.#columns.slice(tags.length).map((column, i) =>
      new PreparedField(column, tags.length + i, dialect)
    )
    return {
      dialect,
      fault,
      key: new SeriesKey(this.measurement, tags, constant, dialect),
      fields,
      longestPrefix: fields.reduce((longest, { prefix }) => Math.max(longest, prefix.length), 0)
    }
  }

  // Fields that are what they should be, with room to spare. This is all that the engine compiles into one piece with its
  // callers, as long as it is short; so whatever is unusual makes it give up, and all fields are written anew with care.
  #writePlainFields(
    form: Form,
    values: ReadonlyArray<unknown>,
    target: Target,
    start: number,
    from: number,
    limit: number
  ): number {
    const { out, view } = target
    const { fields, longestPrefix } = form
    const last = limit - longestPrefix - maxDecimalBytes
    const keyRoom = target.maxSeriesKeyBytes - (from - start) - fieldKeySeparatorBytes + prefixRoom
    let pos = longestPrefix > keyRoom ? REFUSED : from
    for (let i = 0; i < fields.length; i++) {
      if (pos > last || pos < 0) return this.#writeFields(form, values, target, start, from, limit)
      const { index, plain, prefix } = fields[i]
      const value = values[index]
      pos = writeEncoded(view, pos, prefix)
      if (typeof value === "number" && value - value === 0 && (plain & NUMBER) !== 0) {
        pos = writeFloat(view, pos, value)
      } else if (typeof value === "string" && (plain & STRING) !== 0) {
        pos = target.stringsOfOneLine ? writeStringOfOneLine(out, pos, value) : writeString(out, pos, value)
      } else if (typeof value === "boolean" && (plain & BOOLEAN) !== 0) {
        view.setInt32(pos, value ? TRUE : FALS, true)
        pos += 4
        if (!value) out[pos++] = LOWER_E
      } else if (typeof value === "bigint" && (plain & BIGINT) !== 0 && BigInt.asIntN(64, value) === value) {
        pos = writeInt64(view, pos, value)
        out[pos++] = LOWER_I
      } else {
        return this.#writeFields(form, values, target, start, from, limit)
      }
    }
    if (pos > limit || pos < 0) return this.#writeFields(form, values, target, start, from, limit)
    // The first field begins with a comma too.
    out[from] = SPACE
    this.omittedFields = 0
    return pos
  }

  // A field that is written and whose key, together with a series key of that many bytes, is too long.
  #tooLong(form: Form, values: ReadonlyArray<unknown>, target: Target, seriesKeyBytes: number): string | undefined {
    const longest = target.maxSeriesKeyBytes - seriesKeyBytes - fieldKeySeparatorBytes + prefixRoom
    if (form.longestPrefix <= longest) return undefined
    const field = form.fields.find(({ index, prefix }) =>
      prefix.length > longest && values[index] !== undefined && !isOmitted(values[index])
    )
    return field?.column.name
  }

  #writeFields(
    form: Form,
    values: ReadonlyArray<unknown>,
    target: Target,
    lineStart: number,
    start: number,
    limit: number
  ): number {
    const tooLong = this.#tooLong(form, values, target, start - lineStart)
    if (tooLong !== undefined) return this.#fail("field key", "series key too long", undefined, tooLong)
    const { out, view } = target
    const { fields } = form
    let pos = start
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
        pos = target.stringsOfOneLine ? writeStringOfOneLine(out, pos, value) : writeString(out, pos, value)
        if (pos < 0) return this.#fail("field value", stringReason(value), field.column.name, value)
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

  #uint({ column, kinds, prefix }: PreparedField, value: unknown, target: Target, pos: number): number {
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

  #columnOf(name: string): Column | undefined {
    return this.#columns.find((column) => column.name === name)
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
