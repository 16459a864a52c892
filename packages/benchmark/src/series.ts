/** The request point as a typed series, compared with the template literal and with the plain point. */
import { Duration, Schema } from "effect"
import { LineProtocol, type Point, Series } from "efflux"
import * as Assert from "node:assert/strict"
import { capacity, type Contender, literals, rungsOf } from "./codec.ts"
import type { Rung } from "./Measure.ts"
import { request4x4 } from "./Shape.ts"

const tags = { host: Schema.String, method: Schema.String, route: Schema.String, status: Schema.String }
const fields = { duration: Schema.Number, bytes: Schema.BigInt, ok: Schema.Boolean, path: Schema.String }

const requests = Series.make("http_request", { tags, fields })
const checked = Series.make("http_request", {
  tags: {
    ...tags,
    method: Schema.Literals(["GET", "POST", "PUT"]),
    status: Schema.Literals(["200", "404", "500"])
  },
  fields: { ...fields, duration: Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0)) }
})
const transformed = Series.make("http_request", { tags, fields: { ...fields, duration: Schema.DurationFromMillis } })

type Values = Parameters<typeof checked.point>[0]

// An object literal as in a program, with the values of the point.
const values = (point: Point.Input): Values => {
  const { bytes, duration, ok, path } = point.fields as Pick<Values, keyof typeof fields>
  const { host, method, route, status } = point.tags as Pick<Values, keyof typeof tags>
  return { host, method, route, status, duration, bytes, ok, path, timestamp: point.timestamp }
}

export const seriesRungs = (): ReadonlyArray<Rung> => {
  const { build, points } = request4x4
  const writer = LineProtocol.makeWriter(capacity)

  const written = <A>(items: ReadonlyArray<A>, point: (item: A) => Point.Input) => (): Uint8Array => {
    writer.position = 0
    for (const item of items) writer.write(point(item))
    return writer.bytes.subarray(0, writer.position)
  }
  const flat = points.map(values)
  const durations = flat.map((value) => ({ ...value, duration: Duration.millis(value.duration) }))
  const ready = flat.map(requests.point)
  const contenders: ReadonlyArray<Contender<Uint8Array>> = [
    ...literals(request4x4),
    ["efflux, the writer", written(points, (point) => point), "plain"],
    ["efflux, the writer, with building the point", written(points, build)],
    ["**efflux, a series**", written(ready, (point) => point), "series"],
    ["efflux, a series, with building the values", written(points, (point) => requests.point(values(point)))],
    ["efflux, a series with literals and a check", written(flat, checked.point)],
    ["efflux, a series that transforms a `Duration`", written(durations, transformed.point)]
  ]
  const expected = Buffer.from(contenders[0][1]())
  for (const [name, run] of contenders) {
    for (let again = 0; again < 2; again++) {
      Assert.deepEqual(Buffer.from(run()), expected, `${name}: not the same bytes`)
    }
  }
  return rungsOf(contenders, request4x4)
}
