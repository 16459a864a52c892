/**
 * Writes points as line protocol: bytes into a buffer, one line a point.
 *
 * This is the hot path of the library. A writer is a plain, synchronous object that owns one buffer and reuses it;
 * it allocates nothing per point that is not needed. A point that can't be written leaves the buffer as it was: it
 * is rolled back to the start of its line, and `problem` says why.
 *
 * Escaping follows what a server of the dialect reads back: comma and space in a measurement; comma, equals sign and
 * space in tag keys, tag values and field keys; in names a backslash too, if the dialect can escape it; `"` and `\` in
 * string values. A point that a server would not read back exactly is refused (see `EncodeError`).
 *
 * @see https://docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference/
 * @since 0.1.0
 */
import type * as Point from "../../Point.ts"
import { lengthOf } from "../text/units.ts"
import { writeBoolean, writeFloat, writeInt64 } from "./Decimal.ts"
import { writeEncoded } from "./EncodedText.ts"
import { thrown } from "./EncodeError.ts"
import { REFUSED, writeEscaped, writePlain, writeString } from "./Escape.ts"
import { isRecord } from "./Key.ts"
import { type Ending, KeyNode, type Roots } from "./KeyTries.ts"
import { IDLE, PartWriter } from "./PartWriter.ts"
import { BIGINT, BOOLEAN, NUMBER, type PointValues, SeriesPoint, STRING } from "./SeriesPoint.ts"

// In place of a position: an object does not give its tags, or the fields of a series, in the order of the line.
const UNORDERED = -2

const LF = 10
const LOWER_I = 105

/** Bytes that a buffer needs behind a line, for its timestamp and line feed. */
export const lineSlack = 128

const hasOwnProperty = Object.prototype.hasOwnProperty

/**
 * A writer of line protocol with a buffer of its own.
 *
 * `bytes[0, position)` holds complete lines, each ended by a line feed. The
 * caller reads them, sets `position` back (to 0, or after moving a tail to the
 * front with `copyWithin`), and goes on.
 *
 * @category models
 * @since 0.1.0
 */
export class LineWriter extends PartWriter {
  /** Of the object that was written last: its last key, where its fields begin, and its timestamp. */
  #last: KeyNode = this.keys.tags
  #start = 0
  #timestamp: unknown = undefined
  /** The values that were read last, as they were given. */
  readonly #values: Array<unknown> = []
  // oxlint-disable-next-line no-unused-private-class-members -- `#migrate` asks for it
  readonly #brand = true

  /**
   * Appends a point as one line, with its own timestamp or none. Returns `false`
   * and sets `problem` if it can't be written; the buffer is then unchanged. Throws only if a getter of the point that
   * is being written calls it.
   */
  write(point: Point.Input): boolean {
    return this.writeStamped(point, Number.NaN, 0)
  }

  /**
   * Like {@link write}, but a point without a timestamp gets `millis`
   * milliseconds since the epoch plus `sub` units of the writer's precision
   * (nanoseconds or microseconds; 0 at the coarser ones).
   */
  writeStamped(point: Point.Input, millis: number, sub: number): boolean {
    if (this.limit !== IDLE) throw new Error("a writer can't write a point while it reads another one")
    const omitted = this.omittedFields
    let end: number
    try {
      this.limit = Math.min(this.position + this.maxLineBytes, this.bytes.length - 1)
      end = point instanceof SeriesPoint ? this.#ofSeries(point, millis, sub) : this.#line(point, millis, sub)
      // A value that is not an object has no measurement either.
      if (end === REFUSED && (typeof point !== "object" || Array.isArray(point))) {
        this.fail("point", "missing", undefined, point)
      }
    } catch (error) {
      // A getter or a proxy of the point threw, or the point is not an object.
      end = typeof point === "object" && point !== null
        ? this.fail("point", "unreadable", undefined, undefined, thrown(error))
        : this.fail("point", "missing", undefined, point)
    }
    this.limit = IDLE
    if (end === REFUSED) {
      this.omittedFields = omitted
      return false
    }
    this.bytes[end] = LF
    this.position = end + 1
    return true
  }

  #line(point: Point.Input, millis: number, sub: number): number {
    let pos = this.measurement(point.measurement)
    if (pos < 0) return REFUSED
    pos = this.#tags(point.tags, pos)
    if (pos < 0) return REFUSED
    pos = this.#fields(point.fields, pos)
    if (pos < 0) return REFUSED
    return this.end(point.timestamp, millis, sub, pos)
  }

  #ofSeries({ reader, values }: SeriesPoint, millis: number, sub: number): number {
    let pos: number = REFUSED
    if (reader.isWritable(values)) {
      const { shape } = reader
      this.#start = 0
      this.#timestamp = undefined
      pos = this.measurement(shape.measurement)
      if (pos > 0) pos = this.#columns(values, this.keys.rootsOf(shape), pos)
      if (pos > 0) pos = this.end(this.#timestamp, millis, sub, pos)
    }
    if (pos < 0) this.problem = reader.problem(values) ?? this.problem
    return pos
  }

  #columns(given: PointValues, { all, fields }: Roots, from: number): number {
    const omitted = this.omittedFields
    let pos = this.#write(given, all, from, 0)
    // If it was refused, what is wrong with it has to be the same in any order.
    if (pos < 0 || !this.#ending().isComplete) {
      this.omittedFields = omitted
      const start = this.#orderedTags(given, all, from)
      if (start < 0) return REFUSED
      const { ordered, places } = this.#ending()
      for (const { index, name } of places) ordered[name] = this.#values[index]
      pos = this.#write(ordered, fields, start, 0)
    }
    return pos < 0 ? REFUSED : this.endFields(this.#start, pos)
  }

  /** What is known about objects like the one that was written last. */
  #ending(): Ending {
    return this.#last.ending ?? this.keys.ending(this.#last)
  }

  #tags(tags: Point.Input["tags"], from: number): number {
    const root = this.keys.tags
    let last = root
    let pos = from
    if (tags !== undefined && tags !== null) {
      if (typeof tags !== "object" || Array.isArray(tags)) return this.fail("tags", "type", undefined, tags)
      // If the last object began with a tag out of order, this one probably does too.
      const first = root.next
      pos = first === undefined || first.inOrder ? this.#write(tags, root, from, 0) : UNORDERED
      const isWritten = pos >= 0
      // Of two faults the same one is named whatever the order of the tags, and whether the point is of a series or not.
      if (!isWritten) pos = this.#orderedTags(tags, root, from)
      last = this.#last
      if ((last === root || last.isIndex) && !isRecord(tags)) return this.fail("tags", "type", undefined, tags)
      if (!isWritten) return pos
    }
    const { constants } = last.trie
    for (let i = last.done; i < constants.length && pos > 0; i++) pos = this.constant(constants[i], pos)
    return pos
  }

  #fields(fields: Point.Input["fields"], from: number): number {
    if (fields === undefined || fields === null) return this.fail("fields", "missing", undefined, fields)
    if (typeof fields !== "object" || Array.isArray(fields)) return this.fail("fields", "type", undefined, fields)
    if (!this.leavesRoom(from)) return REFUSED
    const root = this.keys.fields
    const pos = this.#write(fields, root, from, from)
    if (pos < 0) return REFUSED
    const last = this.#last
    if ((last === root || last.isIndex) && !isRecord(fields)) return this.fail("fields", "type", undefined, fields)
    return this.endFields(from, pos)
  }

  // Writes the tags and fields of an object while it reads them, or returns `UNORDERED`. Fields begin at `start`, 0 if there
  // was none yet. Everything usual is written in this one loop: V8 would not inline functions of this size into it.
  //
  // `for … in` is the only way to read unknown keys that V8 compiles to plain field loads, and only if the value is read
  // first. Behind a branch V8 compiles the read for the keys seen so far, and discards the code at the next other key.
  #write(object: PointValues, root: KeyNode, pos: number, start: number): number {
    if (this.keys.unfamiliar > 0) this.#migrate(object)
    const { limit, out, tagMask, view } = this
    let node = root
    for (const name in object) {
      let value = object[name]
      if (!hasOwnProperty.call(object, name)) continue
      const next = node.next
      node = next !== undefined && next.name === name ? next : this.keys.descend(node, name)
      if (!node.isPlain) {
        if (node.role === "other") {
          if (name === "timestamp") this.#timestamp = value
          continue
        }
        pos = this.#before(node, pos)
        if (pos < 0) return pos
        if (node.convert !== undefined) value = node.convert(value)
      }
      const { prefix, types } = node
      if (node.isTag) {
        if (typeof value === "string" && node.isText) {
          const length = lengthOf(value)
          if (length > 0 && pos + prefix.length + length <= limit) {
            const begin = writeEncoded(view, pos, prefix)
            const plain = writePlain(out, begin, value, length)
            const end = plain === length
              ? begin + length
              : writeEscaped(out, begin + plain, value, tagMask, plain)
            if (end > 0 && end <= limit) {
              pos = end
              continue
            }
          }
        }
        pos = this.tag(node, value, types, node.fallback, pos)
        if (pos < 0) return REFUSED
        continue
      }
      if (start === 0) {
        if (!this.leavesRoom(pos)) return REFUSED
        start = this.#start = pos
      }
      const { length } = prefix
      let end: number = REFUSED
      if (length > 0 && length <= this.maxPrefix && pos + length <= limit) {
        const begin = writeEncoded(view, pos, prefix)
        if (typeof value === "number") {
          if (value - value === 0 && (types & NUMBER) !== 0) end = writeFloat(view, begin, value)
        } else if (typeof value === "string") {
          if ((types & STRING) !== 0 && begin + lengthOf(value) <= limit && this.strings) {
            end = writeString(out, begin, value)
          }
        } else if (typeof value === "boolean") {
          if ((types & BOOLEAN) !== 0) end = writeBoolean(view, begin, value)
        } else if (typeof value === "bigint" && BigInt.asIntN(64, value) === value && (types & BIGINT) !== 0) {
          end = writeInt64(view, begin, value)
          out[end++] = LOWER_I
        }
      }
      if (end < 0 || end > limit) {
        end = this.oddField(node, value, pos, end)
        if (end < 0) return REFUSED
      }
      pos = end
    }
    this.#last = node
    return pos
  }

  #before(node: KeyNode, pos: number): number {
    if (!node.inOrder) {
      this.#last = node
      return UNORDERED
    }
    for (const constant of node.before) {
      pos = this.constant(constant, pos)
      if (pos < 0) return REFUSED
    }
    return pos
  }

  // Reads all values of an object, and then writes the tags among them in order.
  #orderedTags(object: PointValues, root: KeyNode, pos: number): number {
    const values = this.#values
    let last = root
    let count = 0
    for (const name in object) {
      const value = object[name]
      if (!hasOwnProperty.call(object, name)) continue
      const next = last.next
      last = next !== undefined && next.name === name ? next : this.keys.descend(last, name)
      values[count++] = last.isTag && last.convert !== undefined ? last.convert(value) : value
    }
    this.#last = last
    const { absent, tags } = this.#ending()
    for (const { convert } of absent) values[count++] = convert?.(undefined)
    for (let i = 0; i < tags.length; i++) {
      const { index, of } = tags[i]
      if (of instanceof KeyNode) {
        const value = values[index]
        if (value === undefined && of.isOptional) continue
        pos = typeof value === "string" && value !== "" && of.isText
          ? this.textTag(of, value, pos)
          : this.tag(of, value, of.types, of.fallback, pos)
      } else pos = this.constant(of, pos)
      if (pos < 0) return REFUSED
    }
    return pos
  }

  // When a property that has held small integers gets a fraction, V8 replaces the hidden class of the objects that have it.
  // Reading a value moves an older object to the new class. If that happens inside a `for … in`, V8 compiles the loop for
  // the general case, and each key takes six times as long from then on. Asking for a private name moves the object before
  // the loop. Once the loop is compiled, reading no longer moves objects; but a kind of object that is new may discard the
  // compiled loop, so asking begins again with each new key.
  #migrate(object: object): void {
    this.keys.unfamiliar--
    void (#brand in object)
  }
}
