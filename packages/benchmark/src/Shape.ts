/** The points that are encoded: several shapes, each with the template literal that a program would use instead. */
import type { Point } from "efflux"

export interface Shape {
  readonly name: string
  readonly what: string
  readonly points: ReadonlyArray<Point.Input>
  /** Builds the point again, like the object literal in a program. */
  readonly build: (point: Point.Input) => Point.Input
  /** One line with its line feed, unescaped: these points need no escaping. */
  readonly literal: (point: Point.Input) => string
  /** Whether a line is ASCII only. */
  readonly ascii: boolean
}

/** Points of a batch. */
export const batch = 512

const epoch = 1_767_225_600_000_000_000n

// Typed by its fields, so that the literal reads them as a program would.
const shape = <P extends Point.Input>(
  of: Omit<Shape, "points" | "build" | "literal"> & {
    readonly point: (i: number) => P
    readonly build: (point: P) => P
    readonly literal: (point: P) => string
  }
): Shape => ({
  name: of.name,
  what: of.what,
  ascii: of.ascii,
  points: Array.from({ length: batch }, (_, i) => of.point(i)),
  build: of.build as unknown as Shape["build"],
  literal: of.literal as unknown as Shape["literal"]
})

const pick = <A>(values: ReadonlyArray<A>, i: number): A => values[i % values.length]
const stamp = (i: number): bigint => epoch + BigInt(i) * 1_234_567n

const small = shape({
  name: "small",
  what: "1 tag, 1 field",
  ascii: true,
  point: (i) => ({
    measurement: "cpu",
    tags: { host: pick(["web-01", "web-02", "web-03", "db-01"], i) },
    fields: { load: ((i * 7919) % 1000) / 100 },
    timestamp: stamp(i)
  }),
  build: (p) => ({
    measurement: "cpu",
    tags: { host: p.tags.host },
    fields: { load: p.fields.load },
    timestamp: p.timestamp
  }),
  literal: (p) => `cpu,host=${p.tags.host} load=${p.fields.load} ${p.timestamp}\n`
})

const request = shape({
  name: "request",
  what: "4 tags, 4 fields",
  ascii: true,
  point: (i) => ({
    measurement: "http_request",
    tags: {
      host: pick(["web-01", "web-02", "web-03", "db-01"], i),
      method: pick(["GET", "POST", "PUT"], i),
      route: pick(["/users", "/users/:id", "/orders/:id/items", "/health"], i * 7),
      status: pick(["200", "404", "500"], i >> 2)
    },
    fields: {
      duration: ((i * 7919) % 100_000) / 1000,
      bytes: BigInt((i * 104_729) % 1_000_000),
      ok: i % 5 !== 0,
      path: `/users/${(i * 31) % 1000}`
    },
    timestamp: stamp(i)
  }),
  build: (p) => ({
    measurement: "http_request",
    tags: { host: p.tags.host, method: p.tags.method, route: p.tags.route, status: p.tags.status },
    fields: { duration: p.fields.duration, bytes: p.fields.bytes, ok: p.fields.ok, path: p.fields.path },
    timestamp: p.timestamp
  }),
  literal: (p) =>
    `http_request,host=${p.tags.host},method=${p.tags.method},route=${p.tags.route},status=${p.tags.status} ` +
    `duration=${p.fields.duration},bytes=${p.fields.bytes}i,ok=${p.fields.ok},path="${p.fields.path}" ${p.timestamp}\n`
})

const wide = shape({
  name: "wide",
  what: "2 tags, 20 fields",
  ascii: true,
  point: (i) => ({
    measurement: "memory",
    tags: { host: pick(["web-01", "web-02"], i), zone: pick(["a", "b", "c"], i) },
    fields: {
      active: i * 4096,
      available: i * 8192,
      available_percent: (i % 10_000) / 100,
      buffered: i * 1024,
      cached: i * 3,
      commit_limit: 8_589_934_592,
      committed: i * 65_536,
      dirty: i % 97,
      free: i * 7,
      high_free: 0,
      high_total: 0,
      huge_page_size: 2_097_152,
      huge_pages_free: 0,
      inactive: i * 11,
      low_free: 0,
      mapped: i * 13,
      shared: i % 4096,
      slab: i * 17,
      used: i * 19,
      used_percent: (i % 1000) / 10
    },
    timestamp: stamp(i)
  }),
  build: (p) => ({ measurement: "memory", tags: { ...p.tags }, fields: { ...p.fields }, timestamp: p.timestamp }),
  literal: ({ fields: f, tags: t, timestamp }) =>
    `memory,host=${t.host},zone=${t.zone} active=${f.active},available=${f.available},` +
    `available_percent=${f.available_percent},buffered=${f.buffered},cached=${f.cached},` +
    `commit_limit=${f.commit_limit},committed=${f.committed},dirty=${f.dirty},free=${f.free},` +
    `high_free=${f.high_free},high_total=${f.high_total},huge_page_size=${f.huge_page_size},` +
    `huge_pages_free=${f.huge_pages_free},inactive=${f.inactive},low_free=${f.low_free},mapped=${f.mapped},` +
    `shared=${f.shared},slab=${f.slab},used=${f.used},used_percent=${f.used_percent} ${timestamp}\n`
})

const text = "The quick brown fox jumps over the lazy dog, and then it does so once more for good measure. "

const long = shape({
  name: "long strings",
  what: "1 tag, 2 strings of 200 and 900 characters",
  ascii: true,
  point: (i) => ({
    measurement: "log",
    tags: { level: pick(["info", "warn", "error"], i) },
    fields: { message: `${i} ${text.repeat(2)}`, detail: `${text.repeat(9)} ${i}` },
    timestamp: stamp(i)
  }),
  build: (p) => ({
    measurement: "log",
    tags: { level: p.tags.level },
    fields: { message: p.fields.message, detail: p.fields.detail },
    timestamp: p.timestamp
  }),
  literal: (p) => `log,level=${p.tags.level} message="${p.fields.message}",detail="${p.fields.detail}" ${p.timestamp}\n`
})

const international = shape({
  name: "non-ASCII",
  what: "2 tags, 2 fields in German, Japanese and emoji",
  ascii: false,
  point: (i) => ({
    measurement: "bestellung",
    tags: { stadt: pick(["Köln", "München", "東京"], i), status: pick(["geprüft", "✅"], i) },
    fields: { summe: ((i * 7919) % 100_000) / 100, notiz: `${pick(["Grüße aus Köln", "ありがとう", "🦜🦜"], i)} ${i}` },
    timestamp: stamp(i)
  }),
  build: (p) => ({
    measurement: "bestellung",
    tags: { stadt: p.tags.stadt, status: p.tags.status },
    fields: { summe: p.fields.summe, notiz: p.fields.notiz },
    timestamp: p.timestamp
  }),
  literal: (p) =>
    `bestellung,stadt=${p.tags.stadt},status=${p.tags.status} ` +
    `summe=${p.fields.summe},notiz="${p.fields.notiz}" ${p.timestamp}\n`
})

export const request4x4 = request

export const shapes: ReadonlyArray<Shape> = [small, request, wide, long, international]
