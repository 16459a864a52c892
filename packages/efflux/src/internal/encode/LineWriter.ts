/**
 * Writes points as line protocol: bytes into a buffer, one line a point.
 *
 * This is the hot path of the library. A writer is a plain, synchronous object that owns one buffer and reuses it;
 * it allocates nothing per point that is not needed. A point that can't be written leaves the buffer as it was: it
 * is rolled back to the start of its line, and `problem` says why.
 *
 * Escaping follows what a server of the dialect reads back: comma and space in a measurement; comma, equals sign and
 * space in tag keys, tag values and field keys; in names a backslash too, if the dialect has an escape for it; `"`
 * and `\` in string values. A point that a server would not read back exactly is refused (see `EncodeError`).
 *
 * @see https://docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference/
 * @since 0.1.0
 */
import type * as Point from "../../Point.ts"
import { Columns, kindOf, type Layout } from "./Column.ts"
import { nothing } from "./Encoded.ts"
import { type Problem, thrown } from "./EncodeError.ts"
import { REFUSED } from "./Escape.ts"
import { isRecord, type Key, type KeyNode, type TagStep, tagSteps } from "./Keys.ts"
import { isAbsent, type Options } from "./Options.ts"
import { PartWriter } from "./PartWriter.ts"
import { PreparedPoint } from "./PreparedPoint.ts"

const LF = 10

const noValues: ReadonlyArray<unknown> = []

const hasOwnProperty = Object.prototype.hasOwnProperty

/** What a writer knows of the points of a layout. */
interface Plan {
  /** Where the keys of tags began when it was made. If they were forgotten since, it is made anew. */
  readonly root: unknown
  readonly tags: ReadonlyArray<TagStep>
  readonly fields: ReadonlyArray<Key>
  readonly columns: Columns
}

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
  /** The values of the tags that were read last, as they were given. */
  readonly #values: Array<unknown> = []
  readonly #plans = new WeakMap<Layout, Plan>()
  #layout: Layout | undefined = undefined
  #plan: Plan | undefined = undefined
  #timestamp: unknown = undefined

  /**
   * @param capacity Bytes of the buffer. It holds a line of `maxLineBytes` at
   * position `p` if `p + maxLineBytes + 1` is within it.
   */
  constructor(capacity: number, options: Options = {}) {
    super(capacity, options)
  }

  /**
   * Appends a point as one line, with its own timestamp or none. Returns `false`
   * and sets `problem` if it can't be written; the buffer is then unchanged.
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
    const omitted = this.omittedFields
    let end: number
    try {
      this.limit = Math.min(this.position + this.maxLineBytes, this.bytes.length - 1)
      end = point instanceof PreparedPoint ? this.#prepared(point, millis, sub) : this.#line(point, millis, sub)
      // What is no object has no measurement either.
      if (end === REFUSED && (typeof point !== "object" || Array.isArray(point))) {
        this.fail("point", "missing", undefined, point)
      }
    } catch (error) {
      // A getter or a proxy of the point threw, or it is no object at all.
      end = typeof point === "object" && point !== null
        ? this.fail("point", "unreadable", undefined, undefined, thrown(error))
        : this.fail("point", "missing", undefined, point)
    }
    if (end === REFUSED) {
      this.omittedFields = omitted
      return false
    }
    this.bytes[end] = LF
    this.position = end + 1
    this.lines++
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

  #prepared(point: PreparedPoint, millis: number, sub: number): number {
    const { asGiven, layout } = point
    const plan = layout === this.#layout && this.#plan!.root === this.tagKeys.root ? this.#plan! : this.#planOf(layout)
    let pos = this.measurement(layout.measurement)
    if (pos < 0) return REFUSED
    if (asGiven !== undefined && this.defaults.length === 0) {
      const omitted = this.omittedFields
      const end = this.#columns(plan.columns, asGiven, pos)
      if (end > 0) return this.end(this.#timestamp, millis, sub, end)
      this.omittedFields = omitted
    }
    const values = point.read()
    if (!Array.isArray(values)) {
      this.problem = values as Problem
      return REFUSED
    }
    pos = this.#orderedTags(plan.tags, values, pos)
    if (pos < 0) return REFUSED
    pos = this.#orderedFields(plan.fields, values, layout.tagCount, pos)
    return this.end(values[layout.columns.length], millis, sub, pos)
  }

  // The usual case: each column has a value, and they come in the order of the line. REFUSED only says that it is not.
  #columns(columns: Columns, values: { readonly [name: string]: unknown }, pos: number): number {
    let step = columns.root
    let start = 0
    this.#timestamp = undefined
    for (const name in values) {
      let value = values[name]
      if (!hasOwnProperty.call(values, name)) continue
      const next = step.next
      step = next !== undefined && next.name === name ? next : columns.descend(step, name)
      const { bound, check, key, kinds, run } = step
      if (run !== undefined) value = run(value)
      if ((kindOf(value) & kinds) === 0 || (check !== undefined && value !== undefined && !check(value))) return REFUSED
      for (let i = 0; i < bound.length; i++) {
        pos = this.tag(bound[i].key, bound[i].value, pos)
        if (pos < 0) return REFUSED
      }
      if (step.isTag) {
        pos = this.tag(key, value, pos)
        if (pos < 0) return REFUSED
      } else if (step.column === undefined) {
        if (name === "timestamp") this.#timestamp = value
      } else {
        if (start === 0) {
          if (!this.leavesRoom(pos)) return REFUSED
          start = pos
        }
        pos = this.field(key, value, pos)
        if (pos < 0) return REFUSED
      }
    }
    return step.isLast ?? columns.isLast(step) ? this.endFields(start, pos) : REFUSED
  }

  #planOf(layout: Layout): Plan {
    const tagKeys = this.tagKeys
    const fieldKeys = this.fieldKeys
    let plan = this.#plans.get(layout)
    if (plan === undefined || plan.root !== tagKeys.root) {
      const { columns, tagCount } = layout
      plan = {
        root: tagKeys.root,
        tags: tagSteps(columns.slice(0, tagCount).map(({ name }) => tagKeys.get(name)), this.defaults),
        fields: columns.slice(tagCount).map(({ name }) => fieldKeys.get(name)),
        columns: new Columns(layout, tagKeys, fieldKeys)
      }
      this.#plans.set(layout, plan)
    }
    this.#layout = layout
    return this.#plan = plan
  }

  #tags(tags: Point.Input["tags"], pos: number): number {
    if (tags === undefined || tags === null) return this.#orderedTags(this.#steps(this.tagKeys.root), noValues, pos)
    if (typeof tags !== "object" || Array.isArray(tags)) return this.fail("tags", "type", undefined, tags)
    const start = pos
    let node = this.tagKeys.root
    // `for … in` is the one way to read unknown keys that V8 compiles to plain field loads, if the value is read before
    // all else: behind a branch it compiles for the keys that it has seen, and throws that away at the next other key.
    for (const key in tags) {
      const value = tags[key]
      if (!hasOwnProperty.call(tags, key)) continue
      const next = node.next
      node = next !== undefined && next.name === key ? next : this.tagKeys.descend(node, key)
      if (!node.inOrder) return this.#givenTags(tags, start)
      pos = this.tag(node.key, value, pos)
      if (pos < 0) return REFUSED
    }
    if (node === this.tagKeys.root) return this.#givenTags(tags, pos)
    return node.key.isIndex && !isRecord(tags) ? this.fail("tags", "type", undefined, tags) : pos
  }

  // Tags that were not given in order, or have defaults among them: read first, and then written in order.
  #givenTags(tags: NonNullable<Point.Input["tags"]>, pos: number): number {
    const values = this.#values
    let last = this.tagKeys.root
    let count = 0
    for (const key in tags) {
      const value = tags[key]
      if (!hasOwnProperty.call(tags, key)) continue
      const next = last.next
      last = next !== undefined && next.name === key ? next : this.tagKeys.descend(last, key)
      values[count++] = value
    }
    if ((count === 0 || last.key.isIndex) && !isRecord(tags)) return this.fail("tags", "type", undefined, tags)
    return this.#orderedTags(this.#steps(last), values, pos)
  }

  #steps(last: KeyNode): ReadonlyArray<TagStep> {
    return last.steps ?? this.tagKeys.steps(last)
  }

  #orderedTags(steps: ReadonlyArray<TagStep>, values: ReadonlyArray<unknown>, pos: number): number {
    for (let i = 0; i < steps.length; i++) {
      const { fallback, index, key } = steps[i]
      const value = index < 0 ? undefined : values[index]
      pos = fallback !== nothing && isAbsent(value) ? this.defaultTag(fallback, pos) : this.tag(key, value, pos)
      if (pos < 0) return REFUSED
    }
    return pos
  }

  #fields(fields: Point.Input["fields"], pos: number): number {
    if (fields === undefined || fields === null) return this.fail("fields", "missing", undefined, fields)
    if (typeof fields !== "object" || Array.isArray(fields)) return this.fail("fields", "type", undefined, fields)
    if (!this.leavesRoom(pos)) return REFUSED
    const start = pos
    let node = this.fieldKeys.root
    for (const key in fields) {
      const value = fields[key]
      if (!hasOwnProperty.call(fields, key)) continue
      const next = node.next
      node = next !== undefined && next.name === key ? next : this.fieldKeys.descend(node, key)
      pos = this.field(node.key, value, pos)
      if (pos < 0) return REFUSED
    }
    if ((node === this.fieldKeys.root || node.key.isIndex) && !isRecord(fields)) {
      return this.fail("fields", "type", undefined, fields)
    }
    return this.endFields(start, pos)
  }

  #orderedFields(keys: ReadonlyArray<Key>, values: ReadonlyArray<unknown>, from: number, pos: number): number {
    if (!this.leavesRoom(pos)) return REFUSED
    const start = pos
    for (let i = 0; i < keys.length; i++) {
      pos = this.field(keys[i], values[from + i], pos)
      if (pos < 0) return REFUSED
    }
    return this.endFields(start, pos)
  }
}
