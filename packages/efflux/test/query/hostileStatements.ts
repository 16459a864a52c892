/**
 * Hostile texts as values, tags and names of InfluxQL statements, against a real InfluxDB 1: each statement must be one
 * statement, give the same texts back, and nothing else; and at the end nothing else may have changed.
 *
 * As a command: `node packages/efflux/test/query/hostileStatements.ts [texts] [seed]`.
 */
import { InfluxServer } from "@efflux/testkit"
import { SeededRandom } from "@efflux/testkit/SeededRandom"
import { Effect, Result } from "effect"
import { InfluxQL, LineProtocol, Point } from "efflux"
import * as assert from "node:assert/strict"
import * as InfluxQLRenderer from "../../src/internal/query/InfluxQLRenderer.ts"
import { hostileText } from "../support/hostileText.ts"

/** How many texts of each kind were asked for, and in how many statements. */
export interface Tally {
  values: number
  tags: number
  names: number
  statements: number
}

/** Texts of each kind in one round. */
const perRound = { values: 50, tags: 25, names: 25 }

const distinct = (random: SeededRandom, count: number, isGood: (text: string) => boolean): ReadonlyArray<string> => {
  const texts = new Set<string>()
  while (texts.size < count) {
    const text = hostileText(random)
    if (isGood(text)) texts.add(text)
  }
  return [...texts]
}

/** Queries at least so many texts. Fails if a text that was read is not the one that was written. */
export const run = Effect.fnUntraced(function*(server: InfluxServer.Server, count: number, random: SeededRandom) {
  const tally: Tally = { values: 0, tags: 0, names: 0, statements: 0 }

  /** Runs a statement, with parameters and, where it can be written, as a text; gives its series. */
  const ask = Effect.fnUntraced(function*(statement: InfluxQL.Fragment, database: string) {
    const bound = Result.getOrThrow(InfluxQLRenderer.renderV1(statement))
    const text = Result.getOrUndefined(InfluxQLRenderer.renderText(statement))
    const forms = [{ q: bound.text, params: bound.params ?? "{}" }, ...(text === undefined ? [] : [{ q: text }])]
    const answers: Array<unknown> = []
    for (const form of forms) {
      tally.statements++
      const { body, status } = yield* server.request("POST", "/query", {
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: String(new URLSearchParams({ ...form, db: database, epoch: "ns" }))
      })
      assert.equal(status, 200, `${body}\n${JSON.stringify(form)}`)
      const { results } = JSON.parse(body)
      assert.equal(results.length, 1, `${results.length} statements: ${JSON.stringify(form)}`)
      assert.equal(results[0].error, undefined, JSON.stringify(form))
      answers.push(results[0].series ?? [])
    }
    for (const answer of answers) assert.deepEqual(answer, answers[0], JSON.stringify(forms))
    return answers[0] as ReadonlyArray<{
      readonly name: string
      readonly tags?: Readonly<Record<string, string>>
      readonly columns: ReadonlyArray<string>
      readonly values: ReadonlyArray<ReadonlyArray<unknown>>
    }>
  })

  const write = (points: ReadonlyArray<Point.Input>) =>
    Effect.map(
      server.writeLines("hostile", points.map((point) => Result.getOrThrow(LineProtocol.encode(point))).join("\n")),
      ({ body, status }) => assert.equal(status, 204, body)
    )

  const values = Effect.fnUntraced(function*(round: number) {
    const measurement = `values ${round}`
    const texts = distinct(random, perRound.values, () => true)
    // As many rows that the statement must not find.
    const others = distinct(random, perRound.values, (text) => !texts.includes(text))
    yield* write(
      [...texts, ...others].map((text, n) => ({ measurement, fields: { s: text }, timestamp: BigInt(n + 1) }))
    )
    const [series] = yield* ask(
      InfluxQL.query`SELECT s FROM ${InfluxQL.identifier(measurement)} WHERE ${InfluxQL.isIn("s", texts)}`,
      "hostile"
    )
    assert.deepEqual(series?.values, texts.map((text, n) => [n + 1, text]))
    tally.values += texts.length
  })

  const tags = Effect.fnUntraced(function*(round: number) {
    const measurement = `tags ${round}`
    const isTag = (text: string) => Point.nameProblem(text, "tag value") === undefined
    const texts = distinct(random, perRound.tags, isTag)
    const others = distinct(random, perRound.tags, (text) => isTag(text) && !texts.includes(text))
    yield* write(
      [...texts, ...others].map((t, n) => ({ measurement, tags: { t }, fields: { n }, timestamp: BigInt(n + 1) }))
    )
    const from = InfluxQL.identifier(measurement)
    const [series] = yield* ask(InfluxQL.query`SELECT n, t FROM ${from} WHERE ${InfluxQL.isIn("t", texts)}`, "hostile")
    assert.deepEqual(series?.values, texts.map((text, n) => [n + 1, n, text]))
    // The same by a regular expression that finds these texts only.
    const expression = new RegExp(`^(?:${texts.map(InfluxQL.escapeRegex).join("|")})$`)
    const matched = yield* ask(InfluxQL.query`SELECT n, t FROM ${from} WHERE t =~ ${expression}`, "hostile")
    assert.deepEqual(matched[0]?.values, series.values)
    tally.tags += texts.length
  })

  const names = Effect.fnUntraced(function*() {
    const isName = (text: string) =>
      Point.nameProblem(text, "measurement") === undefined && Point.nameProblem(text, "field key") === undefined &&
      Point.nameProblem(text, "tag key") === undefined
    const [measurement, tag, ...fields] = distinct(random, perRound.names, isName) as [
      string,
      string,
      string,
      ...Array<string>
    ]
    yield* write([
      {
        measurement,
        tags: { [tag]: "x" },
        fields: Object.fromEntries(fields.map((field, n) => [field, n])),
        timestamp: 1n
      },
      { measurement, tags: { [tag]: "y" }, fields: { [fields[0]!]: -1 }, timestamp: 2n }
    ])
    const from = InfluxQL.identifier(measurement)
    const [series] = yield* ask(
      InfluxQL.query`SELECT ${fields.map(InfluxQL.identifier)} FROM ${from} WHERE ${InfluxQL.identifier(tag)} = 'x'
        GROUP BY ${InfluxQL.identifier(tag)}`,
      "hostile"
    )
    assert.equal(series?.name, measurement)
    assert.deepEqual(Object.entries(series.tags!), [[tag, "x"]])
    assert.deepEqual(series.columns, ["time", ...fields])
    assert.deepEqual(series.values, [[1, ...fields.map((_, n) => n)]])
    yield* ask(InfluxQL.query`DROP MEASUREMENT ${from}`, "hostile")
    assert.deepEqual(yield* ask(InfluxQL.query`SELECT * FROM ${from}`, "hostile"), [])
    // A name that nothing has, whatever is in it.
    const nothing = hostileText(random) + hostileText(random)
    assert.deepEqual(yield* ask(InfluxQL.query`SELECT * FROM ${InfluxQL.identifier(nothing)}`, "hostile"), [])
    tally.names += perRound.names + 1
  })

  /** Everything that no statement was about. */
  const kept = Effect.gen(function*() {
    const seen: Array<unknown> = []
    for (const statement of ["SHOW DATABASES", "SHOW USERS", "SHOW RETENTION POLICIES ON kept", "SELECT * FROM kept"]) {
      seen.push(yield* server.query(statement, { db: "kept" }))
    }
    return seen
  })

  yield* server.query("CREATE DATABASE kept")
  yield* server.query("CREATE DATABASE hostile")
  yield* server.writeLines("kept", "kept,t=a v=1 1\nkept,t=b v=2 2")
  yield* server.writeLines("hostile", "kept,t=a v=1 1\nother v=1 1")
  const before = yield* kept
  for (let round = 0; tally.values + tally.tags + tally.names < count; round++) {
    yield* Effect.all([values(round), tags(round), names()])
    if (round % 100 === 99) yield* server.query("DROP SERIES FROM /^(values|tags) /", { db: "hostile" })
  }
  yield* server.query("DROP SERIES FROM /^(values|tags) /", { db: "hostile" })
  assert.deepEqual(yield* kept, before)
  const left = yield* server.rows("SHOW MEASUREMENTS", { db: "hostile" })
  assert.deepEqual(left.map(({ name }) => name), ["kept", "other"])
  return tally
})

if (import.meta.main) {
  const count = Number(process.argv[2] ?? 100_000)
  const seed = Number(process.argv[3] ?? Math.floor(Math.random() * 2 ** 31))
  console.log(`seed ${seed}`)
  const program = Effect.flatMap(InfluxServer.make(), (server) => run(server, count, new SeededRandom(seed)))
  const { names, statements, tags, values } = await Effect.runPromise(Effect.scoped(program))
  console.log(
    `${values + tags + names} texts (${values} values, ${tags} tags, ${names} names) in ${statements} statements: ` +
      "each one statement, each text as it was, nothing else read or changed"
  )
}
