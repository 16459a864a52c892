/**
 * What is written in the dialect `victoria-metrics`, held against a real VictoriaMetrics: of points with hostile strings
 * in every place, it stores each number under exactly its names.
 *
 *     EFFLUX_SEED=7 vitest run --project efflux:server encode.victoria
 */
import { assert } from "@effect/vitest"
import { VictoriaServer } from "@efflux/testkit"
import { describeVictoria } from "@efflux/testkit/realServer"
import { Arbitrary, Effect } from "effect"
import { LineProtocol, type Point } from "efflux"
import { hostile } from "../support/arbitraries.ts"

const seed = Number(process.env.EFFLUX_SEED ?? 20_260_101)
const dialect = "victoria-metrics"
const pointsEach = 1500
const firstNumber = 1e6

/** Each point has a number of its own, by which it is found again. */
const pointOf = (place: string, text: string, other: string, number: number): Point.Input => ({
  measurement: place === "measurement" ? text : "m",
  tags: { [place === "tag key" ? text : "t"]: place === "tag value" ? text : "v", last: "l" },
  // The strings before and behind it become numbers as well, but not this one.
  fields: { a: other, [place === "field key" ? text : "f"]: number, z: text },
  timestamp: 1_767_225_600_000_000_000n + BigInt(number) * 1_000_000n
})

const nameOf = (name: string, labels: Readonly<Record<string, string>>): string =>
  JSON.stringify([name, ...Object.entries(labels).sort()])

describeVictoria("the encoder and VictoriaMetrics", {}, (it) => {
  it.effect(
    "every number is stored under the names that its point has, whatever they are",
    () =>
      Effect.gen(function*() {
        const server = yield* VictoriaServer.make()
        // The server cuts the names of labels after 256 bytes.
        const texts = (yield* Arbitrary.sampleEffect(hostile, { count: 4 * pointsEach, seed }))
          .filter((text) => Buffer.byteLength(text) <= 256)
        const writer = LineProtocol.makeWriter(1 << 24, { dialect })
        const expected = new Map<number, string>()
        const names = new Set<string>()
        const refused: Record<string, number> = {}
        for (const [i, text] of texts.entries()) {
          const place = ["measurement", "tag key", "tag value", "field key"][i % 4]!
          const number = firstNumber + i
          const point = pointOf(place, text, texts[(i * 7 + 1) % texts.length]!, number)
          if (!writer.write(point)) {
            refused[writer.problem!.reason] = (refused[writer.problem!.reason] ?? 0) + 1
            continue
          }
          const labels = Object.fromEntries(
            Object.entries(point.tags!).filter(([, value]) => value !== "").map(([key, value]) => [key, String(value)])
          )
          for (const key of Object.keys(point.fields)) names.add(nameOf(`${point.measurement}_${key}`, labels))
          // A text that is the key of a string replaces the number or is replaced by it, and so says nothing.
          const field = Object.keys(point.fields).find((key) => point.fields[key] === number)
          if (field !== undefined && field !== "a" && field !== "z") {
            expected.set(number, nameOf(`${point.measurement}_${field}`, labels))
          }
        }
        const answer = yield* server.request("POST", "/write?precision=ns", {
          body: writer.bytes.slice(0, writer.position)
        })
        assert.strictEqual(answer.status, 204)

        const series = yield* server.series()
        const got = new Map(
          series.flatMap(({ labels, name, values }) => values.map((value) => [value, nameOf(name, labels)] as const))
        )
        const wrong = [...expected].filter(([number, name]) => got.get(number) !== name)
        console.log(
          `VictoriaMetrics: ${texts.length} points, refused ${JSON.stringify(refused)}, ${expected.size} compared, ` +
            `${wrong.length} wrong, seed ${seed}`
        )
        assert.deepStrictEqual(wrong.slice(0, 5).map(([number, name]) => [number, name, got.get(number)]), [])
        assert.isAbove(expected.size, pointsEach)
        // A line that was taken for two, or a string for a name, would leave others.
        const others = series.map(({ labels, name }) => nameOf(name, labels)).filter((name) => !names.has(name))
        assert.deepStrictEqual(others.slice(0, 5), [])
      }),
    // Once in five runs with this one seed, a few series came back under the label of another line; the cause is not
    // known. Each attempt has a server of its own: what the encoder writes wrongly is wrong in every attempt.
    { timeout: 120_000, retry: 2 }
  )
})
