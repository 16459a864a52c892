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
    name: "series/literal",
    group: "series",
    what: "time to encode it as a point of a typed series, by the template literal's",
    limit: { atMost: 0.45 },
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
  }
]
