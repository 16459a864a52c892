/** Kinds of lines to decode, each a variation of a plain one with 4 tags and 4 fields. */
import { LineProtocol } from "efflux"
import * as Assert from "node:assert/strict"
import { batch } from "../Shape.ts"
import type { KindRung } from "./Kind.ts"

interface Lines {
  readonly name: string
  readonly line: (i: number) => string
  readonly dialect?: LineProtocol.Dialect
  /** The separator of two lines. */
  readonly separator?: string
  /** Points in the whole text, if not one per line. */
  readonly points?: number
  /** Whether every text is decoded only once. Otherwise 24 texts are decoded in turn. */
  readonly endless?: boolean
  readonly figure?: string
}

/** The figure of the kinds whose keys, or their order, never come again: an engine can't share what it knows of objects. */
export const strangeKeys = "kinds/keys"

const pick = <A>(values: ReadonlyArray<A>, i: number): A => values[i % values.length]
const hosts = ["web-01", "web-02", "web-03", "db-01"]
const routes = ["/users", "/users/:id", "/orders/:id/items", "/health"]
const stamp = (i: number): string => String(1_767_225_600_000_000_000n + BigInt(i) * 1_234_567n)
const path = (i: number): string => `/users/${(i * 31) % 1000}`

interface Parts {
  readonly measurement?: string
  readonly tagKey?: string
  readonly host?: string
  readonly route?: string
  readonly method?: string
  readonly status?: string
  readonly fields?: string
  readonly fieldKey?: string
  readonly path?: string
  readonly timestamp?: string
}

/** Unique for 97 million lines, of the length that it has in the first 12 000. */
const unique = (i: number): number => (i * 7919) % 97_000_000

const lineOf = (i: number, parts: Parts = {}): string =>
  `${parts.measurement ?? "http_request"},${parts.tagKey ?? "host"}=${parts.host ?? pick(hosts, i)},` +
  `method=${parts.method ?? pick(["GET", "POST", "PUT"], i)},route=${parts.route ?? pick(routes, i * 7)},` +
  `status=${parts.status ?? pick(["200", "404", "500"], i >> 2)} ` +
  (parts.fields ?? `${parts.fieldKey ?? "duration"}=${((i * 7919) % 100_000) / 1000},` +
      `bytes=${(i * 104_729) % 1_000_000}i,ok=${i % 5 !== 0},path="${parts.path ?? path(i)}"`) +
  (parts.timestamp ?? ` ${stamp(i)}`)

const tagsOf = (series: number): Parts => ({
  host: `web-${unique(series)}`,
  route: pick(routes, series),
  method: pick(["GET", "POST", "PUT"], series),
  status: pick(["200", "404", "500"], series)
})

const numbered = (count: number, value: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => `field_${n}=${value(n)}`).join(",")

const cpuFields = ["user", "system", "idle", "nice", "iowait", "irq", "softirq", "steal", "guest", "guest_nice"]

/** The items in the order that `i` draws, each with the same end. */
const shuffled = (items: ReadonlyArray<string>, i: number, end: string): string => {
  const left = [...items]
  let seed = i
  return items.map(() => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return left.splice((seed >>> 8) % left.length, 1)[0] + end
  }).join(",")
}

const words = "The quick brown fox jumps over the lazy dog, and then it does so once more for good measure. "

/** The first is the plain kind, the reference for the others. */
const kinds: ReadonlyArray<Lines> = [
  { name: "plain", line: (i) => lineOf(i) },
  {
    name: "an escaped space in a tag value",
    line: (i) => lineOf(i, { host: `web\\ ${pick(["a", "b", "c", "d"], i)}` })
  },
  { name: "an escaped space in a tag key", line: (i) => lineOf(i, { tagKey: "host\\ name" }) },
  { name: "an escaped space in the measurement", line: (i) => lineOf(i, { measurement: "http\\ request" }) },
  { name: "an escaped space in a field key", line: (i) => lineOf(i, { fieldKey: "total\\ duration" }) },
  {
    name: "escapes in all names",
    line: (i) =>
      lineOf(i, {
        measurement: "http\\,\\ request",
        tagKey: "host\\=name",
        host: `web\\,${pick(["a", "b", "c", "d"], i)}\\ x`,
        route: `a\\=${i % 3}\\,b`,
        fieldKey: "total\\ duration\\,\\ s"
      })
  },
  {
    name: "an escape in an ever new tag value",
    endless: true,
    line: (i) => lineOf(i, { host: `web\\ ${unique(i)}` })
  },
  {
    name: "late escapes in an ever new tag value",
    endless: true,
    line: (i) => lineOf(i, { host: `web-server-at-${unique(i)}\\ rack\\ 7` })
  },
  {
    name: "an ever new Windows path in a tag",
    endless: true,
    line: (i) => lineOf(i, { route: `C:\\Users\\Documents\\${unique(i)}\\Pictures` })
  },
  { name: "a Windows path in a tag", line: (i) => lineOf(i, { route: `C:\\Users\\${pick(hosts, i)}\\app` }) },
  { name: "quotes in a tag", line: (i) => lineOf(i, { host: `"${pick(hosts, i)}"` }) },
  { name: "an ever new tag value", endless: true, line: (i) => lineOf(i, { host: `web-${unique(i)}` }) },
  {
    name: "an ever new tag value of 36 characters",
    endless: true,
    line: (i) => lineOf(i, { host: `0f8fad5b-d9cb-469f-a165-${String(unique(i)).padStart(12, "0")}` })
  },
  {
    name: "ever new tag values, all four",
    endless: true,
    line: (i) =>
      `m,a=x${(i * 31) % 380_000},b=y${unique(i)},c=z${(i * 104_729) % 1_280_000_000},d=w${(i * 13) % 160_000} ` +
      `v=${i % 97},w=${i % 89} ${stamp(i)}`
  },
  ...[100, 1000, 2000, 5000, 100_000].map((series) => ({
    name: `${series} series in turn`,
    endless: series > 10_000,
    line: (i: number) => lineOf(i, tagsOf(i % series))
  })),
  {
    name: "1000 series at random",
    line: (i) => lineOf(i, tagsOf(((Math.imul(i, 0x9e3779b1) ^ Math.imul(i, 0x85ebca6b)) >>> 8) % 1000))
  },
  { name: "every other line of a new series", endless: true, line: (i) => lineOf(i, tagsOf(i % 2 === 0 ? i : i % 20)) },
  { name: "a new series in 50 lines", endless: true, line: (i) => lineOf(i, tagsOf(i % 50 === 0 ? i : i % 20)) },
  { name: "20 new series, then a known one", endless: true, line: (i) => lineOf(i, tagsOf(i % 21 === 0 ? 0 : i)) },
  {
    name: "several measurements in turn",
    line: (i) => lineOf(i, { measurement: pick(["http_request", "rpc_call", "sql_query", "job", "cache_hit"], i) })
  },
  {
    name: "keys in one of 48 orders",
    line: (i) => {
      const pair = (n: number) => `key_${(i * 7 + n * (1 + i % 3)) % 16}=${i % 50}`
      return `mixed,host=${pick(hosts, i)} ${[0, 1, 2, 3, 4].map(pair).join(",")} ${stamp(i)}`
    }
  },
  {
    name: "10 fields in random order",
    endless: true,
    figure: strangeKeys,
    line: (i) => `cpu,cpu=cpu${i % 8},host=web-01 ${shuffled(cpuFields, i, "=12.5")} ${stamp(i)}`
  },
  {
    name: "10 tags in random order",
    endless: true,
    figure: strangeKeys,
    line: (i) => `cpu,${shuffled(cpuFields, i, "=idle-cpu")} v=${i % 97},w=${i % 89} ${stamp(i)}`
  },
  {
    name: "an ever new field key",
    endless: true,
    figure: strangeKeys,
    line: (i) => lineOf(i, { fields: `key_${unique(i)}=1,duration=12.5,bytes=12i,ok=true` })
  },
  {
    name: "escaped quotes in a string",
    line: (i) => lineOf(i, { path: `he said \\"no\\" ${i} times, then \\"yes\\"` })
  },
  { name: "a Windows path in a string", line: (i) => lineOf(i, { path: `C:\\\\Users\\\\${i}\\\\AppData\\\\Local` }) },
  {
    name: "JSON in a string",
    line: (i) =>
      lineOf(i, { path: `{\\"id\\":${i},\\"name\\":\\"item ${i % 7}\\",\\"tags\\":[\\"a\\",\\"b\\"],\\"ok\\":true}` })
  },
  { name: "a string of 1 KB", line: (i) => lineOf(i, { path: `${i} ${words.repeat(11)}` }) },
  { name: "a string of 40 characters", line: (i) => lineOf(i, { path: `${i} ${words}`.slice(0, 40) }) },
  {
    name: "non-ASCII",
    line: (i) =>
      lineOf(i, {
        host: pick(["Köln", "München", "東京"], i),
        path: `${pick(["Grüße aus Köln", "ありがとう"], i)} ${i}`
      })
  },
  { name: "emoji", line: (i) => lineOf(i, { host: pick(["🦜", "✅"], i), path: `🦜🦜 ${i} ✅` }) },
  {
    name: "integers near 2⁶³",
    line: (i) => lineOf(i, { fields: [1, 2, 3, 4].map((n) => `n${n}=${2n ** 63n - BigInt(i * n + 1)}i`).join(",") })
  },
  {
    name: "4 floats of 17 digits",
    line: (i) => lineOf(i, { fields: numbered(4, (n) => String(Math.sqrt(i * 13 + n + 0.7))) })
  },
  {
    name: "4 floats with exponents",
    line: (i) =>
      lineOf(i, { fields: numbered(4, (n) => `${1 + (i % 90) / 10}e${pick(["-7", "+12", "9", "21"], i + n)}`) })
  },
  {
    name: "4 floats of 17 digits with exponents",
    line: (i) => lineOf(i, { fields: numbered(4, (n) => String(Math.sqrt(i * 13 + n + 0.7) * 1e-9)) })
  },
  {
    name: "10 floats",
    line: (i) => lineOf(i, { fields: numbered(10, (n) => String(((i * 7919 + n * 31) % 100_000) / 1000)) })
  },
  {
    name: "negative numbers",
    line: (i) => lineOf(i, { fields: numbered(4, (n) => `-${(i * 7919 + n) % 10_000}${n % 2 ? "i" : ".5"}`) })
  },
  { name: "100 fields", line: (i) => lineOf(i, { fields: numbered(100, (n) => String((i * 31 + n) % 1000)) }) },
  ...[20, 40].map((count) => ({
    name: `${count} tags`,
    line: (i: number) =>
      `m,${Array.from({ length: count }, (_, n) => `tag_${n}=value-${(i + n) % 10}`).join(",")} v=${i} ${stamp(i)}`
  })),
  { name: "without a timestamp", line: (i) => lineOf(i, { timestamp: "" }) },
  { name: "CR LF, as Telegraf reads it", line: (i) => lineOf(i), separator: "\r\n", dialect: "telegraf" },
  {
    name: "CR LF, as VictoriaMetrics reads it",
    line: (i) => lineOf(i),
    separator: "\r\n",
    dialect: "victoria-metrics"
  },
  {
    name: "backslashes in pairs, as InfluxDB 3 reads them",
    line: (i) => lineOf(i, { route: `C:\\\\Users\\\\${pick(hosts, i)}` }),
    dialect: "influx-3"
  },
  { name: "comments", line: (i) => `# ${words.slice(0, 40)} ${i}`, points: 0 },
  { name: "a comment before each line", line: (i) => `# request ${i}\n${lineOf(i)}` }
]

export interface DecodeKind extends KindRung {
  /** Some texts, which the Go library gets as well. */
  readonly texts: ReadonlyArray<Uint8Array>
  /** A rung that decodes the next text. */
  readonly decoding: (decode: (text: Uint8Array) => unknown) => Pick<KindRung, "before" | "run">
}

export const decodeKindRungs = (): ReadonlyArray<DecodeKind> =>
  kinds.map(({ dialect, endless = false, figure, line, name, points = batch, separator = "\n" }) => {
    const options = dialect === undefined ? {} : { dialect }
    const textOf = (n: number): Uint8Array =>
      new TextEncoder().encode(
        Array.from({ length: batch }, (_, i) => line(n * batch + i)).join(separator) + separator
      )
    const texts = Array.from({ length: 24 }, (_, n) => textOf(n))
    for (const text of texts) {
      const { errors, points: made } = LineProtocol.decodeAll(text, options)
      Assert.deepEqual(errors, [], name)
      Assert.equal(made.length, points, name)
    }
    const decoding: DecodeKind["decoding"] = (decode) => {
      let next = 0
      if (!endless) return { run: () => decode(texts[next++ % texts.length]) }
      let text = texts[0]
      return { before: async () => void (text = textOf(next++)), run: () => decode(text) }
    }
    return {
      kind: name,
      ...(figure && { figure }),
      texts,
      bytes: texts.reduce((sum, text) => sum + text.length, 0) / texts.length,
      decoding,
      ...decoding((text) => LineProtocol.decodeAll(text, options))
    }
  })
