/** A typed series in a page: points become lines, and lines and rows become values again. */
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as LineProtocol from "efflux/LineProtocol"
import * as Point from "efflux/Point"
import * as Series from "efflux/Series"

const vitals = Series.make("web_vitals", {
  tags: { page: Schema.String, "device class": Schema.Literals(["phone", "desktop"]), ["__proto__"]: Schema.String },
  fields: {
    load: Schema.DurationFromMillis,
    clicks: Schema.BigInt,
    memory: Schema.optional(Point.UintSchema),
    cached: Schema.Boolean
  }
})

export const report = () => {
  const mine = vitals.with({ "device class": "phone", ["__proto__"]: "p" })
  const point = mine.point({
    page: "/a b",
    load: Duration.millis(12.5),
    clicks: 3n,
    memory: Point.uint(2n ** 64n - 1n),
    cached: false,
    timestamp: new Date(1_767_225_600_000)
  })
  const line = Result.getOrThrow(LineProtocol.encode(point, { dialect: "influx-3" }))
  const read = Result.getOrThrow(
    vitals.decodePoint(Result.getOrThrow(LineProtocol.decode(line, { dialect: "influx-3" })))
  )
  const row = Result.getOrThrow(vitals.decodeRow({
    time: "2026-01-01T00:00:00Z",
    page: "/",
    "device class": "desktop",
    ["__proto__"]: "p",
    load: 1,
    clicks: 2,
    cached: true
  }))
  const refused = LineProtocol.encode(
    mine.point({ page: "/", load: Duration.zero, clicks: "3" as unknown as bigint, cached: true })
  )
  return {
    line,
    load: Duration.toMillis(read.load),
    timestamps: [read.timestamp, row.timestamp],
    clicks: row.clicks,
    again: Result.getOrThrow(LineProtocol.encode(vitals.point(read), { dialect: "influx-3" })) === line,
    refused: Result.getOrThrow(Result.flip(refused)).message
  }
}
