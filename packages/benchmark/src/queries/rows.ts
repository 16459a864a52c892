/** The rows that are queried, and how each API writes them. */

import * as MsgPack from "@efflux/testkit/MsgPack"

/** The first instant and the step to the next, in nanoseconds. */
const start = 1_767_225_600_000_000_001n
const step = 1_000_003n

const two = (n: number): string => n < 10 ? `0${n}` : String(n)

/** An instant as InfluxDB 1 and 2 write it. */
const text = (n: number): string => {
  const nanos = start + BigInt(n) * step
  return `${new Date(Number(nanos / 1_000_000n)).toISOString().slice(0, 19)}.${
    (nanos % 1_000_000_000n).toString().padStart(9, "0")
  }Z`
}

/** A load with up to three digits, with and without a fraction. */
const load = (n: number): number => (n % 1000) / 8

export const lineProtocol = (n: number): string =>
  `cpu,host=host-${two(n % 20)} load=${load(n)},n=${n}i ${start + BigInt(n) * step}`

export const json = (n: number): string => `["${text(n)}","host-${two(n % 20)}",${load(n)},${n}]`

/** As InfluxDB 1 writes a row in MessagePack. */
export const msgPack = (n: number): ReadonlyArray<unknown> => [
  new MsgPack.Time(start + BigInt(n) * step),
  `host-${two(n % 20)}`,
  load(n),
  BigInt(n)
]

export const csv = (n: number): string => `,,0,${text(n)},host-${two(n % 20)},${load(n)},${n}\r\n`

export const csvHead = "#datatype,string,long,dateTime:RFC3339,string,double,long\r\n" +
  "#group,false,false,false,false,false,false\r\n#default,_result,,,,,\r\n,result,table,time,host,load,n\r\n"

export const jsonLine = (n: number): string =>
  `{"host":"host-${two(n % 20)}","load":${load(n).toFixed(3)},"n":${n},"time":"${text(n).slice(0, -1)}"}\n`

/** A checksum of the rows that a contender has read. */
export interface Sum {
  readonly rows: number
  readonly n: number
  readonly load: number
  /** The sum of the lengths of the host names. */
  readonly hosts: number
  /** The sum of the milliseconds of all times. */
  readonly millis: number
}

/** The checksum of that many rows, computed without a server. */
export const sumOf = (count: number): Sum => {
  let millis = 0
  let loads = 0
  for (let n = 0; n < count; n++) {
    millis += Number((start + BigInt(n) * step) / 1_000_000n % 1000n)
    loads += load(n)
  }
  return { rows: count, n: count * (count - 1) / 2, load: loads, hosts: count * "host-00".length, millis }
}
