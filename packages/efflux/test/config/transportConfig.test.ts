/** What tells the transports apart: their options, their defaults, and every wrong one of them. */
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Redacted, Result } from "effect"
import { DatabaseConfig, Influx } from "efflux"
import { inspect } from "node:util"
import * as Settings from "../../src/internal/config/DatabaseSettings.ts"
import { certificate } from "../support/certificate.ts"
import { withDatabase } from "../support/TestTransport.ts"

const secret = "s3cr3t-hunter2"
const token = Redacted.make(secret)

const check = (config: object) => Settings.check(config, "label")

const settingsOf = (config: object) => {
  const settings = Result.getOrThrow(check(config))
  return { ...settings, http: settings.transport === "http" ? settings.http : undefined }
}

const httpOf = (result: ReturnType<typeof check>) => {
  const settings = Result.getOrThrow(result)
  return settings.transport === "http" ? settings.http : assert.fail("not over HTTP")
}

it.effect("tags may take all of a payload but the shortest line", () =>
  withDatabase({ timestamps: "server", tags: { a: "x".repeat(1424) } }, function*(sender) {
    yield* Influx.push({ measurement: "m", fields: { f: 1 } })
    yield* Influx.flush
    assert.lengthOf(sender.lines[0]!, 1432)
  }))

describe("requests", () => {
  const requests: ReadonlyArray<readonly [config: object, path: string, params: object, scheme: string | undefined]> = [
    [{ transport: "http", version: 1, database: "metrics" }, "/write", { db: "metrics", precision: "n" }, undefined],
    [
      {
        transport: "http",
        version: 1,
        database: "my metrics",
        retentionPolicy: "week",
        consistency: "quorum",
        precision: "us",
        username: "root",
        password: Redacted.make("")
      },
      "/write",
      { db: "my metrics", rp: "week", consistency: "quorum", precision: "u" },
      "Basic"
    ],
    [{ transport: "http", version: 1, database: "", precision: "h" }, "/write", { precision: "h" }, undefined],
    [
      { transport: "http", version: 2, org: "acme", bucket: "b", token, precision: "ms" },
      "/api/v2/write",
      { org: "acme", bucket: "b", precision: "ms" },
      "Token"
    ],
    [
      { transport: "http", version: 3, database: "d", token },
      "/api/v3/write_lp",
      { db: "d", precision: "nanosecond", accept_partial: "true", no_sync: "false" },
      "Bearer"
    ],
    [
      { transport: "http", version: 3, database: "d", acceptPartial: false, noSync: true, precision: "s" },
      "/api/v3/write_lp",
      { db: "d", precision: "second", accept_partial: "false", no_sync: "true" },
      undefined
    ]
  ]

  it.each(requests)("%o", (config, path, params, scheme) => {
    const { http } = settingsOf(config)
    assert.strictEqual(http!.path, path)
    assert.deepStrictEqual(JSON.parse(JSON.stringify(http!.params)), params)
    assert.strictEqual(http!.credentials?.scheme, scheme)
    assert.notInclude(inspect(http, { depth: 9, showHidden: true }) + JSON.stringify(http), secret)
  })

  it("each transport has the defaults that it documents", () => {
    const { http, tcp, udp } = DatabaseConfig.defaults
    const all = [
      [{ transport: "udp" }, udp],
      [{ transport: "tcp" }, tcp],
      [{ transport: "http", version: 1, database: "d" }, http[1]],
      [{ transport: "http", version: 2, org: "o", bucket: "b" }, http[2]],
      [{ transport: "http", version: 3, database: "d" }, http[3]]
    ] as const
    for (const [config, defaults] of all) {
      const settings = settingsOf(config)
      const { url, ...flat }: Record<string, unknown> = defaults
      const shown = { ...settings, ...settings.http, urls: undefined }
      for (const [option, value] of Object.entries(flat)) {
        const expected = typeof value === "string" && /^\d+ \w+$/.test(value)
          ? Duration.toMillis(value as Duration.Input)
          : value
        assert.deepStrictEqual(Reflect.get(shown, option), expected, `${JSON.stringify(config)} ${option}`)
      }
      if (url !== undefined) assert.deepStrictEqual(settings.http!.urls, [new URL(String(url)).href])
    }
  })
})

describe("taken", () => {
  const dialect = "victoria-metrics" as const
  const database = ""
  it.each<DatabaseConfig.DatabaseConfig>([
    ...(["ns", "us", "ms", "s"] as const).flatMap((precision) => [
      { dialect, precision },
      { transport: "tcp" as const, dialect, precision }
    ]),
    { transport: "http", version: 1, database, dialect, precision: "m" },
    { transport: "http", version: 1, database, dialect, precision: "h" },
    { dialect: "influx-1", precision: "m" },
    { transport: "tcp", dialect: "telegraf", precision: "ms" },
    ...["127.0.0.1", "0.0.0.0", "255.255.255.255"].map((bindAddress) => ({ bindAddress })),
    ...["::1", "::", "fe80::1%eth0", "::ffff:127.0.0.1"].map((bindAddress) => ({ host: "::1", bindAddress })),
    { host: "influx.test", bindAddress: "::1" },
    ...["10.0.0.1", "8089.test", "h1", "x.0a"].map((host) => ({ host })),
    ...["/run/my app.sock", `/${"x".repeat(107)}`, "influx.sock"].map((socketPath) =>
      ({ transport: "http", version: 1, database: "d", socketPath }) as const
    ),
    ...([0, 5, 10n, "1 second", { seconds: 2 }, [1, 5]] as const).map((drainTimeout) => ({ drainTimeout }))
  ])("%o", (config) => {
    assert.isTrue(Result.isSuccess(check(config)), String(check(config)))
  })

  it.effect("by a transport from the context, which knows what its server takes", () =>
    withDatabase({ dialect, precision: "h" }, function*(sender) {
      yield* Influx.push({ measurement: "m", fields: { n: 1 }, timestamp: new Date(3_600_000) })
      yield* Influx.flush
      assert.deepStrictEqual(sender.lines, ["m n=1 1"])
    }))
})

describe("from environment variables", () => {
  const read = (env: { readonly [name: string]: string }) =>
    Effect.map(DatabaseConfig.config("INFLUX").parse(ConfigProvider.fromEnv({ env })), check)

  it.effect("every option of every transport has one, and secrets are Redacted", () =>
    Effect.gen(function*() {
      const v1 = httpOf(
        yield* read({
          INFLUX_TRANSPORT: "http",
          INFLUX_VERSION: "1",
          INFLUX_URLS: "http://a:8086, https://b",
          INFLUX_STRATEGY: "round-robin",
          INFLUX_DATABASE: "metrics",
          INFLUX_RETENTION_POLICY: "week",
          INFLUX_CONSISTENCY: "one",
          INFLUX_USERNAME: "root",
          INFLUX_PASSWORD: secret,
          INFLUX_TIMEOUT: "3 seconds",
          INFLUX_GZIP_THRESHOLD: "none",
          INFLUX_RETRIES: "3",
          INFLUX_RETRY_TIMEOUT: "1 minute"
        })
      )
      assert.deepStrictEqual(v1.urls, ["http://a:8086/", "https://b/"])
      assert.deepStrictEqual(
        [v1.strategy, v1.timeout, v1.gzipThreshold, v1.retries, v1.retryTimeout],
        ["round-robin", 3000, "none", 3, 60_000]
      )
      assert.deepStrictEqual(v1.params, { db: "metrics", rp: "week", precision: "n", consistency: "one" })
      assert.deepStrictEqual(v1.credentials, { scheme: "Basic", username: "root", password: Redacted.make(secret) })
      const v2 = httpOf(
        yield* read({
          INFLUX_TRANSPORT: "http",
          INFLUX_VERSION: "2",
          INFLUX_URL: "http://a:8086",
          INFLUX_ORG: "o",
          INFLUX_BUCKET: "b",
          INFLUX_TOKEN: secret,
          INFLUX_GZIP_THRESHOLD: "0"
        })
      )
      assert.deepStrictEqual([v2.urls, v2.gzipThreshold], [["http://a:8086/"], 0])
      assert.notInclude(inspect(v2, { depth: 9 }), secret)
      const v3 = httpOf(
        yield* read({
          INFLUX_TRANSPORT: "http",
          INFLUX_VERSION: "3",
          INFLUX_DATABASE: "d",
          INFLUX_ACCEPT_PARTIAL: "no",
          INFLUX_NO_SYNC: "on",
          INFLUX_CA: certificate
        })
      )
      assert.deepStrictEqual([v3.params["accept_partial"], v3.params["no_sync"]], ["false", "true"])
      assert.match(String(v3.ca), /^-----BEGIN/)
    }))
})
