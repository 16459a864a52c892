/**
 * The promise of the encoder, held against a real InfluxDB 1: of generated points with hostile strings in every place, no
 * line is refused, split or altered, and none is the server's end.
 *
 *     EFFLUX_SEED=7 vitest run --project efflux:server encode.server
 */
import { assert } from "@effect/vitest"
import { InfluxServer, kernelDrops } from "@efflux/testkit"
import { describeServer } from "@efflux/testkit/realServer"
import { Arbitrary, DateTime, Effect, Result } from "effect"
import { LineProtocol, Point } from "efflux"
import { hostile, integer, number } from "../support/arbitraries.ts"
import { alone, identifier, waitUntilRead, withDatabase } from "../support/delivery.ts"

const seed = Number(process.env.EFFLUX_SEED ?? 20_260_101)

const makeRandom = (seed: number) => {
  let state = seed | 0
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 * below)
  }
}

type Random = ReturnType<typeof makeRandom>

const pick = <A>(random: Random, values: ReadonlyArray<A>): A => values[random(values.length)]

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
const makePoints = Effect.fnUntraced(function*(seed: number) {
  const strings = yield* Arbitrary.sampleEffect(hostile, { count: 6000, seed })
  const numbers = yield* Arbitrary.sampleEffect(number, { count: 20_000, seed })
  const integers = yield* Arbitrary.sampleEffect(integer, { count: 20_000, seed })
  const random = makeRandom(seed)

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
class Expected {
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
    assert.isFalse(rows.has(nanos), "two points of one instant")
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

/** Compares all that a database holds with what it has to hold; gives the number of points that are equal. */
const compare = Effect.fnUntraced(function*(server: InfluxServer.Server, db: string, expected: Expected) {
  const seriesOf = (statement: string) =>
    Effect.map(server.query(statement, { db, epoch: "ns" }), ({ results }) => results[0]!.series ?? [])

  const [names] = yield* seriesOf("SHOW MEASUREMENTS")
  assert.deepStrictEqual(
    names!.values!.map(([name]) => String(name)).sort(),
    [...expected.measurements.keys()].sort()
  )
  const fieldKeys = yield* seriesOf("SHOW FIELD KEYS")
  for (const { name, values } of fieldKeys) {
    const sorted = (entries: Iterable<ReadonlyArray<unknown>>) => [...entries].map((entry) => text(entry)).sort()
    assert.deepStrictEqual(sorted(values!), sorted(expected.fieldKeys.get(name)!), `seed ${seed}: ${name}`)
  }
  assert.strictEqual(fieldKeys.length, expected.measurements.size)
  const tagKeys = new Map((yield* seriesOf("SHOW TAG KEYS")).map(({ name, values }) => [name, values!]))
  for (const [name, keys] of expected.tagKeys) {
    const got = (tagKeys.get(name) ?? []).map(([key]) => String(key))
    assert.deepStrictEqual(got.sort(), [...keys].sort(), `seed ${seed}: ${name}`)
  }

  let equal = 0
  yield* Effect.forEach(expected.measurements, ([measurement, points]) =>
    Effect.gen(function*() {
      // A query without times leaves out the ends of what the server stores.
      const [series, ...others] = yield* seriesOf(
        `SELECT * FROM ${identifier(measurement)} WHERE time >= ${first} AND time <= ${last}`
      )
      assert.deepStrictEqual([series?.name, others.length], [measurement, 0], `seed ${seed}`)
      const columns = series!.columns
      for (const row of series!.values!) {
        const point = points.get(BigInt(row[0] as number | bigint))
        let cells = 0
        for (let i = 1; i < columns.length; i++) {
          const got = row[i]!
          if (got === null) continue
          cells++
          const value = point?.get(columns[i]!)
          if (value === undefined || !sameCell(value, got)) {
            assert.fail(
              `seed ${seed}, ${text(measurement)} at ${row[0]}: column ${text(columns[i])} is ${text(got)}, ` +
                `not ${text(value)} of ${text(point)}`
            )
          }
        }
        assert.strictEqual(cells, point?.size, `seed ${seed}, ${text(measurement)} at ${row[0]}: ${text(point)}`)
        equal++
      }
      assert.strictEqual(series!.values!.length, points.size, `seed ${seed}: ${text(measurement)}`)
    }), { concurrency: 2, discard: true })
  return equal
})

const linesPerBody = 4000
const overHttp = 110_000
const overUdp = 10_000

describeServer("the encoder and InfluxDB 1", {
  databases: ["http", "injection", "limits"],
  udp: [{ database: "udp" }],
  requestTimeout: "60 seconds"
}, (it) => {
  it.effect(
    `every line of ${overHttp} hostile points is taken, and reads back as exactly its point`,
    () =>
      Effect.gen(function*() {
        const server = yield* InfluxServer.InfluxServer
        const { pid } = server
        const start = performance.now()
        const next = yield* makePoints(seed)
        const expected = new Expected()
        const refused: { [reason: string]: number } = {}
        const writer = LineProtocol.makeWriter(8 << 20)
        let generated = 0
        let bytes = 0
        while (expected.points < overHttp) {
          writer.position = 0
          for (let lines = 0; lines < linesPerBody && expected.points < overHttp;) {
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
          const response = yield* server.writeLines("http", writer.bytes.slice(0, writer.position), "ns")
          assert.deepStrictEqual([response.status, response.body], [204, ""], `seed ${seed}`)
          bytes += writer.position
        }
        const written = performance.now()
        const equal = yield* compare(server, "http", expected)
        assert.strictEqual(equal, overHttp)
        // The points were as hostile as they were meant to be.
        assert.includeMembers(Object.keys(refused), [
          "missing",
          "empty",
          "control character",
          "trailing backslash",
          "backslash before a special character",
          "comment",
          "lone surrogate",
          "reserved",
          "out of range"
        ])
        assert.strictEqual((yield* server.request("GET", "/ping")).status, 204)
        assert.strictEqual(server.pid, pid)
        const millis = (from: number, to: number) => Math.round(to - from)
        console.log(
          `HTTP: ${generated} points, refused ${text(refused)}, ${expected.points} lines of ` +
            `${expected.measurements.size} measurements (${bytes} bytes) accepted, ${equal} compared equal, seed ${seed}, ` +
            `${millis(start, performance.now())} ms (${millis(start, written)} ms to write)`
        )
      })
  )

  it.effect(
    `${overUdp} hostile points over UDP: no datagram is refused, and every point reads back`,
    () =>
      Effect.gen(function*() {
        const server = yield* InfluxServer.InfluxServer
        const { pid } = server
        const port = server.udpPorts[0]!
        const start = performance.now()
        const next = yield* makePoints(seed + 1)
        const expected = new Expected()
        const maxPayloadBytes = 32_768
        const before = yield* kernelDrops(port)
        const stats = yield* alone(withDatabase({ port, maxPayloadBytes }, (database) =>
          Effect.gen(function*() {
            while (expected.points < overUdp) {
              // As many as the kernel's buffer holds, before the server has read any.
              for (let i = 0; i < 200; i++) {
                const point = next()
                if (Result.isSuccess(LineProtocol.encode(point, { maxLineBytes: maxPayloadBytes }))) expected.add(point)
                database.pushUnsafe(point)
              }
              yield* database.flush
              yield* waitUntilRead(port)
            }
          })))
        assert.strictEqual(stats.sent, expected.points)
        assert.strictEqual(yield* kernelDrops(port), before)
        const [udp] = yield* server.waitFor(server.udpStats, ([udp]) => udp!.pointsTx >= expected.points)
        assert.deepStrictEqual(
          [udp!.pointsRx, udp!.pointsParseFail, udp!.batchesTxFail],
          [expected.points, 0, 0]
        )
        const equal = yield* compare(server, "udp", expected)
        assert.strictEqual(equal, expected.points)
        assert.strictEqual((yield* server.request("GET", "/ping")).status, 204)
        assert.strictEqual(server.pid, pid)
        console.log(
          `UDP: ${stats.pushed} points, ${stats.dropped.invalid} refused, ${stats.sent} lines in ${stats.payloads} ` +
            `datagrams, ${equal} compared equal, seed ${seed + 1}, ${Math.round(performance.now() - start)} ms`
        )
      })
  )

  it.effect("a series key and a field key are as long as the server takes them, and not a byte longer", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const longest = 65_535 - "m,t=".length - 4
      for (const field of ["f", "a,b= c", "long".repeat(20)]) {
        const escaped = field.replace(/[,= ]/g, "\\$&")
        const point = (length: number) => ({
          measurement: "m",
          tags: { t: "x".repeat(length) },
          fields: { [field]: 1 },
          timestamp: 1n
        })
        const room = longest - escaped.length
        const line = Result.getOrThrow(LineProtocol.encode(point(room)))
        const taken = yield* server.writeLines("limits", line, "ns")
        assert.deepStrictEqual([taken.status, taken.body], [204, ""])
        const refused = LineProtocol.encode(point(room + 1))
        assert.strictEqual(Result.isFailure(refused) && refused.failure.reason, "series key too long")
        // The line as it would be.
        const answer = yield* server.writeLines("limits", line.replace("x ", "xx "), "ns")
        assert.strictEqual(answer.status, 400)
        assert.include(answer.body, "max key length exceeded")
      }
    }))

  it.effect("a tag with a backslash before a space is refused, because it can make a line of what a string holds", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      const line = LineProtocol.encode({
        measurement: "m",
        tags: { a: "x\\ \\," },
        fields: { s: "\ninjected v=1 1\n" },
        timestamp: 5n
      })
      assert.isTrue(Result.isFailure(line))
      // The line that escaping alone would give, and what the server makes of it.
      yield* server.writeLines("injection", "m,a=x\\\\ \\\\, s=\"\ninjected v=1 1\n\" 5")
      const names = yield* server.rows("SHOW MEASUREMENTS", { db: "injection" })
      assert.deepStrictEqual(names.map(({ name }) => name), ["injected"])
    }))
})
