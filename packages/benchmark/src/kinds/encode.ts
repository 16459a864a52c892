/** Kinds of points for the writer. */
import { DateTime } from "effect"
import { LineProtocol, type Point, Precision } from "efflux"
import * as Assert from "node:assert/strict"
import { request4x4 } from "../Shape.ts"
import type { Kind, KindRung } from "./Kind.ts"

type Tags = NonNullable<Point.Input["tags"]>
type Fields = Point.Input["fields"]

interface Change {
  readonly measurement?: (i: number) => string
  readonly tags?: (tags: Tags, i: number) => Tags
  readonly fields?: (fields: Fields, i: number) => Fields
  readonly timestamp?: (timestamp: bigint, i: number) => Point.Timestamp | undefined
  readonly options?: LineProtocol.EncodeOptions
  /** How many batches of points to make, for more distinct values. */
  readonly batches?: number
}

const kind = (name: string, change: Change): Kind => ({
  name,
  ...(change.options === undefined ? {} : { options: change.options }),
  points: new Array(change.batches ?? 1).fill(request4x4.points).flat().map(
    ({ fields, measurement, tags, timestamp }, i) => {
      const changed = change.timestamp === undefined ? timestamp : change.timestamp(timestamp as bigint, i)
      return {
        measurement: change.measurement?.(i) ?? measurement,
        tags: change.tags?.(tags!, i) ?? tags,
        fields: change.fields?.(fields, i) ?? fields,
        ...(changed === undefined ? {} : { timestamp: changed })
      }
    }
  )
})

// Pseudo-random numbers, the same in each run.
const random = (() => {
  let state = 0x9e3779b9
  return (): number => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5 | 0
    return (state >>> 0) / 2 ** 32
  }
})()

const uuid = (): string =>
  "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, () => Math.floor(16 * random()).toString(16))

const renamed = <V>(record: { readonly [key: string]: V }, name: (key: string) => string): { [key: string]: V } =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [name(key), value]))

const json = (i: number): string =>
  JSON.stringify({ id: i, user: { name: "Ada", roles: ["admin", "dev"] }, path: "/users", ok: i % 2 === 0 })

const host = (i: number): string => `web-${String(i).padStart(4, "0")}.eu-west-1`

// The same text as V8 stores it in different cases: concatenated, decoded from bytes, sliced from a longer text, or
// used as a key.
const stored = (text: string, i: number): string =>
  [text, Buffer.from(text).toString(), `${words} ${text}`.slice(words.length + 1), Object.keys({ [text]: i })[0]][i % 4]

const words = "The quick brown fox jumps over the lazy dog, and then it does so once more for good measure. "
const kilobyte = (text: string): string => text.repeat(Math.ceil(1024 / text.length)).slice(0, 1024)

const escapes: ReadonlyArray<Kind> = [
  kind("a space in the measurement", { measurement: () => "http request" }),
  kind("a space in a tag key", { tags: (tags) => renamed(tags, (key) => key === "method" ? "http method" : key) }),
  kind("a space in a tag value", { tags: (tags, i) => ({ ...tags, route: `/users ${i % 7}` }) }),
  kind("a comma and an equals sign in tag values", {
    tags: (tags, i) => ({ ...tags, host: `dc=${i % 3},web`, route: `a=${i % 7},b` })
  }),
  kind("a space in a field key", { fields: (fields) => renamed(fields, (key) => key === "path" ? "the path" : key) }),
  kind("spaces in all names", {
    measurement: () => "http request",
    tags: (tags, i) => ({
      ...renamed(tags, (key) => `${key} x`),
      "host x": `web ${i % 5}`,
      "route x": `/a b/${i % 7}`
    }),
    fields: (fields) => renamed(fields, (key) => `${key} x`)
  }),
  kind("quotes in a string", { fields: (fields, i) => ({ ...fields, path: `he said "${i}"` }) }),
  kind("a Windows path in a string", { fields: (fields, i) => ({ ...fields, path: `C:\\Users\\ada\\file-${i}.txt` }) }),
  kind("JSON in a string", { fields: (fields, i) => ({ ...fields, path: json(i) }) }),
  kind("JSON in JSON in a string", { fields: (fields, i) => ({ ...fields, path: JSON.stringify({ body: json(i) }) }) })
]

const fortyTags = Object.fromEntries(Array.from({ length: 40 }, (_, t) => [`tag_${10 + t}`, `value-${t}`]))

class Tagged {
  readonly [key: string]: string
}

const tags: ReadonlyArray<Kind> = [
  kind("tags out of order", { tags: ({ host, method, route, status }) => ({ status, route, host, method }) }),
  kind("two default tags", { options: { tags: { env: "production", region: "eu-central-1" } } }),
  kind("default tags that the point overrides", { options: { tags: { host: "none", status: "0", zone: "a" } } }),
  kind("numeric tags", { tags: (tags, i) => ({ ...tags, status: 200 + i % 7, method: i, route: i * 1.5 }) }),
  kind("boolean tags", { tags: (tags, i) => ({ ...tags, method: i % 3 === 0, status: i % 2 === 0 }) }),
  kind("bigint tags", { tags: (tags, i) => ({ ...tags, status: BigInt(i) * 1_234_567_890n }) }),
  kind("a unique tag value", { tags: (tags, i) => ({ ...tags, route: `/users/${i * 7919}` }) }),
  kind("four unique tag values", {
    tags: (_, i) => ({ host: `host-${i}`, method: `m-${i * 31}`, route: `/users/${i * 7919}`, status: `${i * 17}` })
  }),
  kind("unique tag values with spaces", {
    tags: (tags, i) => ({ ...tags, host: `web ${i}`, route: `/users ${i * 7919}` })
  }),
  ...[4, 20, 200, 2000].map((hosts) =>
    kind(`one of ${hosts} hosts`, {
      batches: Math.ceil(hosts / request4x4.points.length),
      tags: (tags, i) => ({ ...tags, host: host((i * 7919) % hosts) })
    })
  ),
  kind("four UUIDs as tag values", {
    tags: () => ({ host: uuid(), method: uuid(), route: uuid(), status: uuid() })
  }),
  kind("texts stored in many ways", {
    tags: (tags, i) => ({ ...tags, host: stored(host(i % 9), i), route: stored(`/größe/${host(i % 7)}`, i >> 2) }),
    fields: (fields, i) => ({ ...fields, path: stored(i % 2 === 0 ? `/東京/${host(i)}` : `/users/${host(i)}`, i) })
  }),
  kind("a unique measurement", { measurement: (i) => `http_request_${i * 31}` }),
  kind("tags that are undefined", {
    tags: (tags) => ({ ...tags, method: undefined, zone: undefined, env: undefined })
  }),
  kind("no tags", { tags: () => ({}) }),
  kind("40 tags", { tags: () => ({ ...fortyTags }) }),
  kind("tags in ever other orders", {
    tags: (tags, i) => Object.fromEntries(Object.entries(tags).map((_, t, all) => all[(i + t) % all.length]))
  }),
  kind("long keys", {
    tags: (tags) => renamed(tags, (key) => `${key}_of_the_service_that_was_called`),
    fields: (fields) => renamed(fields, (key) => `${key}_of_the_service_that_was_called`)
  }),
  kind("frozen objects", {
    tags: (tags) => Object.freeze({ ...tags }),
    fields: (fields) => Object.freeze({ ...fields })
  }),
  kind("instances of a class", { tags: (tags) => Object.assign(new Tagged(), tags) })
]

const values: ReadonlyArray<Kind> = [
  kind("ten floats of 17 digits", {
    fields: () => Object.fromEntries(Array.from({ length: 10 }, (_, f) => [`value_${f}`, random() * 10 ** (f % 4)]))
  }),
  kind("small and large floats", {
    fields: (fields) => ({ ...fields, duration: random() * 1e-12, bytes: random() * 1e25 })
  }),
  kind("integers near 2⁶³", {
    fields: (_, i) => ({ a: 2n ** 63n - 1n - BigInt(i), b: -(2n ** 63n) + BigInt(i), c: 2n ** 62n + BigInt(i * i) })
  }),
  kind("negative numbers", {
    fields: (fields, i) => ({ ...fields, duration: -((i * 7919) % 100_000) / 1000, bytes: -BigInt(i * 104_729) })
  }),
  kind("whole numbers up to 2⁵³", {
    fields: (fields, i) => ({ ...fields, duration: 2 ** 53 - i, bytes: -(2 ** 52) - i })
  }),
  kind("NaN in a field", { fields: (fields) => ({ ...fields, ratio: Number.NaN }) }),
  kind("booleans", { fields: (_, i) => ({ up: i % 2 === 0, ready: i % 3 === 0, leader: i % 5 === 0, stale: false }) }),
  kind("a string of 1 KB", { fields: (fields, i) => ({ ...fields, path: kilobyte(`${i} ${words}`) }) }),
  kind("a string of 1 KB with quotes", { fields: (fields, i) => ({ ...fields, path: kilobyte(`"${i}" ${words}`) }) }),
  kind("1 KB of JSON", { fields: (fields, i) => ({ ...fields, path: kilobyte(json(i)) }) }),
  kind("a string in German", { fields: (fields, i) => ({ ...fields, path: `Grüße aus Köln und Zürich, ${i}` }) }),
  kind("a string in Chinese", { fields: (fields, i) => ({ ...fields, path: `我们在北京的服务器上运行数据库${i}` }) }),
  kind("German in a tag", { tags: (tags, i) => ({ ...tags, route: `/größe/münchen/${i % 9}` }) }),
  kind("1 KB in Japanese", { fields: (fields, i) => ({ ...fields, path: kilobyte(`ありがとうございます${i}`) }) }),
  kind("emoji in a string", { fields: (fields, i) => ({ ...fields, path: `🦜🎉 done ${i} 🚀` }) }),
  kind("emoji in a tag", { tags: (tags, i) => ({ ...tags, status: i % 2 === 0 ? "✅ ok" : "🔥" }) }),
  kind("100 fields", {
    fields: (_, i) => Object.fromEntries(Array.from({ length: 100 }, (_, f) => [`field_${f}`, (i * f) % 10_000 / 100]))
  }),
  kind("one field", { fields: ({ duration }) => ({ duration }) })
]

const millis = (timestamp: bigint): number => Number(timestamp / 1_000_000n)

const timestamps: ReadonlyArray<Kind> = [
  kind("no timestamp", { timestamp: () => undefined }),
  kind("a Date", { timestamp: (timestamp) => new Date(millis(timestamp)) }),
  kind("a DateTime", { timestamp: (timestamp) => DateTime.makeUnsafe(millis(timestamp)) }),
  kind("a time before 1970", { timestamp: (timestamp) => -timestamp }),
  ...Precision.all.filter((precision) => precision !== "ns").map((precision) =>
    kind(`precision ${precision}`, { options: { precision } })
  ),
  kind("a Date at precision s", {
    options: { precision: "s" },
    timestamp: (timestamp) => new Date(millis(timestamp))
  }),
  ...Precision.all.map((precision) =>
    kind(`a Date before 1970 at precision ${precision}`, {
      options: { precision },
      timestamp: (timestamp) => new Date(-millis(timestamp))
    })
  )
]

/** All kinds, the plain one first. */
export const encodeKinds: ReadonlyArray<Kind> = [
  kind("plain", {}),
  ...escapes,
  ...tags,
  ...values,
  ...timestamps
]

export const encodeKindRungs = (): ReadonlyArray<KindRung> =>
  encodeKinds.map(({ name, options, points }) => {
    const writer = LineProtocol.makeWriter(4 * 1024 * 1024, options)
    const run = () => {
      writer.position = 0
      for (const point of points) writer.write(point)
      return writer.position
    }
    run()
    const { failed, points: decoded } = LineProtocol.decodeAll(writer.bytes.subarray(0, writer.position), options)
    Assert.deepEqual([failed, decoded.length], [0, points.length], name)
    return { kind: name, bytes: writer.position, run }
  })
