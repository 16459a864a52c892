/**
 * The encoder in the dialect `victoria-metrics` and a real VictoriaMetrics: of points with hostile strings in every place
 * and numbers of every kind, it may refuse none, and has to store each number under exactly its names.
 */
import type { VictoriaServer } from "@efflux/testkit"
import { Arbitrary, Effect } from "effect"
import { LineProtocol, type Point } from "efflux"
import { hostile, integer, number } from "../support/arbitraries.ts"

/** What came of it. */
export interface Comparison {
  readonly generated: number
  /** By reason; what the encoder refuses, whatever the server would make of it. */
  readonly refused: Readonly<Record<string, number>>
  /** Numbers that came back under their names. */
  readonly equal: number
  /** Numbers that came back as others, by what is known of VictoriaMetrics. */
  readonly explained: Readonly<Record<string, number>>
  readonly disagreements: ReadonlyArray<string>
}

/** Why a number comes back as another one; `undefined` if that is nothing known of the server. */
const explanationOf = (value: number, got: number): string | undefined =>
  Math.abs(got - value) <= Math.abs(value) * 1e-12
    ? "it keeps 12 to 15 significant digits of a float"
    : got === 0 && Math.abs(value) < 1e-294
    ? "it stores a float that is closer to 0 than 1e-294 as 0"
    : undefined

const nameOf = (name: string, labels: Readonly<Record<string, string>>): string =>
  JSON.stringify([name, ...Object.entries(labels).sort()])

const start = 1_767_225_600_000

/** Each point has a time of its own, by which its numbers are found again. */
const pointOf = (place: number, text: string, other: string, value: Point.FieldValue, nth: number): Point.Input => ({
  measurement: place === 0 ? text : "m",
  tags: { [place === 1 ? text : "t"]: place === 2 ? text : "v", last: "l" },
  // The strings before and behind it are left out, and this is not. The value has a series of its own: the server rounds
  // it more where others stand beside it.
  fields: { a: other, [place === 3 ? text : "f"]: nth, z: text, [`value${nth}`]: value },
  timestamp: BigInt(start + nth) * 1_000_000n
})

/** Writes so many points, and compares what the server has then with them. */
export const write = Effect.fnUntraced(function*(
  server: VictoriaServer.Server,
  points: number,
  seed: number
): Effect.fn.Return<Comparison, VictoriaServer.ServerError> {
  // The server cuts the names of labels after 256 bytes.
  const texts = (yield* Effect.orDie(Arbitrary.sampleEffect(hostile, { count: Math.ceil(points * 1.1), seed })))
    .filter((text) => Buffer.byteLength(text) <= 256).slice(0, points)
  const numbers = yield* Effect.orDie(Arbitrary.sampleEffect(number, { count: points, seed }))
  const integers = yield* Effect.orDie(Arbitrary.sampleEffect(integer, { count: points, seed }))
  const writer = LineProtocol.makeWriter(1 << 25, { dialect: "victoria-metrics" })
  // What has to be there, by the time and the names.
  const expected = new Map<string, number>()
  const refused: Record<string, number> = {}
  const explained: Record<string, number> = {}
  const disagreements: Array<string> = []
  for (const [nth, text] of texts.entries()) {
    const value = nth % 5 === 0 ? integers[nth]! : nth % 5 === 1 ? nth % 2 === 0 : numbers[nth]!
    const point = pointOf(nth % 4, text, texts[(nth * 7 + 1) % texts.length]!, value, nth)
    if (!writer.write(point)) {
      refused[writer.problem!.reason] = (refused[writer.problem!.reason] ?? 0) + 1
      continue
    }
    const labels = Object.fromEntries(
      Object.entries(point.tags!).filter(([, tag]) => tag !== "").map(([key, tag]) => [key, String(tag)])
    )
    for (const [field, value] of Object.entries(point.fields)) {
      if (typeof value === "string" || (typeof value === "number" && !Number.isFinite(value))) continue
      expected.set(`${start + nth} ${nameOf(`${point.measurement}_${field}`, labels)}`, Number(value))
    }
  }
  const { body, status } = yield* server.request("POST", "/write?precision=ns", {
    body: writer.bytes.slice(0, writer.position)
  })
  if (status !== 204) disagreements.push(`the write was answered ${status} ${body}`)
  let equal = 0
  for (const { labels, millis, name, values } of yield* server.series()) {
    for (const [index, got] of values.entries()) {
      const key = `${millis[index]} ${nameOf(name, labels)}`
      const value = expected.get(key)
      expected.delete(key)
      // A line that was taken for two, or a string for a name, would leave others.
      if (value === undefined) disagreements.push(`${key}: ${got}, which nobody wrote there`)
      else if (value === got) equal++
      else {
        const explanation = explanationOf(value, got)
        if (explanation === undefined) disagreements.push(`${key}: ${got}, not ${value}`)
        else explained[explanation] = (explained[explanation] ?? 0) + 1
      }
    }
  }
  for (const [key, value] of expected) disagreements.push(`${key}: ${value} is missing`)
  return { generated: texts.length, refused, equal, explained, disagreements }
})
