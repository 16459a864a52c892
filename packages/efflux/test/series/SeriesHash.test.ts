/** The shard of a series is the same in every version: golden values, which must not change. */
import { assert, describe, it } from "@effect/vitest"
import { HashRing, PrimaryKey } from "effect"
import * as SeriesHash from "../../src/internal/series/SeriesHash.ts"

const of = (measurement: string, tags: Record<string, string | number | boolean | null | undefined> = {}) =>
  SeriesHash.of({ measurement, tags, fields: { f: 1 } }, { zone: "a" })

describe("the hash of a series", () => {
  it("is what it always was", () => {
    assert.deepStrictEqual(
      [of("cpu"), of("cpu", { host: "web-1" }), of("cpu", { host: "web-1", zone: "b" }), of("Köln 🦜", { n: 5 })],
      golden
    )
  })

  it("is that of the series, whatever the order of tags and the types of their values", () => {
    assert.strictEqual(of("m", { a: "1", b: "true" }), of("m", { b: true, a: 1 }))
    assert.strictEqual(of("m", { a: "", b: null, c: undefined }), of("m"))
    assert.strictEqual(of("m", { zone: "a" }), of("m"))
    assert.notStrictEqual(of("m", { a: "b" }), of("m", { b: "a" }))
  })
})

describe("the ring of the shards", () => {
  it("gives each slot to the shard that it always had", () => {
    const shards = ["metrics-a", "metrics-b", "metrics-c"].map((name) => ({ name, [PrimaryKey.symbol]: () => name }))
    const ring = HashRing.addMany(HashRing.make<typeof shards[number]>({ baseWeight: 1024 }), shards)
    const owners = Array.from({ length: 24 }, (_, slot) => HashRing.get(ring, `slot of efflux: ${slot}`)!.name)
    assert.strictEqual(owners.map((name) => name.slice(-1)).join(""), ring24)
  })
})

const golden = [3746573713, 1376338319, 1512032099, 1115897021]
const ring24 = "cbcaababcabcbbcabbbabbcb"
