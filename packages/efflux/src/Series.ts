/**
 * A typed series: a measurement with its tags and fields, each with a Schema.
 *
 * The Schemas determine the type of the pushed values. Names are escaped, tags are sorted and the encoder is prepared
 * once, when the series is made. The values are one flat object, because a tag and a field can't share a name.
 *
 * **Example**
 *
 * ```ts
 * import { Duration, Schema } from "effect"
 * import { Series } from "efflux"
 *
 * const requests = Series.make("http_request", {
 *   tags: { host: Schema.String, route: Schema.String, status: Schema.Literals(["200", "404", "500"]) },
 *   fields: { duration: Schema.DurationFromMillis, bytes: Schema.BigInt, ok: Schema.optional(Schema.Boolean) }
 * })
 * const mine = requests.with({ host: "web-1" })
 *
 * export const program = mine.push({ route: "/users", status: "200", duration: Duration.millis(12.5), bytes: 512n })
 * ```
 *
 * **Which Schemas.** The encoded side of a tag must be a string, number, bigint or boolean, and that of a field a
 * `Point.FieldValue`. Both may be optional. The decoded side can be anything: brands, literals, checks,
 * transformations. Types, brands and literals cost almost nothing; a check costs one call of its predicate.
 * Transformations run in the sender and not in `push`. They must be synchronous.
 *
 * **What is refused.** `push` never fails. If a Schema does not accept a value, the sender counts the point as
 * `invalid` and logs the name of the tag or field.
 *
 * **Reading back.** `decodePoint` and `decodeRow` turn points and query rows
 * into the values of the series. Columns that the series does not have are ignored.
 *
 * - Servers do not store empty tags. If a tag is a string that may be empty but not absent, a missing one is read as `""`;
 *   otherwise it is absent.
 * - A tag is text. If its Schema is for numbers or booleans, the text is converted.
 * - An integer may arrive as a `number` or as a `bigint`. It is converted to the type of the Schema if that is exact.
 *
 * This module does not need Node. In a browser, import `efflux/Series`.
 *
 * @module
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import type * as Types from "effect/Types"
import type { InfluxDatabase } from "./InfluxDatabase.ts"
import type { Database } from "./internal/database/Database.ts"
import { compareKeys, isRecord } from "./internal/encode/Key.ts"
import { own, type PointValues, SeriesPoint } from "./internal/encode/SeriesPoint.ts"
import * as RowReader from "./internal/series/RowReader.ts"
import { makeColumn, type SchemaColumn } from "./internal/series/SchemaColumn.ts"
import { SeriesReader } from "./internal/series/SeriesReader.ts"
import { preview } from "./internal/text/preview.ts"
import * as Point from "./Point.ts"
import type { Precision } from "./Precision.ts"

/**
 * The Schema of a tag.
 *
 * @category models
 * @since 0.1.0
 */
export type TagSchema = Schema.ConstraintCodec<unknown, Point.TagValue | undefined>

/**
 * The Schema of a field.
 *
 * @category models
 * @since 0.1.0
 */
export type FieldSchema = Schema.ConstraintCodec<unknown, Point.FieldValue | undefined>

/**
 * The tags of a series.
 *
 * @category models
 * @since 0.1.0
 */
export type Tags = { readonly [name: string]: TagSchema }

/**
 * The fields of a series.
 *
 * @category models
 * @since 0.1.0
 */
export type Fields = { readonly [name: string]: FieldSchema }

/**
 * The values for a push: one for each tag that is not bound and for each field, and optionally a timestamp. The default
 * is the time of the push.
 *
 * @category models
 * @since 0.1.0
 */
export type Input<T extends Tags, F extends Fields, Bound extends keyof T = never> = Types.Simplify<
  & Schema.Struct.Type<Omit<T, Bound>>
  & Schema.Struct.Type<F>
  & { readonly timestamp?: Point.Timestamp | undefined }
>

/**
 * The values that a series reads back: one for each tag, including bound ones, and for each field. The timestamp is
 * in nanoseconds since the epoch.
 *
 * @category models
 * @since 0.1.0
 */
export type Values<T extends Tags, F extends Fields> = Types.Simplify<
  & Schema.Struct.Type<T>
  & Schema.Struct.Type<F>
  & { readonly timestamp?: bigint }
>

/**
 * A typed series.
 *
 * @category models
 * @since 0.1.0
 */
export interface Series<T extends Tags, F extends Fields, Bound extends keyof T = never> {
  /** The measurement of all its points. */
  readonly measurement: string
  /** The Schemas of the tags, by key. */
  readonly tags: T
  /** The Schemas of the fields, by key. */
  readonly fields: F

  /**
   * Pushes to the default database, as `Influx.push` does. Do not change the values afterwards.
   */
  readonly push: (values: Input<T, F, Bound>) => Effect.Effect<void, never, InfluxDatabase>

  /**
   * Makes a point, for example for another database: `Audit.push(series.point(values))`,
   * `database.pushUnsafe(series.point(values))`. The point keeps the values, so do not change them afterwards. `tags`
   * and `fields` are getters: do not spread the point.
   */
  readonly point: (values: Input<T, F, Bound>) => Point.Input

  /**
   * Makes the same series with some tags bound: all of its points have them, and they are encoded once, here. A value
   * that can't be written makes all points invalid.
   */
  readonly with: <const K extends Exclude<keyof T, Bound>>(
    tags: Pick<Schema.Struct.Type<T>, K & keyof Schema.Struct.Type<T>>
  ) => Series<T, F, Bound | K>

  /** Reads a point, for example one from `LineProtocol.decode`. */
  readonly decodePoint: (point: Point.Point) => Result.Result<Values<T, F>, Schema.SchemaError>

  /**
   * Reads a query row: an object with a property for each column. `null` counts as absent. `time` becomes the
   * timestamp: a string has the format RFC 3339; a number counts units of `precision`, by default nanoseconds, and must
   * be a safe integer.
   */
  readonly decodeRow: (
    row: { readonly [column: string]: unknown },
    options?: { readonly precision?: Precision | undefined }
  ) => Result.Result<Values<T, F>, Schema.SchemaError>

  /** The Schema codec between a point and its values, for example behind `LineProtocol.Line`. */
  readonly schema: Schema.Codec<Values<T, F>, Point.Point>
}

// A refused name gets a message as its type, so the compiler shows the message when the Schema is not assignable to it.
type CheckName<Name, Place extends string> = string extends Name ? unknown
  : Name extends "" ? `a ${Place} must have a name`
  : Name extends "time" ? `InfluxDB drops a ${Place} named time`
  : Name extends "timestamp" ? "timestamp is the name of the point's timestamp"
  : unknown

type CheckMeasurement<Name extends string> = Name extends "" ? "a measurement must have a name"
  : Name extends `#${string}` ? "the server takes a line that begins with # for a comment"
  : unknown

type CheckTags<T, F> = {
  readonly [K in keyof T]: string extends K ? unknown : K extends keyof F ? `${K & string} is a field as well`
  : CheckName<K, "tag">
}

type CheckFields<F> = [keyof F] extends [never] ? "a series needs a field"
  : { readonly [K in keyof F]: CheckName<K, "field"> }

/**
 * Makes a series.
 *
 * Throws a `TypeError` for a definition that can't work: no fields, a name that can't be written, the same name for
 * a tag and a field, the names `time` and `timestamp`, or a Schema that encodes to something that line protocol does
 * not have. If the names are literals, most of these mistakes do not compile.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <const Measurement extends string, const F extends Fields, const T extends Tags = {}>(
  measurement: Measurement & CheckMeasurement<Measurement>,
  options: {
    readonly tags?: T & CheckTags<T, F>
    readonly fields: F & CheckFields<F>
    /** `"high"`: a full queue drops points of the series last, see `PushOptions`. Default `"normal"`. */
    readonly priority?: "normal" | "high" | undefined
  }
): Series<T, F> => {
  const columns = columnsOf(measurement, options)
  const { fields, priority = "normal", tags = {} }: Definition = options
  // Reading back is prepared on first use.
  let read: ReturnType<typeof RowReader.make> | undefined
  let schema: Schema.Codec<PointValues, Point.Point> | undefined
  const decode = (valueOf: (column: SchemaColumn) => unknown, timestamp: bigint | undefined): DecodedValues => {
    const values = (read ??= RowReader.make(columns))(valueOf)
    return timestamp === undefined ? values : Result.map(values, (values) => ({ ...values, timestamp }))
  }
  const decodePoint = (point: Point.Point): DecodedValues =>
    point?.measurement === measurement
      ? decode(({ isTag, name }) => own(isTag ? point.tags : point.fields, name), point.timestamp)
      : Result.fail(RowReader.problemAt("measurement", preview(measurement)))
  const decodeRow = (row: PointValues, options?: { readonly precision?: Precision | undefined }): DecodedValues =>
    typeof row !== "object" || row === null
      ? Result.fail(RowReader.problemAt("row", "an object with a property for each column"))
      : Result.flatMap(
        RowReader.readTime(own(row, "time"), options?.precision ?? "ns"),
        (time) => decode(({ name }) => own(row, name), time)
      )
  const unbound = new SeriesReader(measurement, columns, priority)
  const build = (reader: SeriesReader): Series<Tags, Fields, string> => {
    const point = (values: PointValues): SeriesPoint => new SeriesPoint(reader, values)
    return {
      measurement,
      tags,
      fields,
      point,
      push: (values) =>
        Effect.withFiberSucceed((fiber) =>
          Context.get(fiber.context as Context.Context<InfluxDatabase>, defaultDatabase).pushUnsafe(point(values))
        ),
      with: (values: PointValues) => build(reader.bind(values)),
      decodePoint,
      decodeRow,
      get schema() {
        return schema ??= schemaOf(unbound, columns, decodePoint)
      }
    } as Series<Tags, Fields, string>
  }
  return build(unbound) as unknown as Series<T, F>
}

interface Definition {
  readonly tags?: Tags
  readonly fields: Fields
  readonly priority?: "normal" | "high" | undefined
}

type DecodedValues = Result.Result<PointValues, Schema.SchemaError>

/** The columns of a series in the order of a line. Throws for a definition that can't work. */
const columnsOf = (measurement: string, definition: Definition): ReadonlyArray<SchemaColumn> => {
  const fail = (what: string) => new TypeError(`series ${preview(measurement)}: ${what}`)
  if (typeof measurement !== "string") throw fail("the measurement must be a string")
  const problem = Point.nameProblem(measurement, "measurement")
  if (problem !== undefined) throw fail(`the measurement can't be written (${problem})`)
  const { fields, priority, tags = {} } = Object(definition) as Definition
  for (
    const [columns, what] of [[tags, "its tags must be"], [fields, "a series needs at least one field, in"]] as const
  ) {
    if (typeof columns !== "object" || columns === null || !isRecord(columns)) {
      throw fail(`${what} a plain object with a Schema for each, got ${preview(columns)}`)
    }
  }
  if (Object.keys(fields).length === 0) throw fail("a series needs at least one field")
  if (![undefined, "normal", "high"].includes(priority)) throw fail("its priority must be \"normal\" or \"high\"")
  const column = (name: string, isTag: boolean, schema: Schema.Constraint): SchemaColumn => {
    const place = isTag ? "tag" : "field"
    const problem = Point.nameProblem(name, `${place} key`)
    if (problem !== undefined) throw fail(`${place} ${preview(name)}: the name can't be written (${problem})`)
    if (name === "timestamp") throw fail(`${place} "timestamp": that is the name of the point's timestamp`)
    if (isTag && Object.hasOwn(fields, name)) throw fail(`${preview(name)} is a tag and a field`)
    if (!Schema.isSchema(schema)) throw fail(`${place} ${preview(name)}: it has no Schema`)
    const made = makeColumn(name, isTag, schema)
    if (made === undefined) {
      throw fail(
        `${place} ${preview(name)}: its Schema must encode to a ` +
          (isTag ? "string, number, bigint or boolean" : "number, bigint, boolean, string or Point.Uint")
      )
    }
    return made
  }
  return [
    ...Object.keys(tags).sort(compareKeys).map((name) => column(name, true, tags[name])),
    ...Object.keys(fields).map((name) => column(name, false, fields[name]))
  ]
}

const schemaOf = (
  reader: SeriesReader,
  columns: ReadonlyArray<SchemaColumn>,
  decode: (point: Point.Point) => DecodedValues
): Schema.Codec<PointValues, Point.Point> => {
  const values = Schema.toType(Schema.Struct({
    ...Object.fromEntries(columns.map(({ name, schema }) => [name, schema])),
    timestamp: Schema.optionalKey(Schema.BigInt)
  })) as unknown as Schema.Codec<PointValues>
  return Point.Point.pipe(Schema.decodeTo(values, {
    decode: SchemaGetter.transformEffect((point) =>
      Effect.fromResult(Result.mapError(decode(point), ({ issue }) => issue))
    ),
    encode: SchemaGetter.transformEffect((values, options) =>
      Effect.try({
        try: (): Point.Point => {
          const { fields, tags } = reader.plain(values)
          return {
            measurement: reader.shape.measurement,
            tags: texts(tags),
            fields: finite(fields),
            ...(values.timestamp === undefined ? {} : { timestamp: values.timestamp as bigint })
          }
        },
        catch: (error) => new SchemaIssue.InvalidValue({ message: String(error) }, values, options)
      })
    )
  }))
}

// Points in normal form have no empty tags and no NaN.
const texts = (tags: { readonly [key: string]: Point.TagValue }): { readonly [key: string]: string } =>
  Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== "").map(([key, value]) => [key, `${value}`]))

const finite = (fields: Point.Point["fields"]): Point.Point["fields"] =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => typeof value !== "number" || Number.isFinite(value))
  )

// The database is found by its key alone, because its module needs Node and this one must run everywhere.
const key: typeof InfluxDatabase.key = "efflux/InfluxDatabase"
const defaultDatabase = Context.Service<InfluxDatabase, Pick<Database, "pushUnsafe">>()(key)
