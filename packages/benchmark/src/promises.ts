/** The figures that Efflux promises. All are ratios of one run: of a machine, only the time of the run matters. */
import type { Promised } from "./Promised.ts"

export const promises: ReadonlyArray<Promised> = [
  {
    name: "encode/literal",
    group: "encode",
    what: "time to encode the request point, relative to a template literal, both line by line into a buffer",
    limit: { atMost: 0.7 },
    digits: 2
  },
  {
    name: "encode/rival",
    group: "encode",
    what: "time of the fastest other client for that, relative to Efflux",
    limit: { atLeast: 3.5 },
    digits: 1
  },
  {
    name: "encode/bytes",
    group: "encode",
    what: "bytes that influxdb-client allocates for that, relative to Efflux",
    limit: { atLeast: 5 },
    digits: 0
  },
  {
    name: "encode/string",
    group: "encode",
    what: "time of `LineProtocol.encode`, relative to a template literal that makes a string of each line",
    limit: { atMost: 1.2 },
    digits: 2
  },
  {
    name: "series/plain",
    group: "series",
    what: "time to encode it as a point of a typed series, relative to a plain point",
    limit: { atMost: 1.1 },
    digits: 2
  },
  {
    name: "series/literal",
    group: "series",
    what: "time to encode it as a point of a typed series, relative to the template literal",
    limit: { atMost: 0.7 },
    digits: 2
  },
  {
    name: "kinds/encode",
    group: "kinds",
    what: "time per byte to encode the slowest kind of point, relative to the plain one",
    limit: { atMost: 1.5 },
    digits: 2
  },
  {
    name: "decode/encode",
    group: "decode",
    what: "time to decode it in a text of many lines, relative to encoding it",
    limit: { atMost: 2.5 },
    digits: 2
  },
  {
    name: "decodeLine/encode",
    group: "decode",
    what: "time to decode it as a single line, relative to encoding it",
    limit: { atMost: 2.5 },
    digits: 2
  },
  {
    name: "decode/rival",
    group: "decode",
    what: "time of the fastest other decoder for a single line, relative to `decode`",
    limit: { atLeast: 3 },
    digits: 1
  },
  {
    name: "kinds/decode",
    group: "kinds",
    what: "time per byte to decode the slowest kind of line, relative to the plain request line",
    limit: { atMost: 2.3 },
    digits: 2
  },
  {
    name: "push/offer full",
    group: "push",
    what: "time of a yielded push to a full queue, relative to a yielded `Queue.offer`",
    limit: { atMost: 1.3 },
    digits: 2
  },
  {
    name: "push/offer drained",
    group: "push",
    what: "the same with a queue that is drained",
    limit: { atMost: 1.3 },
    digits: 2
  },
  {
    name: "pushUnsafe/offerUnsafe full",
    group: "push",
    what: "time of `pushUnsafe` to a full queue, relative to `Queue.offerUnsafe`",
    limit: { atMost: 1.5 },
    digits: 2
  },
  {
    name: "pushUnsafe/offerUnsafe drained",
    group: "push",
    what: "the same with a queue that is drained",
    limit: { atMost: 1.5 },
    digits: 2
  },
  {
    name: "flat/databases",
    group: "flat",
    what: "time of a point with 64 databases, relative to one database",
    limit: { atMost: 1.15 },
    digits: 2
  },
  {
    name: "flat/queue",
    group: "flat",
    what: "time of a point with a queue of 1 000 000, relative to a queue of 1000",
    limit: { atMost: 1.15 },
    digits: 2
  },
  {
    name: "flat/series",
    group: "flat",
    what: "time of a point of 1 000 000 series, relative to one series",
    limit: { atMost: 1.2 },
    digits: 2
  },
  {
    name: "rivals/influxdb-client",
    group: "rivals",
    what: "time of influxdb-client over HTTP, relative to Efflux over UDP with payloads of 8192 bytes, end to end",
    limit: { atLeast: 3 },
    digits: 1
  },
  {
    name: "rivals/hot-shots large",
    group: "rivals",
    what: "time of a value with hot-shots, relative to a point with Efflux, payloads of 8192 bytes",
    limit: { atLeast: 2 },
    digits: 1
  },
  {
    name: "rivals/hot-shots small",
    group: "rivals",
    what: "time of a value with hot-shots, relative to a value with Efflux, payloads of 1432 bytes",
    limit: { atLeast: 2 },
    digits: 1
  },
  {
    name: "http/fastest",
    group: "http",
    what: "time of the fastest other client over HTTP, relative to Efflux over HTTP, end to end",
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
    what: "99th percentile of the time of a push under ten times the load, relative to a push without overload",
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
    what: "growth of the live memory meanwhile, in megabytes a minute",
    limit: { atMost: 1 },
    digits: 1
  },
  {
    name: "startup/import",
    group: "startup",
    what:
      "processor time of a program that imports Efflux, relative to one that imports Effect and the nearest other client",
    limit: { atMost: 1.15 },
    digits: 2
  },
  {
    name: "startup/time",
    group: "startup",
    what: "the same for a program that pushes one point over UDP and ends",
    limit: { atMost: 1.3 },
    digits: 2
  },
  {
    name: "startup/memory",
    group: "startup",
    what: "its peak resident memory, relative to the same",
    limit: { atMost: 1.1 },
    digits: 2
  }
]
