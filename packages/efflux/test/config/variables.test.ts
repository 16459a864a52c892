/** Options from variables: what Kubernetes sets, what two configurations share, what the program fixes. */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Config, ConfigProvider, Effect, Logger, Redacted, Result } from "effect"
import { ClientConfig, DatabaseConfig } from "efflux"
import * as ClientSettings from "../../src/internal/config/ClientSettings.ts"
import * as Settings from "../../src/internal/config/DatabaseSettings.ts"
import { unwrap } from "../../src/internal/config/Variables.ts"

type Environment = { readonly [name: string]: string }

const read = (env: Environment, fixed?: DatabaseConfig.Some) =>
  DatabaseConfig.config("INFLUX", fixed).parse(ConfigProvider.fromEnv({ env }))

const check = (env: Environment, fixed?: DatabaseConfig.Some) =>
  Effect.map(read(env, fixed), (config) => Result.getOrThrow(Settings.check(config, "test")))

const checkClient = (env: Environment, fixed?: ClientConfig.Some) =>
  Effect.map(
    ClientConfig.config("INFLUX", fixed).parse(ConfigProvider.fromEnv({ env })),
    (config) => Result.getOrThrow(ClientSettings.check(config))
  )

// What Kubernetes sets in every pod if there is a service called influx.
const kubernetes = {
  INFLUX_PORT: "tcp://10.0.0.1:8086",
  INFLUX_PORT_8086_TCP: "tcp://10.0.0.1:8086",
  INFLUX_PORT_8086_TCP_ADDR: "10.0.0.1",
  INFLUX_PORT_8086_TCP_PORT: "8086",
  INFLUX_PORT_8086_TCP_PROTO: "tcp",
  INFLUX_SERVICE_HOST: "10.0.0.1",
  INFLUX_SERVICE_PORT: "8086",
  INFLUX_SERVICE_PORT_HTTP: "8086"
}

describe("what Kubernetes sets for a service called influx", () => {
  it.effect.each([
    {},
    { INFLUX_PORT: "udp://10.0.0.1:8089" },
    { INFLUX_PORT: "tcp://[fd00::1]:8086" }
  ])("keeps no database from starting: %o", (port) =>
    Effect.gen(function*() {
      const udp = yield* check({ ...kubernetes, ...port, INFLUX_HOST: "influx" })
      assert.deepInclude(udp, { transport: "udp", host: "influx", port: 8089 })
      const http = yield* check({
        ...kubernetes,
        ...port,
        INFLUX_TRANSPORT: "http",
        INFLUX_VERSION: "1",
        INFLUX_DATABASE: "d"
      })
      assert.strictEqual(http.transport, "http")
      yield* checkClient({ ...kubernetes, ...port, INFLUX_VERSION: "1" })
    }))

  it.effect("does not win over a port of one's own", () =>
    Effect.gen(function*() {
      assert.deepInclude(yield* check({ ...kubernetes, INFLUX_PORT: "8090" }), { port: 8090 })
    }))
})

describe("one prefix", () => {
  const server = { INFLUX_VERSION: "3", INFLUX_URL: "http://h:1", INFLUX_DATABASE: "d", INFLUX_TOKEN: "t" }

  it.effect("serves a database over HTTP and a client", () =>
    Effect.gen(function*() {
      const env = { ...server, INFLUX_TRANSPORT: "http", INFLUX_SENDERS: "2", INFLUX_GZIP: "yes" }
      const database = yield* check(env)
      const client = yield* checkClient(env)
      if (database.transport !== "http") return assert.fail("not over HTTP")
      assert.deepStrictEqual(database.http.urls, [client.url])
      assert.deepStrictEqual(database.http.credentials, client.credentials)
      assert.strictEqual(database.http.params["db"], client.database)
      assert.deepStrictEqual([database.senders, client.gzip], [2, true])
    }))

  it.effect.each(["udp", "tcp"] as const)(
    "serves a database over %s and a client",
    (transport) =>
      Effect.gen(function*() {
        const env = {
          ...server,
          INFLUX_TRANSPORT: transport,
          INFLUX_HOST: "h",
          INFLUX_PORT: "8094",
          INFLUX_TIMEOUT: "2 seconds"
        }
        assert.deepInclude(yield* check(env), { transport, host: "h", port: 8094 })
        assert.deepInclude(yield* checkClient(env), { version: 3, url: "http://h:1/", timeout: 2000 })
      })
  )

  it.effect("gives the transport that the program fixes as well", () =>
    Effect.gen(function*() {
      assert.deepInclude(yield* check({ ...server, INFLUX_HOST: "h" }, { transport: "udp" }), { host: "h" })
    }))
})

describe("what the program fixes", () => {
  it.effect("is not read from a variable, and the rest is", () =>
    Effect.gen(function*() {
      const env = {
        INFLUX_TAGS: "a=b",
        INFLUX_TRANSPORT: "udp",
        INFLUX_VERSION: "1",
        INFLUX_URL: "http://h",
        INFLUX_TOKEN: "t"
      }
      const fixed = { transport: "http", version: 3, database: "d", tags: { app: "shop" } } as const
      assert.deepStrictEqual(yield* read(env, fixed), {
        ...fixed,
        url: "http://h",
        token: Redacted.make("t")
      } as DatabaseConfig.DatabaseConfig)
    }))

  it.effect("is read from its variable where it is undefined", () =>
    Effect.gen(function*() {
      assert.deepInclude(yield* check({ INFLUX_HOST: "h" }, { host: undefined }), { host: "h" })
    }))

  it.effect.each([null, "x"])("must be an object, not %o", (fixed) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.sandbox(check({}, fixed as never)))
      assert.include(String(Cause.squash(error)), "allowed is a plain object of options")
    }))

  it.effect("may be what no variable can be", () =>
    Effect.gen(function*() {
      const settings = yield* check({ INFLUX_DATABASE: "x" }, { transport: "http", version: 1, database: "" })
      assert.strictEqual(settings.transport === "http" && settings.http.params["db"], undefined)
    }))

  it.effect("can be a default, which a variable replaces", () =>
    Effect.gen(function*() {
      const config = Config.map(DatabaseConfig.config("INFLUX"), (given) => ({ senders: 2, host: "h", ...given }))
      const given = yield* config.parse(ConfigProvider.fromEnv({ env: { INFLUX_SENDERS: "7" } }))
      assert.deepInclude(Result.getOrThrow(Settings.check(given, "test")), { senders: 7, host: "h" })
    }))
})

describe("a variable that no option has", () => {
  const warnings = (env: Environment, prefix = "INFLUX") =>
    Effect.gen(function*() {
      const lines: Array<unknown> = []
      const logger = Logger.make(({ message }) => void lines.push(message))
      yield* DatabaseConfig.config(prefix).pipe(
        Effect.provide(Logger.layer([logger])),
        Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))
      )
      return lines.map(String)
    })

  it.effect.each([
    ["HOTS", "HOST"],
    ["QUEUE_CAPCITY", "QUEUE_CAPACITY"],
    ["QUEUECAPACITY", "QUEUE_CAPACITY"],
    ["queue_capacity", "QUEUE_CAPACITY"],
    ["DATABSE", "DATABASE"],
    ["MAX_RESPONSE_BYTE", "MAX_RESPONSE_BYTES"]
  ])("is warned of if its name is nearly right: %s", ([name, meant]) =>
    Effect.gen(function*() {
      for (const prefix of ["INFLUX", "INFLUX_", "MY_INFLUX"]) {
        const path = prefix.replace(/_$/, "")
        assert.deepStrictEqual(yield* warnings({ [`${path}_${name}`]: "x" }, prefix), [
          `Variable ${path}_${name} is not read: no option has this name. Did you mean ${path}_${meant}?`
        ])
      }
    }))

  it.effect("is somebody else's otherwise, and so is one of the client", () =>
    Effect.gen(function*() {
      const others = {
        INFLUX_DB: "d",
        INFLUX_USER: "u",
        INFLUX_ORG_ID: "o",
        INFLUX_SKIP_VERIFY: "1",
        INFLUX_GZIP: "on"
      }
      assert.deepStrictEqual(yield* warnings({ ...kubernetes, ...others, INFLUX_HOST: "h", HOTS: "h" }), [])
    }))
})

it.effect("each option of layerConfig is a value or a Config, and so is each tag, header and part of pacing", () =>
  Effect.gen(function*() {
    const wrapped: DatabaseConfig.Wrapped = {
      transport: "http",
      version: 1,
      database: "d",
      retentionPolicy: undefined,
      url: Config.String("URL"),
      tags: { app: "shop", region: Config.String("REGION") },
      headers: { "x-key": Config.Redacted("KEY") },
      pacing: { packetsPerSecond: 5, burst: Config.Int("BURST") }
    }
    const env = { URL: "http://h", REGION: "eu", KEY: "k", BURST: "7" }
    assert.deepStrictEqual<object>(yield* unwrap(wrapped).parse(ConfigProvider.fromEnv({ env })), {
      transport: "http",
      version: 1,
      database: "d",
      // The check ignores it.
      retentionPolicy: undefined,
      url: "http://h",
      tags: { app: "shop", region: "eu" },
      headers: { "x-key": Redacted.make("k") },
      pacing: { packetsPerSecond: 5, burst: 7 }
    })
  }))

describe("the prefix", () => {
  it.effect.each(["INFLUX_", "INFLUX", ""])("may be %o", (prefix) =>
    Effect.gen(function*() {
      const variable = `${prefix.replace("_", "")}_HOST`.replace(/^_/, "")
      const provider = ConfigProvider.fromEnv({ env: { [variable]: "a:1" } })
      const config = yield* DatabaseConfig.config(prefix).parse(provider)
      const error = Result.merge(Settings.check(config, "test"))
      assert.include(error instanceof Error ? error.message : "", `Variable ${variable} is "a:1"`)
    }))
})

describe("the public surface", () => {
  it("has the options, their Schemas, defaults and readers, and nothing of the check", () => {
    assert.sameMembers(Object.keys(DatabaseConfig), ["config", "defaults", "schemas"])
    assert.sameMembers(Object.keys(ClientConfig), ["config", "defaults", "schemas"])
  })
})
