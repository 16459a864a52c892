/** The rungs of the codec: a template literal, the writer, `LineProtocol.encode`, and the other clients. */
import { Result } from "effect"
import { LineProtocol, type Point } from "efflux"
import * as Assert from "node:assert/strict"
import type { Rung } from "./Measure.ts"
import { rivals } from "./Rival.ts"
import type { Shape } from "./Shape.ts"

/** Assigned so that the read is not optimised away. */
export let read = 0

/** Bytes of a buffer that is large enough for every shape. */
export const capacity = 2 * 1024 * 1024

/**
 * The points of a payload in a form that does not depend on the order of tags or the spelling of numbers. It must be
 * the same for all contenders.
 */
const canonical = (payload: string | Uint8Array | ReadonlyArray<string>): string => {
  const { failed, points } = LineProtocol.decodeAll(
    typeof payload === "string" || payload instanceof Uint8Array ? payload : payload.join("\n")
  )
  Assert.equal(failed, 0)
  return points.map(({ fields, measurement, tags, timestamp }) =>
    JSON.stringify([
      measurement,
      Object.entries(tags).sort(byKey),
      Object.entries(fields).sort(byKey).map(([key, value]) => [key, typeof value, String(value)]),
      String(timestamp)
    ])
  ).join("\n")
}

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => a < b ? -1 : 1

/** A contender: its name, one run of it, and the name by which promised figures refer to it. */
export type Contender<Payload> = readonly [name: string, run: () => Payload, id?: string]

/**
 * The template literal written into a buffer, as one string and line by line, in the fastest encoding that is correct
 * for the text.
 */
export const literals = ({ ascii, literal, points }: Shape) => {
  const buffer = Buffer.alloc(capacity)
  const encoding = ascii ? "latin1" : "utf8"
  const joined = (): Uint8Array => {
    let payload = ""
    for (const point of points) payload += literal(point)
    return buffer.subarray(0, buffer.write(payload, 0, encoding))
  }
  const eachWritten = (): Uint8Array => {
    let position = 0
    for (const point of points) position += buffer.write(literal(point), position, encoding)
    return buffer.subarray(0, position)
  }
  return [
    ["template literal: lines joined, bytes in a buffer", joined, "joined"],
    ["template literal: bytes in a buffer, line by line", eachWritten, "literal"]
  ] as const satisfies ReadonlyArray<Contender<Uint8Array>>
}

/** Contenders as rungs; the literal that is written line by line is the reference. */
export const rungsOf = (contenders: ReadonlyArray<Contender<unknown>>, { points }: Shape): ReadonlyArray<Rung> =>
  contenders.map(([name, run, id]) => ({
    ...(id === undefined ? {} : { id }),
    name,
    points: points.length,
    run,
    reference: id === "literal"
  }))

/** Writes points into a buffer of its own, line by line. */
export const writing = (points: ReadonlyArray<Point.Input>) => {
  const writer = LineProtocol.makeWriter(capacity)
  return (): Uint8Array => {
    writer.position = 0
    for (const point of points) writer.write(point)
    return writer.bytes.subarray(0, writer.position)
  }
}

export const codecRungs = (shape: Shape): ReadonlyArray<Rung> => {
  const { build, literal, points } = shape
  const write = writing(points)
  const writer = LineProtocol.makeWriter(capacity)
  const buildAndWrite = (): Uint8Array => {
    writer.position = 0
    for (const point of points) writer.write(build(point))
    return writer.bytes.subarray(0, writer.position)
  }
  const [joined, eachWritten] = literals(shape)
  const flattened = (): string => {
    let payload = ""
    for (const point of points) payload += literal(point)
    // Converting it to a number stops at the first letter, but flattens the string first.
    read = Number(payload)
    return payload
  }
  const eachFlattened = (): ReadonlyArray<string> =>
    points.map((point) => {
      const line = literal(point)
      read = Number(line)
      return line
    })
  const rope = (): string => {
    let payload = ""
    for (const point of points) payload += literal(point)
    return payload
  }
  const encode = (): ReadonlyArray<string> =>
    points.map((point) => {
      const line = LineProtocol.encode(point)
      if (Result.isFailure(line)) throw line.failure
      return line.success
    })

  const contenders: ReadonlyArray<Contender<string | Uint8Array | ReadonlyArray<string>>> = [
    ["template literal: a rope of pieces, no bytes yet", rope],
    ["template literal: one string, no bytes yet", flattened],
    ["template literal: a string for each line, no bytes yet", eachFlattened, "string"],
    joined,
    eachWritten,
    ["**efflux, the writer**: bytes in a buffer, line by line", write, "writer"],
    ["efflux, the writer, with building the point", buildAndWrite],
    ["efflux, `LineProtocol.encode`: a string for each point", encode, "encode"],
    [
      "efflux, `LineProtocol.encode`, with options",
      () => points.map((point) => Result.getOrThrow(LineProtocol.encode(point, { precision: "ns" })))
    ],
    ...rivals.flatMap((rival): ReadonlyArray<Contender<string | Uint8Array>> => {
      const run = rival.prepare(shape)
      return run === undefined ? [] : [[rival.name, run, rival.package]]
    })
  ]
  const expected = canonical(joined[1]())
  for (const [name, run] of contenders) {
    // The second run uses what a contender may have cached.
    run()
    Assert.equal(canonical(run()), expected, `${shape.name}: ${name} does not write the same points`)
  }
  Assert.deepEqual(
    Buffer.from(write()),
    Buffer.from(eachWritten[1]()),
    "the writer and the literal write the same bytes"
  )
  return rungsOf(contenders, shape)
}
