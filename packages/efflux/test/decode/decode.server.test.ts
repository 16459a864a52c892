/**
 * The decoder takes a line exactly where a real InfluxDB 1 does.
 *
 * Lines that are known to kill the server (a field key that ends in backslashes) are never sent.
 */
import { assert } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeServer } from "@efflux/testkit/realServer"
import { Effect } from "effect"
import { LineProtocol } from "efflux"

const seed = Number(process.env.EFFLUX_SEED ?? 1)

const makeRandom = (seed: number) => {
  let state = seed | 0
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 * below)
  }
}

const lines = [
  "m v=1",
  "m,a=b v=1i 5",
  "m v=\"a b\" 7",
  "m,a=b,c=d x=t,y=-1.5e3,z=\"q\\\"r\" -9",
  "my\\ m,k\\,1=v\\=2 f\\ 1=.5",
  " m v=1",
  "# c",
  "m a=1,b=2"
]
// No NUL: the server repeats the line in a header of its answer, which is then no HTTP.
const pieces = [..."aab,,,  ==\"\"\\\\\\1120.-eEiutfTF\t\n\r#nN+", "x=1", "v=1i", " 5", "true"]

const mutate = (random: (below: number) => number): string => {
  let line = random(4) === 0
    ? Array.from({ length: 1 + random(14) }, () => pieces[random(pieces.length)]).join("")
    : lines[random(lines.length)]
  for (let n = random(4); n > 0; n--) {
    const at = random(line.length + 1)
    line = line.slice(0, at) + (random(3) === 0 ? "" : pieces[random(pieces.length)]) + line.slice(at + random(2))
  }
  return line
}

const kills = (line: string): boolean => /\\\\+=|\\$/.test(line)

// The server takes these and stores something else than the line says; the decoder refuses them. An empty field key is
// taken behind a tab only.
const stricter = new Set(["text after string", "trailing backslash", "missing field key"])

describeServer("the decoder and InfluxDB 1", { databases: ["verdicts"] }, (it) => {
  it.effect("agree on which lines are line protocol", () =>
    Effect.gen(function*() {
      const server = yield* InfluxServer.InfluxServer
      console.log(`decoder and server: 1500 lines, seed ${seed}`)
      const random = makeRandom(seed)
      const disagreements: Array<string> = []
      for (let i = 0; i < 1500; i++) {
        const line = mutate(random)
        const decoded = LineProtocol.decodeAll(line)
        if (kills(line) || decoded.errors.some((error) => stricter.has(error.reason))) continue
        const response = yield* server.writeLines("verdicts", line)
        // A conflict of field types is about what was stored before, and hides what else is wrong.
        if (response.body.includes("field type conflict")) continue
        if ((response.status === 204) !== (decoded.failed === 0)) {
          disagreements.push(
            `${JSON.stringify(line)}: ${response.status} ${response.body} ${decoded.errors.map(String).join("; ")}`
          )
        }
      }
      assert.deepStrictEqual(disagreements, [], `seed ${seed}`)
    }), 60_000)
})
