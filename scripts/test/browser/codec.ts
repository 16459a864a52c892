/** The codec in a page: a hostile point is encoded and decoded by every function that can do it. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as LineProtocol from "efflux/LineProtocol"
import * as Point from "efflux/Point"
import * as Precision from "efflux/Precision"

export const hostile = {
  measurement: "a, b=c\"é\u{1f600}",
  tags: { ["__proto__"]: "x y", "k=,\" \u{10ffff}": "\\v, =\ufeff" },
  fields: {
    "big": -(2n ** 63n),
    "f l,o=at": 5e-324,
    "nega\"tive": -0,
    "string": "line\nfeed \"quoted\\\" \\ \u0000 </script> \u2028",
    "true": true,
    "unsigned": Point.uint(2n ** 64n - 1n)
  },
  timestamp: Precision.minTimestamp
} satisfies Point.Point

export const report = () => {
  const options = { dialect: "influx-2" } as const
  const line = Result.getOrThrow(LineProtocol.encode(hostile, options))
  const Line = LineProtocol.makeLine(options)
  const read = Schema.decodeUnknownSync(Line)(line)
  const bytes = new TextEncoder().encode(`${line}\nbad\ncpu load=0.5 1`)
  return {
    line,
    decoded: Result.getOrThrow(LineProtocol.decode(line, options)),
    negativeZero: Object.is(read.fields["nega\"tive"], -0),
    again: Schema.encodeSync(Line)(read) === line,
    isPoint: Schema.is(Point.Point)(hostile),
    refused:
      LineProtocol.encode({ measurement: "m", fields: { time: 1 } }).pipe(Result.flip, Result.getOrThrow).message,
    streamed: Effect.runSync(
      Stream.make(bytes.subarray(0, 20), bytes.subarray(20)).pipe(
        LineProtocol.decodeStream(options),
        Stream.map(Result.match({ onSuccess: (point) => point.measurement, onFailure: (error) => error.message })),
        Stream.runCollect
      )
    ),
    seconds: Result.getOrThrow(Precision.fromNanos(-1n, "s"))
  }
}
