import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Option, Redacted } from "effect"
import * as Options from "../src/Options.ts"

const parsed: Options.Parsed = {
  seconds: 15,
  burst: 200_000,
  queue: 10_000,
  pacing: 500,
  target: "auto",
  url: Option.none(),
  udp: Option.none(),
  database: "udp",
  username: Option.none(),
  page: true,
  plain: false
}

const server = (flags: Partial<Options.Parsed>) =>
  Effect.map(Options.check({ ...parsed, ...flags }), (options) => options.server).pipe(
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: { INFLUX_PASSWORD: "secret" } }))
  )

describe("Options", () => {
  it.effect("takes no server where no address is given", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* server({}), undefined)
    }))

  it.effect("takes the UDP listener from the address of the HTTP API where it is not given", () =>
    Effect.gen(function*() {
      const given = yield* server({ url: Option.some("http://db.example:8086/") })
      assert.deepInclude(given, { url: "http://db.example:8086", host: "db.example", port: 8089, database: "udp" })
    }))

  it.effect("takes IPv6 addresses in brackets, and the password from the environment", () =>
    Effect.gen(function*() {
      const given = yield* server({
        url: Option.some("http://[::1]:8086"),
        udp: Option.some("[::1]:9000"),
        username: Option.some("me")
      })
      assert.deepInclude(given, { host: "::1", port: 9000, username: "me" })
      assert.strictEqual(Redacted.value(given!.password!), "secret")
    }))

  it.effect("refuses what makes no sense, in words", () =>
    Effect.gen(function*() {
      const refused = (flags: Partial<Options.Parsed>) => Effect.map(Effect.flip(server(flags)), String)
      assert.include(yield* refused({ udp: Option.some("localhost:8089") }), "--udp needs --url")
      assert.include(yield* refused({ url: Option.some("localhost:8086") }), "--url is localhost:8086")
      assert.include(yield* refused({ url: Option.some("http://a:b@localhost") }), "INFLUX_PASSWORD")
      assert.include(
        yield* refused({ url: Option.some("http://localhost"), udp: Option.some("8089") }),
        "--udp is 8089"
      )
    }))
})
