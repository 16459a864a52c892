/**
 * A token or a password in the wrong place, in the environment, in shards and in hosts that fail: it is found in nothing
 * that a program could show.
 */
import { assert, describe, it } from "@effect/vitest"
import { SecretWatch } from "@efflux/testkit"
import { ConfigProvider, Effect, Exit, Metric, Redacted } from "effect"
import { ClientConfig, DatabaseConfig, InfluxClient, InfluxDatabase, InfluxShards } from "efflux"
import { secret } from "./support/httpFaults.ts"

const token = Redacted.make(secret)

/** Runs an effect that must fail, and searches everything that it shows. */
const failsUnseen = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<void> => {
  const watch = SecretWatch.make(secret)
  return Effect.gen(function*() {
    const exit = yield* Effect.exit(effect)
    watch.look("exit", exit)
    yield* watch.lookAtMetrics
    assert.deepStrictEqual(watch.found, [])
    assert.isTrue(Exit.isFailure(exit))
  }).pipe(Effect.provide(watch.layer), Effect.provideService(Metric.MetricRegistry, new Map()))
}

const urls = [
  `http://root:${secret}@h:8086/`,
  `https://h/?token=${secret}`,
  `https://h/#${secret}`,
  `root:${secret}@h`,
  `http:/root:${secret}@h`,
  `http://root:${secret}@[::1`,
  ` http://root:${secret}@h`,
  `http://ro\not:${secret}@h`
]

const misplaced: ReadonlyArray<Record<string, unknown>> = [
  { token: secret },
  { token: { value: secret } },
  { token: [secret] },
  { token: Redacted.make(`${secret}\r\nx: y`) },
  { token: Redacted.make({ value: secret }) },
  { password: secret, username: "u" },
  { tokn: secret },
  { authorization: `Token ${secret}` },
  { headers: { authorization: `Token ${secret}` } },
  ...urls.map((url) => ({ url })),
  ...urls.map((url) => ({ urls: [url, "http://h"] }))
]

describe("a secret in the wrong place", () => {
  const databases = [
    { transport: "udp" },
    { transport: "tcp" },
    { transport: "http", version: 1, database: "d" },
    { transport: "http", version: 2, org: "o", bucket: "b" },
    { transport: "http", version: 3, database: "d" }
  ]
  const clients = [{ version: 1 }, { version: 2, org: "o" }, { version: 3, database: "d" }]

  it.effect("is not shown by a database, a client or shards that refuse their options", () =>
    Effect.gen(function*() {
      for (const options of misplaced) {
        for (const needed of databases) {
          const config = { ...needed, ...options } as DatabaseConfig.DatabaseConfig
          yield* failsUnseen(Effect.scoped(InfluxDatabase.make(config)))
          yield* failsUnseen(Effect.scoped(InfluxShards.make({ shards: { a: config } })))
        }
        for (const needed of clients) {
          const config = { ...needed, ...options } as unknown as ClientConfig.ClientConfig
          yield* failsUnseen(Effect.scoped(InfluxClient.make(config)))
        }
      }
    }))

  it.effect("is not shown where it comes from the environment", () =>
    Effect.gen(function*() {
      const environments: ReadonlyArray<Record<string, string>> = [
        { TOKEN: `${secret} with a space` },
        { PASSWORD: secret },
        { URL: `http://root:${secret}@h` },
        { PRECISION: "fortnights", TOKEN: secret }
      ]
      for (const variables of environments) {
        const env = Object.fromEntries(Object.entries(variables).map(([name, value]) => [`INFLUX_${name}`, value]))
        const provider = ConfigProvider.fromEnv({
          env: { ...env, INFLUX_TRANSPORT: "http", INFLUX_VERSION: "2", INFLUX_ORG: "o", INFLUX_BUCKET: "b" }
        })
        const use = Effect.all([
          Effect.result(Effect.scoped(Effect.flatMap(DatabaseConfig.config("INFLUX"), InfluxDatabase.make))),
          Effect.result(Effect.scoped(Effect.flatMap(ClientConfig.config("INFLUX"), InfluxClient.make)))
        ])
        yield* failsUnseen(
          Effect.flatMap(use, Effect.fail).pipe(Effect.provideService(ConfigProvider.ConfigProvider, provider))
        )
      }
    }))
})

// What databases show of it while servers fail, each test of `transport/httpFaults.test.ts` looks for.
it.effect("a secret in use is not shown by shards", () => {
  const watch = SecretWatch.make(secret)
  return Effect.gen(function*() {
    const config = { transport: "http", version: 2, url: "http://127.0.0.1:1", org: "o", bucket: "b", token } as const
    const shards = yield* InfluxShards.make({ shards: { a: config } })
    watch.look("shards", shards)
    watch.look("stats", shards.statsUnsafe())
    yield* watch.lookAtMetrics
    assert.deepStrictEqual(watch.found, [])
  }).pipe(Effect.provide(watch.layer), Effect.provideService(Metric.MetricRegistry, new Map()))
})
