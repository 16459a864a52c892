/** The figures that Efflux promises. All are ratios of one run: of a machine, only the time of the run matters. */
import type { Promised } from "./Promised.ts"

export const promises: ReadonlyArray<Promised> = [
  {
    name: "encode/literal",
    group: "encode",
    what: "time to encode the request point, by a template literal's, both line by line into a buffer",
    limit: { atMost: 0.7 },
    digits: 2
  },
  {
    name: "encode/rival",
    group: "encode",
    what: "time of the fastest other client for that, by that of encode",
    limit: { atLeast: 3.5 },
    digits: 1
  },
  {
    name: "encode/bytes",
    group: "encode",
    what: "bytes that influxdb-client allocates for that, by those of encode",
    limit: { atLeast: 5 },
    digits: 0
  },
  {
    name: "encode/string",
    group: "encode",
    what: "time of `LineProtocol.encode`, by that of a template literal that makes a string of each line",
    limit: { atMost: 1.5 },
    digits: 2
  },
  {
    name: "series/plain",
    group: "series",
    what: "time to encode it as a point of a typed series, by that as a plain point",
    limit: { atMost: 1.1 },
    digits: 2
  },
  {
    name: "series/literal",
    group: "series",
    what: "time to encode it as a point of a typed series, by the template literal's",
    limit: { atMost: 0.45 },
    digits: 2
  },
  {
    name: "kinds/encode",
    group: "kinds",
    what: "time per byte to encode the worst kind of point, by that of the plain one",
    limit: { atMost: 1.5 },
    digits: 2
  },
  {
    name: "decode/encode",
    group: "decode",
    what: "time to decode it, of a text of many lines, by that to encode it",
    limit: { atMost: 2.5 },
    digits: 2
  },
  {
    name: "decodeLine/encode",
    group: "decode",
    what: "time to decode it, as a line by itself, by that to encode it",
    limit: { atMost: 2.5 },
    digits: 2
  },
  {
    name: "decode/rival",
    group: "decode",
    what: "time of the fastest other decoder for a line by itself, by that of decode",
    limit: { atLeast: 3 },
    digits: 1
  },
  {
    name: "kinds/decode",
    group: "kinds",
    what: "time to decode a byte of the worst kind of line, by that of the plain request line",
    limit: { atMost: 2.5 },
    digits: 2
  },
  {
    name: "push/offer full",
    group: "push",
    what: "time of a yielded push, by that of a yielded `Queue.offer`, the queue full",
    limit: { atMost: 1.3 },
    digits: 2
  },
  {
    name: "push/offer drained",
    group: "push",
    what: "the same, the queue drained",
    limit: { atMost: 1.3 },
    digits: 2
  },
  {
    name: "pushUnsafe/offerUnsafe full",
    group: "push",
    what: "time of `pushUnsafe`, by that of `Queue.offerUnsafe`, the queue full",
    limit: { atMost: 1.3 },
    digits: 2
  },
  {
    name: "pushUnsafe/offerUnsafe drained",
    group: "push",
    what: "the same, the queue drained",
    limit: { atMost: 1.3 },
    digits: 2
  },
  {
    name: "flat/databases",
    group: "flat",
    what: "time of a point with 64 databases, by that with one",
    limit: { atMost: 1.15 },
    digits: 2
  },
  {
    name: "flat/queue",
    group: "flat",
    what: "time of a point with a queue of 1 000 000, by that with one of 1000",
    limit: { atMost: 1.15 },
    digits: 2
  },
  {
    name: "flat/series",
    group: "flat",
    what: "time of a point of 1 000 000 series, by that of one series",
    limit: { atMost: 1.15 },
    digits: 2
  },
  {
    name: "rivals/influxdb-client",
    group: "rivals",
    what: "time of influxdb-client over HTTP, by that of Efflux over UDP with payloads of 8192 bytes, end to end",
    limit: { atLeast: 4 },
    digits: 1
  },
  {
    name: "rivals/hot-shots large",
    group: "rivals",
    what: "time of a value with hot-shots, by that of a point with Efflux, payloads of 8192 bytes",
    limit: { atLeast: 2 },
    digits: 1
  },
  {
    name: "rivals/hot-shots small",
    group: "rivals",
    what: "time of a value with hot-shots, by that of a value with Efflux, payloads of 1432 bytes",
    limit: { atLeast: 2 },
    digits: 1
  },
  {
    name: "http/fastest",
    group: "http",
    what: "time of the fastest other client over HTTP, by that of Efflux over HTTP, end to end",
    limit: { atLeast: 2.5 },
    digits: 1
  },
  {
    name: "http/fastest gzip",
    group: "http",
    what: "the same with gzip",
    limit: { atLeast: 2.5 },
    digits: 1
  },
  {
    name: "overload/push p99",
    group: "overload",
    what: "99th percentile of the time of a push under ten times too much, by that without",
    limit: { atMost: 2 },
    digits: 2
  },
  {
    name: "overload/loop p99",
    group: "overload",
    what: "99th percentile of the delay of the event loop meanwhile, in milliseconds",
    limit: { atMost: 50 },
    digits: 1
  },
  {
    name: "overload/memory",
    group: "overload",
    what: "growth meanwhile of what lives in memory, in megabytes a minute",
    limit: { atMost: 1 },
    digits: 1
  },
  {
    name: "startup/import",
    group: "startup",
    what:
      "processor time of a program that imports Efflux, by that of one with Effect alone and the nearest other client together",
    limit: { atMost: 1.15 },
    digits: 2
  },
  {
    name: "startup/time",
    group: "startup",
    what: "the same of a program that pushes one point over UDP and ends",
    limit: { atMost: 1.3 },
    digits: 2
  },
  {
    name: "startup/memory",
    group: "startup",
    what: "the most that is resident then, by the same",
    limit: { atMost: 1.05 },
    digits: 2
  }
]
