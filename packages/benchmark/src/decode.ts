/** The rungs of decoding: the lines of a shape, one by one and as a whole, compared with other decoders. */
import { Result } from "effect"
import { LineProtocol, type Point } from "efflux"
import * as Assert from "node:assert/strict"
import { isDeepStrictEqual } from "node:util"
import { writing } from "./codec.ts"
import type { Rung } from "./Measure.ts"
import { readers } from "./Reader.ts"
import type { Shape } from "./Shape.ts"

/** A decoder with its input. Its result is checked before anything is timed. */
interface Contender {
  readonly id?: string
  readonly name: string
  readonly run: () => unknown
}

// JSON has no 64-bit integers, so they become strings.
const jsonOf = (point: Point.Input): string =>
  JSON.stringify(point, (_, value: unknown) => typeof value === "bigint" ? String(value) : value)

const fromJson = ({ fields, timestamp, ...rest }: Point.Point, like: Point.Point): Point.Point => ({
  ...rest,
  fields: Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      typeof like.fields[key] === "bigint" ? BigInt(value as string) : value
    ])
  ),
  timestamp: BigInt(timestamp as unknown as string)
})

export const decodeRungs = (shape: Shape): ReadonlyArray<Rung> => {
  const points = shape.points as ReadonlyArray<Point.Point>
  const write = writing(points)
  const bytes = write().slice()
  const text = new TextDecoder().decode(bytes)
  // Sliced from one text, as lines usually are.
  const lines = text.split("\n").slice(0, points.length)
  const lineBytes = lines.map((line) => new TextEncoder().encode(line))
  const objects = points.map(jsonOf)

  const each = <A, B>(items: ReadonlyArray<A>, decode: (item: A) => B) => (): ReadonlyArray<B> => {
    const made: Array<B> = []
    for (const item of items) made.push(decode(item))
    return made
  }
  const decode = (line: string | Uint8Array): Point.Point => Result.getOrThrow(LineProtocol.decode(line))
  const ours: ReadonlyArray<Contender & { readonly run: () => ReadonlyArray<Point.Point> }> = [
    {
      id: "decodeAll",
      name: "**efflux, `decodeAll`**: a text of all lines, in bytes",
      run: () => LineProtocol.decodeAll(bytes).points
    },
    {
      name: "efflux, `decodeAll`: a text of all lines, as a string",
      run: () => LineProtocol.decodeAll(text).points
    },
    { id: "decode", name: "**efflux, `decode`**: a line, as a string", run: each(lines, decode) },
    { name: "efflux, `decode`: a line, in bytes", run: each(lineBytes, decode) }
  ]
  const parse = each(objects, (object) => JSON.parse(object) as Point.Point)
  for (const { name, run } of ours) {
    // The second run uses what a decoder may have cached.
    for (let again = 0; again < 2; again++) Assert.deepEqual(run(), points, `${shape.name}: ${name}`)
  }
  Assert.deepEqual(parse().map((point, i) => fromJson(point, points[i])), points, `${shape.name}: JSON`)
  const others = readers.flatMap((reader): ReadonlyArray<Contender> => {
    const run = each(lines, reader.decode)
    return isDeepStrictEqual(plain(run()), points.map(reader.expect)) ? [{ id: "reader", name: reader.name, run }] : []
  })
  return [
    { id: "writer", name: "efflux, the writer: encoding them, for comparison", points: points.length, run: write },
    ...[
      ...ours,
      ...others,
      { name: "`JSON.parse` of the same points, each a text, 64-bit integers left as text", run: parse }
    ].map(({ id, name, run }) => ({
      ...(id === undefined ? {} : { id }),
      name,
      points: points.length,
      run,
      reference: id === "decodeAll"
    }))
  ]
}

// Plain objects, because the class of an object does not matter here.
const plain = (made: ReadonlyArray<unknown>): ReadonlyArray<unknown> => made.map((object) => ({ ...object as object }))
