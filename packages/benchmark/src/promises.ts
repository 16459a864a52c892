/**
 * The figures that Efflux promises: the group that measures one, its name there, its limit with as many decimals as the
 * figure is printed with, and a description. All are ratios within one run, so they do not depend on the speed of the
 * machine.
 */
import type { Promised } from "./Promised.ts"

const table = `
encode   | encode/literal                 | at most 0.70 | time to encode the request point, relative to a template literal, both line by line into a buffer
encode   | encode/rival                   | at least 3.5 | time of the fastest other client for that, relative to Efflux
encode   | encode/bytes                   | at least 5   | bytes that influxdb-client allocates for that, relative to Efflux
encode   | encode/string                  | at most 1.20 | time of \`LineProtocol.encode\`, relative to a template literal that makes a string of each line
series   | series/plain                   | at most 1.10 | time to encode it as a point of a typed series, relative to a plain point
series   | series/literal                 | at most 0.75 | time to encode it as a point of a typed series, relative to the template literal
kinds    | kinds/encode                   | at most 1.50 | time per byte to encode the slowest kind of point, relative to the plain one
decode   | decode/encode                  | at most 2.00 | time to decode it in a text of many lines, relative to encoding it
decode   | decodeLine/encode              | at most 2.50 | time to decode it as a single line, relative to encoding it
decode   | decode/rival                   | at least 3.0 | time of the fastest other decoder for a single line, relative to \`decode\`
kinds    | kinds/decode                   | at most 2.30 | time per byte to decode the slowest kind of line, relative to the plain request line
kinds    | kinds/keys                     | at most 5.00 | the same where field keys, or the order of keys, never come again
push     | push/offer full                | at most 1.30 | time of a yielded push to a full queue, relative to a yielded \`Queue.offer\`
push     | push/offer drained             | at most 1.30 | the same with a queue that is drained
push     | pushUnsafe/offerUnsafe full    | at most 1.50 | time of \`pushUnsafe\` to a full queue, relative to \`Queue.offerUnsafe\`
push     | pushUnsafe/offerUnsafe drained | at most 1.50 | the same with a queue that is drained
flat     | flat/databases                 | at most 1.15 | time of a point with 64 databases, relative to one database
flat     | flat/queue                     | at most 1.15 | time of a point with a queue of 1 000 000, relative to a queue of 1000
flat     | flat/series                    | at most 1.10 | time of a point of 1 000 000 series, relative to one series
rivals   | rivals/influxdb-client         | at least 3.0 | time of influxdb-client over HTTP, relative to Efflux over UDP with payloads of 8192 bytes, end to end
rivals   | rivals/hot-shots large         | at least 2.0 | time of a value with hot-shots, relative to a point with Efflux, payloads of 8192 bytes
rivals   | rivals/hot-shots small         | at least 2.0 | time of a value with hot-shots, relative to a value with Efflux, payloads of 1432 bytes
http     | http/fastest                   | at least 2.5 | time of the fastest other client over HTTP, relative to Efflux over HTTP, end to end
http     | http/fastest gzip              | at least 2.0 | the same with gzip
overload | overload/push p99              | at most 2.00 | 99th percentile of the time of a push under ten times the load, relative to a push without overload
overload | overload/loop p99              | at most 50.0 | 99th percentile of the delay of the event loop meanwhile, in milliseconds
overload | overload/memory                | at most 1.0  | growth of the live memory meanwhile, in megabytes a minute
startup  | startup/import                 | at most 1.15 | processor time of a program that imports Efflux, relative to one that imports Effect and the nearest other client
startup  | startup/time                   | at most 1.30 | the same for a program that pushes one point over UDP and ends
startup  | startup/memory                 | at most 1.10 | its peak resident memory, relative to the same
`

export const promises: ReadonlyArray<Promised> = table.trim().split("\n").map((row) => {
  const [group, name, limit, what] = row.split("|").map((cell) => cell.trim())
  const [, side, value, digits = ""] = /^at (most|least) (\d+(?:\.(\d+))?)$/.exec(limit)!
  return {
    name,
    group,
    what,
    limit: side === "most" ? { atMost: Number(value) } : { atLeast: Number(value) },
    digits: digits.length
  }
})
