/**
 * Whatever is written reads back: generated points go through the writer and the decoder, in every dialect and precision.
 *
 * The tests check some ten thousand points, with a new seed each time. For more, or to repeat a seed:
 *
 *     node packages/efflux/test/encode/roundTrip.ts 1000000 [seed]
 */
import { Arbitrary, Effect, Result } from "effect"
import { LineProtocol, Point, Precision } from "efflux"
import * as Dialect from "efflux/Dialect"
import type { Problem } from "../../src/internal/encode/EncodeError.ts"

const settings = Dialect.all.flatMap((dialect) => Precision.all.map((precision) => ({ dialect, precision })))
const writers = settings.map((setting) => LineProtocol.makeWriter(1 << 20, setting))
// Points whose names every dialect holds, and such as only some do.
const points = [Arbitrary.schema(Point.Point), Arbitrary.schema(Point.makeSchema("influx-3"))]

/** The point as a server holds it whose timestamps have this precision. */
const rounded = (point: Point.Point, precision: Precision.Precision): Point.Point => {
  if (point.timestamp === undefined) return point
  const units = Result.getOrThrow(Precision.fromNanos(point.timestamp, precision))
  return { ...point, timestamp: units * Precision.nanosPer(precision) }
}

/** VictoriaMetrics does not store strings. */
const numbersOf = (point: Point.Point): Point.Point => ({
  ...point,
  fields: Object.fromEntries(Object.entries(point.fields).filter(([, value]) => typeof value !== "string"))
})

const sameValue = (a: unknown, b: unknown): boolean =>
  a instanceof Point.Uint && b instanceof Point.Uint ? a.value === b.value : Object.is(a, b)

const sameRecord = (a: { readonly [key: string]: unknown }, b: { readonly [key: string]: unknown }): boolean => {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameValue(a[key], b[key]))
}

/** Whether two points are the same to the last bit: `-0` is not `0`, no timestamp is no key. */
export const samePoint = (a: Point.Point, b: Point.Point): boolean =>
  a.measurement === b.measurement && sameRecord(a.tags, b.tags) && sameRecord(a.fields, b.fields) &&
  a.timestamp === b.timestamp && Object.hasOwn(b, "timestamp") === (a.timestamp !== undefined)

/** Why the dialect or the precision can't hold the point, though its names can be written in some dialect. */
const mayRefuse = (
  { part, reason }: Problem,
  { dialect, precision }: typeof settings[number]
): boolean =>
  // The rounding of an instant just above the smallest one can leave the range.
  part === "timestamp"
    ? precision !== "ns" || (dialect === "victoria-metrics" && reason === "reserved")
    : reason === "unsigned"
    ? dialect === "influx-1"
    : reason === "quote" || reason === "missing" || reason === "reserved"
    ? dialect === "victoria-metrics"
    : (reason === "trailing backslash" || reason === "backslash before a special character") &&
      dialect !== "influx-3" && dialect !== "victoria-metrics"

/** Whether the point, written in some dialect and precision and read back, is exactly itself, or is rightly refused. */
export const roundTrips = (point: Point.Point, index: number): boolean => {
  const setting = settings[index]
  const writer = writers[index]
  writer.position = 0
  if (!writer.write(point)) return mayRefuse(writer.problem!, setting)
  const bytes = writer.bytes.subarray(0, writer.position)
  const expected = rounded(setting.dialect === "victoria-metrics" ? numbersOf(point) : point, setting.precision)
  const line = LineProtocol.decode(bytes, setting)
  const text = LineProtocol.decode(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes), setting)
  return Result.isSuccess(line) && samePoint(expected, line.success) &&
    Result.isSuccess(text) && samePoint(expected, text.success)
}

/**
 * Checks that many points, in all dialects and precisions in turn. A failure is an error whose message has the seed, the
 * point and the smallest such point.
 */
export const check = (runs: number, seed: number): Effect.Effect<void> =>
  Effect.gen(function*() {
    for (const arbitrary of points) {
      let count = 0
      const result = yield* Arbitrary.checkEffect(
        arbitrary,
        (point) => roundTrips(point, count++ % settings.length),
        { runs: Math.ceil(runs / points.length), seed, maxDiscards: runs }
      )
      const failure = Arbitrary.formatCheckFailure(result)
      if (failure !== undefined) return yield* Effect.die(new Error(`seed ${seed}\n${failure}`))
    }
  })

if (import.meta.main) {
  const runs = Number(process.argv[2] ?? 1_000_000)
  const seed = Number(process.argv[3] ?? Math.floor(Math.random() * 2 ** 31))
  console.log(`${runs} points, seed ${seed}`)
  await Effect.runPromise(check(runs, seed))
  console.log("every one reads back as itself")
}
