import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Option, Redacted } from "effect"
import * as Destination from "../../src/demo/Destination.ts"

const server = (url?: string, udp?: string) =>
  Destination.serverOf({ url: Option.fromUndefinedOr(url), udp: Option.fromUndefinedOr(udp) }).pipe(
    Effect.provideService(
      ConfigProvider.ConfigProvider,
      ConfigProvider.fromEnv({ env: { INFLUX_USERNAME: "me", INFLUX_PASSWORD: "secret" } })
    )
  )

describe("the server of a demo", () => {
  it.effect("is none where no address is given", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* server(), undefined)
    }))

  it.effect("has its UDP listener at the host of its HTTP API, and the database udp, unless told otherwise", () =>
    Effect.gen(function*() {
      const given = (yield* server("http://db.example:8086/"))!
      assert.deepInclude(given.api.options, { url: "http://db.example:8086", database: "udp", username: "me" })
      assert.deepInclude(given, { host: "db.example", port: 8089 })
      assert.strictEqual(Redacted.value((given.api.options as any).password), "secret")
      const other = (yield* server("http://db.example:8086/?database=d", "udp://other:9000"))!
      assert.deepInclude(other.api.options, { database: "d" })
      assert.deepInclude(other, { host: "other", port: 9000 })
    }))

  it.effect("can have IPv6 addresses in brackets", () =>
    Effect.gen(function*() {
      assert.deepInclude(yield* server("http://[::1]:8086"), { host: "::1", port: 8089 })
      assert.deepInclude(yield* server("http://[::1]:8086", "udp://[::2]:9000"), { host: "::2", port: 9000 })
    }))
})

describe("the embedded receiver", () => {
  it("counts a row once for each series and timestamp, whatever the order of its tags", () => {
    const rows = [
      { measurement: "m", tags: { a: "1", b: "2" }, fields: { v: 1 }, timestamp: 1n },
      { measurement: "m", tags: { b: "2", a: "1" }, fields: { w: 2 }, timestamp: 1n },
      { measurement: "m", tags: { a: "1", b: "2" }, fields: { v: 1 }, timestamp: 2n },
      { measurement: "m", tags: { a: "1\",\"b\",\"2" }, fields: { v: 1 }, timestamp: 1n },
      { measurement: "n", tags: { a: "1", b: "2" }, fields: { v: 1 }, timestamp: 1n }
    ].map(Destination.rowOf)
    assert.deepStrictEqual(rows.map((row) => rows.indexOf(row)), [0, 0, 2, 3, 4])
  })
})
