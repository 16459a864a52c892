/**
 * The decoder and a real InfluxDB 1 on the same made-up texts: which lines each takes, and what the points say.
 *
 * As a command: `node packages/efflux/test/decode/againstInfluxd.ts [texts] [seed]`.
 *
 * Lines that are known to kill the server (a field key that ends in backslashes) are never sent.
 */
import { InfluxServer } from "@efflux/testkit"
import { type Below, below } from "@efflux/testkit/SeededRandom"
import { Effect } from "effect"
import { LineProtocol, type Point } from "efflux"

// Each text has a measurement of its own, so that types don't clash and its point can be found. The number occurs
// twice, so that a mutation of it does not give the measurement of another text.
const lines: ReadonlyArray<(id: string) => string> = [
  (id) => `${id} v=1`,
  (id) => `${id},a=b v=1i 5`,
  (id) => `${id} v="a b" 7`,
  (id) => `${id},a=b,c=d x=t,y=-1.5e3,z="q\\"r" -9`,
  (id) => `${id}\\ m,k\\,1=v\\=2 f\\ 1=.5`,
  (id) => `${id}\\\\\\,x,a\\\\b=c\\,d v="C:\\\\x\\y" 3`,
  (id) => ` ${id} v=1`,
  (id) => `# ${id}`,
  (id) => `${id} a=1,b=2`,
  (id) => `${id} v="two\nlines",w=9223372036854775807i 9223372036854775806`,
  (id) => `${id},t=é v="😀" 1700000000000000000`,
  (id) => `${id}\t,a=b v=0.1234567890123456789,w=12345678901234567890`
]
// No other control characters: the server repeats a bad line in a header of its answer, which is then no HTTP. They are
// in `controlTexts`.
const pieces = [..."aab,,,  ==\"\"\\\\\\1120.-eEiutfTF\t\n\r#nN+é", "x=1", "v=1i", " 5", "true", "e400", "00"]

const mutate = (random: Below, id: string): string => {
  let line = random(4) === 0
    ? Array.from({ length: 1 + random(14) }, () => pieces[random(pieces.length)]).join("")
    : lines[random(lines.length)](id)
  for (let n = random(4); n > 0; n--) {
    const at = random(line.length + 1)
    line = line.slice(0, at) + (random(3) === 0 ? "" : pieces[random(pieces.length)]) + line.slice(at + random(2))
  }
  return line
}

const kills = (text: string): boolean => /\\\\+=|\\(\n|$)/.test(text)

/** What the decoder refuses and the server takes, storing something else than the line says. */
const stricter: { readonly [reason: string]: string } = {
  "text after string": "the server stores a mangled string",
  "trailing backslash": "the server reads the field in two ways, and may crash",
  "missing field key": "the server takes an empty key behind a tab only",
  "invalid UTF-8": "a string can't hold what the server stores"
}

const isStricter = ({ errors }: LineProtocol.Decoded): boolean =>
  errors.some(({ reason }) => Object.hasOwn(stricter, reason))

// A control character in every place.
const placed = "m v=^t|m v=^false123|m v=^1|m v=1^|m v=1^2|m v=1^i|m v=t^|m v=1 5^|m v=1 ^5|m v=1 5^6|m v=1 -^5|^m v=1"
  .concat("|m ^v=1|m,a=^ v=1|m,a^=b v=1|m^ v=1|m s=\"^\"|m v^=1").split("|")

const controlTexts: ReadonlyArray<string> = [...Array.from({ length: 32 }, (_, code) => code), 127]
  .filter((code) => code !== 10)
  .flatMap((code) => placed.map((text) => text.replace("^", String.fromCharCode(code))))

const perRequest = 40
const perDatabase = 2000

export interface Comparison {
  readonly texts: number
  /** Points whose content was compared. */
  readonly points: number
  readonly refused: number
  readonly disagreements: ReadonlyArray<string>
}

export const compare = (
  server: InfluxServer.Server,
  texts: number,
  seed: number
): Effect.Effect<Comparison, InfluxServer.ServerError> =>
  Effect.gen(function*() {
    const random = below(seed)
    const disagreements: Array<string> = []
    let compared = 0
    let refused = 0
    let done = 0

    // Whether the server and the decoder count the same bad lines; undefined if a clash of types hides it.
    const agrees = Effect.fnUntraced(function*(database: string, text: string) {
      const decoded = LineProtocol.decodeAll(text)
      if (isStricter(decoded)) return undefined
      const { body, status } = yield* server.writeLines(database, text)
      if (body.includes("field type conflict")) return undefined
      const error = status === 204 ? "" : (JSON.parse(body) as { readonly error: string }).error
      const failed = error.split("unable to parse '").length - 1
      return (status === 204) === (decoded.failed === 0) && (failed > 0) === (decoded.failed > 0) &&
          failed === decoded.failed
        ? true
        : `${JSON.stringify(text)}: server ${status} ${body}, decoder ${decoded.errors.map(String).join("; ")}`
    })

    // Together, and in halves where that does not agree or can't tell, down to the text that it is.
    const settle = (
      database: string,
      batch: ReadonlyArray<string>,
      expected: Map<string, Point.Point>
    ): Effect.Effect<void, InfluxServer.ServerError> =>
      Effect.gen(function*() {
        const text = batch.join("\n")
        const verdict = yield* agrees(database, text)
        if (verdict === true) expect(expected, text)
        else if (batch.length > 1) {
          const half = batch.length >> 1
          yield* settle(database, batch.slice(0, half), expected)
          yield* settle(database, batch.slice(half), expected)
        } else if (verdict !== undefined) disagreements.push(verdict)
      })

    while (done < texts) {
      const database = `fuzz_${seed}_${done}`
      yield* server.query(`CREATE DATABASE ${database}`)
      const expected = new Map<string, Point.Point>()
      for (let n = 0; n < perDatabase && done < texts;) {
        const batch: Array<string> = []
        while (batch.length < perRequest && done < texts) {
          const text = mutate(random, `m${done}y${done}z`)
          if (kills(text)) continue
          batch.push(text)
          done++
          n++
        }
        refused += LineProtocol.decodeAll(batch.join("\n")).failed
        yield* settle(database, batch.filter((text) => !isStricter(LineProtocol.decodeAll(text))), expected)
      }
      const points = [...expected.values()].filter(({ fields, measurement, tags }) => {
        const names = [...Object.keys(tags), ...Object.keys(fields)]
        // The server does not store a field called time, and a tag and a field of one name share a column.
        // InfluxQL has no way to ask for a measurement with a carriage return. What has a backslash before a special
        // character the server writes into its index and does not find again.
        return !measurement.includes("\r") &&
          !/\\[\\,= ]/.test(JSON.stringify([measurement, tags]).replaceAll("\\\\", "\\")) &&
          !names.includes("time") && new Set(names).size === names.length
      })
      for (let from = 0; from < points.length; from += perRequest) {
        const some = points.slice(from, from + perRequest)
        const statements = some.map(({ measurement }) => `SELECT * FROM ${quoted(measurement)} GROUP BY *`)
        const { results } = yield* server.query(statements.join(";"), { db: database, epoch: "ns" })
        for (const [i, point] of some.entries()) {
          compared++
          const ours = plain(point.tags, point.fields, point.timestamp)
          const theirs = (results[i].series ?? []).flatMap(({ columns, tags = {}, values = [] }) =>
            values.map((row) => {
              const { time, ...fields } = Object.fromEntries(columns.map((column, j) => [column, row[j]]))
              return plain(tags, fields, point.timestamp === undefined ? undefined : time)
            })
          )
          if (!theirs.includes(ours)) {
            disagreements.push(`${JSON.stringify(point.measurement)}: decoder ${ours}, server ${theirs.join(" or ")}`)
          }
        }
      }
      yield* server.query(`DROP DATABASE ${database}`)
    }

    yield* server.query("CREATE DATABASE control")
    for (const text of controlTexts) {
      // That the answer can't be read is a refusal: only then is the line repeated in it.
      const { status } = yield* Effect.catch(server.writeLines("control", text), () => Effect.succeed({ status: 400 }))
      const { failed } = LineProtocol.decodeAll(text)
      if ((status === 204) !== (failed === 0)) disagreements.push(`${JSON.stringify(text)}: server ${status}`)
    }
    return { texts: texts + controlTexts.length, points: compared, refused, disagreements }
  })

// The points of the text whose measurement no other of its points has.
const expect = (expected: Map<string, Point.Point>, text: string): void => {
  const { points } = LineProtocol.decodeAll(text)
  for (const point of points) {
    const id = /^m(\d+)y\1z/.exec(point.measurement)?.[0]
    if (id !== undefined && !points.some((other) => other !== point && other.measurement.startsWith(id))) {
      expected.set(id, point)
    }
  }
}

const quoted = (name: string): string =>
  `"${name.replaceAll("\\", "\\\\").replaceAll("\"", "\\\"").replaceAll("\n", "\\n")}"`

const plain = (tags: object, fields: object, time: unknown): string =>
  JSON.stringify([
    // A series without a tag that another series has shows it as empty.
    Object.entries(tags).filter(([, value]) => value !== "").sort(byKey),
    // An integer and a float look alike in the answer.
    Object.entries(fields).filter(([, value]) => value !== null).sort(byKey).map(([key, value]) => [
      key,
      typeof value === "bigint" || typeof value === "number" ? `number ${value}` : value
    ]),
    String(time)
  ])

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => a < b ? -1 : 1

if (import.meta.main) {
  const texts = Number(process.argv[2] ?? 20_000)
  const seed = Number(process.argv[3] ?? Math.floor(Math.random() * 2 ** 31))
  const program = Effect.gen(function*() {
    const server = yield* InfluxServer.make()
    return yield* compare(server, texts, seed)
  })
  const { disagreements, points, refused, texts: sent } = await Effect.runPromise(Effect.scoped(program))
  console.log(`decoder and influxd: ${sent} texts, seed ${seed}: ${refused} lines refused, ${points} points compared`)
  for (const disagreement of disagreements) console.log(disagreement)
  if (disagreements.length > 0) process.exitCode = 1
}
