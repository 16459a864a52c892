/**
 * Whatever is written reads back: generated points go through the writer and the decoder.
 *
 * The tests check some ten thousand points, with a new seed each time. For more, or to repeat a seed:
 *
 *     node packages/efflux/test/roundTrip.ts 1000000 [seed]
 */
import { Arbitrary, Effect, Result } from "effect"
import { LineProtocol, Point, Precision } from "efflux"

const writers = new Map(
  Precision.all.map((precision) => [precision, LineProtocol.makeWriter(1 << 20, { precision, unsigned: true })])
)

/** The point as a server holds it whose timestamps have this precision. */
const rounded = (point: Point.Point, precision: Precision.Precision): Point.Point => {
  if (point.timestamp === undefined) return point
  const units = Result.getOrThrow(Precision.fromNanos(point.timestamp, precision))
  return { ...point, timestamp: units * Precision.nanosPer(precision) }
}

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

/** Whether the point, written in some precision and read back, is exactly itself. */
export const roundTrips = (point: Point.Point, precision: Precision.Precision): boolean => {
  const writer = writers.get(precision)!
  writer.position = 0
  if (!writer.write(point)) {
    // Only the rounding of an instant just above the smallest one can leave the range.
    return writer.problem!.part === "timestamp" && precision !== "ns"
  }
  const bytes = writer.bytes.subarray(0, writer.position)
  const expected = rounded(point, precision)
  const options = { precision, dialect: "influx-2" } as const
  const line = LineProtocol.decode(bytes, options)
  const text = LineProtocol.decode(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes), options)
  return Result.isSuccess(line) && samePoint(expected, line.success) &&
    Result.isSuccess(text) && samePoint(expected, text.success)
}

/** Checks that many points. A failure is an error whose message has the seed, the point and the smallest such point. */
export const check = (runs: number, seed: number): Effect.Effect<void> =>
  Effect.gen(function*() {
    let count = 0
    const result = yield* Arbitrary.checkEffect(
      Arbitrary.schema(Point.Point),
      (point) => roundTrips(point, Precision.all[count++ % Precision.all.length]),
      { runs, seed, maxDiscards: runs }
    )
    const failure = Arbitrary.formatCheckFailure(result)
    if (failure !== undefined) return yield* Effect.die(new Error(`seed ${seed}\n${failure}`))
  })

if (import.meta.main) {
  const runs = Number(process.argv[2] ?? 1_000_000)
  const seed = Number(process.argv[3] ?? Math.floor(Math.random() * 2 ** 31))
  console.log(`${runs} points, seed ${seed}`)
  await Effect.runPromise(check(runs, seed))
  console.log("every one reads back as itself")
}
