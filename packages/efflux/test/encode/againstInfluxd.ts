/**
 * The encoder and a real InfluxDB 1: of generated points with hostile strings in every place, no line may be refused, split
 * or altered, and none may be the server's end.
 */
import type { InfluxServer } from "@efflux/testkit"
import { type Below, below } from "@efflux/testkit/SeededRandom"
import { Arbitrary, DateTime, Effect } from "effect"
import { LineProtocol, Point } from "efflux"
import { hostile, integer, number } from "../support/arbitraries.ts"
import { identifier } from "../support/delivery.ts"

const pick = <A>(random: Below, values: ReadonlyArray<A>): A => values[random(values.length)]

const first = -9223372036854775806n
const last = 9223372036854775806n

// Instants lie in a few weeks only, the first and the last among them, because the server makes a shard of each week.
const bases = [first, -(2n ** 53n), -86_400_000_000_000n, 0n, 2n ** 32n, 1_767_225_600_000_000_000n, 2n ** 62n, last]

/**
 * What a measurement on the server demands of its points: a field key keeps its type, and no tag has its name. Otherwise
 * each has tags and fields of its own, drawn from all hostile strings.
 */
interface Kind {
  readonly measurement: string
  readonly tagKeys: ReadonlyArray<string>
  readonly tagSets: ReadonlyArray<NonNullable<Point.Input["tags"]>>
  readonly fieldKeys: ReadonlyArray<readonly [key: string, type: FieldType]>
}

const types = ["float", "integer", "boolean", "string"] as const
type FieldType = typeof types[number]

/** Endlessly many points, good and bad; of the good ones no two of a measurement have the same instant. */
export const makePoints = Effect.fnUntraced(function*(seed: number) {
  const strings = yield* Effect.orDie(Arbitrary.sampleEffect(hostile, { count: 6000, seed }))
  const numbers = yield* Effect.orDie(Arbitrary.sampleEffect(number, { count: 20_000, seed }))
  const integers = yield* Effect.orDie(Arbitrary.sampleEffect(integer, { count: 20_000, seed }))
  const random = below(seed)

  const usual = {
    measurement: strings.filter((name) => Point.nameProblem(name, "measurement") === undefined),
    "tag key": strings.filter((name) => Point.nameProblem(name, "tag key") === undefined),
    "tag value": strings.filter((name) => Point.nameProblem(name, "tag value") === undefined),
    "field key": strings.filter((name) => Point.nameProblem(name, "field key") === undefined)
  }
  // Most names can be written, or nearly every point would have one that can't.
  const name = (place: Point.NamePlace, oneIn: number): string =>
    pick(random, random(oneIn) === 0 ? strings : usual[place])

  const tagValue = (): Point.TagValue | null | undefined => {
    switch (random(16)) {
      case 0:
        return pick(random, numbers)
      case 1:
        return pick(random, integers)
      case 2:
        return random(2) === 0
      case 3:
        return pick(random, ["", null, undefined])
    }
    return name("tag value", 64)
  }
  const tagsOf = (keys: ReadonlyArray<string>) =>
    Object.fromEntries(keys.filter(() => random(2) === 0).map((key) => [key, tagValue()]))

  // What strings seldom happen to be is put in at every fiftieth.
  const kinds = Array.from({ length: 400 }, (_, i): Kind => {
    const measurement = i % 50 === 3 ? `${i}\\ b` : i % 50 === 4 ? `#${i}` : name("measurement", 12)
    const tagKeys = [...new Set(Array.from({ length: 1 + random(5) }, () => name("tag key", 40)))]
    const fieldKeys = new Map<string, FieldType>()
    while (fieldKeys.size < 8) {
      const key = fieldKeys.size > 0
        ? name("field key", 80)
        : i % 50 === 0
        ? "time"
        : i % 50 === 2
        ? "a\\=b"
        : name("field key", 80)
      if (!tagKeys.includes(key)) fieldKeys.set(key, types[fieldKeys.size % 4])
    }
    if (i % 50 === 1) tagKeys.push("time")
    const tagSets = Array.from({ length: 12 }, () => tagsOf(tagKeys))
    return { measurement, tagKeys, tagSets, fieldKeys: [...fieldKeys] }
  })
  // Names of two kinds may be the same: then the first has it.
  const distinct = [...new Map(kinds.toReversed().map((kind) => [kind.measurement, kind])).values()]

  const fieldValue = (type: FieldType): Point.FieldValue | null | undefined => {
    if (random(24) === 0) return pick(random, [null, undefined])
    switch (type) {
      case "float":
        return pick(random, numbers)
      case "integer":
        return random(8) === 0 ? pick(random, integers) : BigInt.asIntN(64, pick(random, integers))
      case "boolean":
        return random(2) === 0
      case "string": {
        const text = pick(random, strings)
        return text.isWellFormed() || random(8) === 0 ? text : text.toWellFormed()
      }
    }
  }

  let count = 0n
  const withEnds = new Set<string>()
  /** Another one each time, a millisecond further on from one of the bases, and the ends once in each measurement. */
  const timestamp = (measurement: string): Point.Timestamp => {
    if (random(400) === 0) return pick(random, [first - 1n, last + 1n, -(2n ** 63n), 2n ** 64n])
    if (random(20) === 0 && !withEnds.has(measurement)) {
      withEnds.add(measurement)
      return random(2) === 0 ? first : last
    }
    const base = pick(random, bases)
    const step = ++count * 1_000_000n
    const nanos = base === last ? base - step : base + step
    if (base % 1_000_000n !== 0n || random(2) === 0) return nanos + BigInt(random(1_000_000))
    const millis = Number(nanos / 1_000_000n)
    return random(2) === 0 ? new Date(millis) : DateTime.makeUnsafe(millis)
  }

  return (): Point.Input => {
    const { fieldKeys, measurement, tagKeys, tagSets } = pick(random, distinct)
    const fields = fieldKeys.filter(() => random(3) === 0)
    return {
      measurement,
      tags: random(8) === 0 ? tagsOf(tagKeys) : pick(random, tagSets),
      fields: Object.fromEntries(fields.map(([key, type]) => [key, fieldValue(type)])),
      timestamp: timestamp(measurement)
    }
  }
})

const nanosOf = (timestamp: Point.Timestamp): bigint =>
  typeof timestamp === "bigint"
    ? timestamp
    : BigInt(timestamp instanceof Date ? timestamp.getTime() : DateTime.toEpochMillis(timestamp)) * 1_000_000n

/** What the server has to hold: the columns of each point, by measurement and instant. */
export class Expected {
  readonly measurements = new Map<string, Map<bigint, ReadonlyMap<string, string | Point.FieldValue>>>()
  readonly fieldKeys = new Map<string, Map<string, string>>()
  readonly tagKeys = new Map<string, Set<string>>()
  points = 0

  add({ fields, measurement, tags, timestamp }: Point.Input): void {
    let rows = this.measurements.get(measurement)
    if (rows === undefined) {
      this.measurements.set(measurement, rows = new Map())
      this.fieldKeys.set(measurement, new Map())
      this.tagKeys.set(measurement, new Set())
    }
    const columns = new Map<string, string | Point.FieldValue>()
    for (const [key, value] of Object.entries(tags ?? {})) {
      if (value === null || value === undefined || value === "") continue
      columns.set(key, String(value))
      this.tagKeys.get(measurement)!.add(key)
    }
    for (const [key, value] of Object.entries(fields)) {
      if (value === null || value === undefined) continue
      if (typeof value === "number" && !Number.isFinite(value)) continue
      columns.set(key, value)
      this.fieldKeys.get(measurement)!.set(key, serverTypes[typeof value as keyof typeof serverTypes])
    }
    const nanos = nanosOf(timestamp!)
    if (rows.has(nanos)) throw new Error("two points of one instant")
    rows.set(nanos, columns)
    this.points++
  }
}

const serverTypes = { number: "float", bigint: "integer", boolean: "boolean", string: "string" } as const

const sameCell = (expected: string | Point.FieldValue, got: InfluxServer.Value): boolean =>
  typeof expected === "number"
    // The server prints large floats without a point, and they come as bigints.
    ? (typeof got === "number" || typeof got === "bigint") && Object.is(Number(got), expected)
    : typeof expected === "bigint"
    ? (typeof got === "number" || typeof got === "bigint") && BigInt(got) === expected
    : got === expected

const text = (value: unknown): string =>
  JSON.stringify(value, (_key, v) => typeof v === "bigint" ? `${v}n` : v instanceof Map ? Object.fromEntries(v) : v)

/** What came of it. A disagreement would have to be explained: there is none. */
export interface Comparison {
  readonly generated: number
  /** By reason; what the encoder refuses, whatever the server would make of it. */
  readonly refused: Readonly<Record<string, number>>
  readonly measurements: number
  /** Points that read back as they were written. */
  readonly equal: number
  readonly disagreements: ReadonlyArray<string>
}

/** Compares all that a database holds with what it has to hold; gives the number of points that are equal. */
export const compare = Effect.fnUntraced(function*(
  server: InfluxServer.Server,
  db: string,
  expected: Expected,
  disagreements: Array<string>
) {
  const seriesOf = (statement: string) =>
    Effect.map(server.query(statement, { db, epoch: "ns" }), ({ results }) => results[0]!.series ?? [])
  const same = (what: string, got: Iterable<string>, wanted: Iterable<string>) => {
    const [there, here] = [[...got].sort(), [...wanted].sort()].map((all) => all.join())
    if (there !== here) disagreements.push(`${what}: the server has ${there}, not ${here}`)
  }

  const [names] = yield* seriesOf("SHOW MEASUREMENTS")
  same("measurements", names!.values!.map(([name]) => text(name)), [...expected.measurements.keys()].map(text))
  const fieldKeys = new Map((yield* seriesOf("SHOW FIELD KEYS")).map(({ name, values }) => [name, values!]))
  const tagKeys = new Map((yield* seriesOf("SHOW TAG KEYS")).map(({ name, values }) => [name, values!]))
  for (const [name, keys] of expected.fieldKeys) {
    same(`field keys of ${text(name)}`, (fieldKeys.get(name) ?? []).map(text), [...keys].map(text))
    const tags = (tagKeys.get(name) ?? []).map(([key]) => text(key))
    same(`tag keys of ${text(name)}`, tags, [...expected.tagKeys.get(name)!].map(text))
  }

  let equal = 0
  yield* Effect.forEach(expected.measurements, ([measurement, points]) =>
    Effect.gen(function*() {
      // A query without times leaves out the ends of what the server stores.
      const all = yield* seriesOf(`SELECT * FROM ${identifier(measurement)} WHERE time >= ${first} AND time <= ${last}`)
      same("the answer", all.map(({ name }) => text(name)), [text(measurement)])
      const { columns, values = [] } = all[0] ?? { columns: [] }
      if (values.length !== points.size) {
        disagreements.push(`${text(measurement)}: ${values.length} points, not ${points.size}`)
      }
      for (const row of values) {
        const point = points.get(BigInt(row[0] as number | bigint))
        const cells = columns.flatMap((column, i) => i === 0 || row[i] === null ? [] : [[column, row[i]!] as const])
        const wrong = cells.filter(([column, got]) => {
          const value = point?.get(column)
          return value === undefined || !sameCell(value, got)
        })
        if (wrong.length === 0 && cells.length === point?.size) equal++
        else disagreements.push(`${text(measurement)} at ${row[0]}: ${text(cells)}, not ${text(point)}`)
      }
    }), { concurrency: 2, discard: true })
  return equal
})

const linesPerBody = 4000

/** Writes so many points over HTTP, and compares what the server has then with them. */
export const write = Effect.fnUntraced(function*(
  server: InfluxServer.Server,
  db: string,
  points: number,
  seed: number
): Effect.fn.Return<Comparison, InfluxServer.ServerError> {
  const { pid } = server
  const next = yield* makePoints(seed)
  const expected = new Expected()
  const disagreements: Array<string> = []
  const refused: Record<string, number> = {}
  const writer = LineProtocol.makeWriter(8 << 20)
  let generated = 0
  while (expected.points < points) {
    writer.position = 0
    for (let lines = 0; lines < linesPerBody && expected.points < points;) {
      const point = next()
      generated++
      if (writer.write(point)) {
        expected.add(point)
        lines++
      } else {
        const { reason } = writer.problem!
        refused[reason] = (refused[reason] ?? 0) + 1
      }
    }
    const { body, status } = yield* server.writeLines(db, writer.bytes.slice(0, writer.position), "ns")
    if (status !== 204 || body !== "") disagreements.push(`a write was answered ${status} ${body}`)
  }
  const equal = yield* compare(server, db, expected, disagreements)
  if (server.pid !== pid) disagreements.push("the server has ended")
  return { generated, refused, measurements: expected.measurements.size, equal, disagreements }
})
