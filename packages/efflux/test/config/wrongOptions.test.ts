/** Wrong configurations and what is said of them: which option or variable, its value, and what to do instead. */
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Duration, Effect, Layer, Option, Redacted } from "effect"
import {
  type ClientConfig,
  DatabaseConfig,
  InfluxClient,
  InfluxDatabase,
  InfluxError,
  InfluxShards,
  RequestTiming,
  Transport
} from "efflux"
import { inspect } from "node:util"
import { certificate, key } from "../support/certificate.ts"
import { TestTransport } from "../support/TestTransport.ts"

const secret = "s3cr3t-hunter2"
const token = Redacted.make(secret)
const v1 = { transport: "http", version: 1, database: "d" }
const v2 = { transport: "http", version: 2, org: "o", bucket: "b" }
const v2WithoutBucket = { transport: "http", version: 2, org: "o" }
const v3 = { transport: "http", version: 3, database: "d" }

const database = (config: unknown) => Effect.scoped(InfluxDatabase.make(config as DatabaseConfig.DatabaseConfig))
const client = (config: unknown) => Effect.scoped(InfluxClient.make(config as ClientConfig.ClientConfig))
const shards = (config: unknown) => Effect.scoped(InfluxShards.make(config as InfluxShards.ShardsConfig))
const build = <A, E>(layer: Layer.Layer<A, E>, env: { readonly [name: string]: string }) =>
  Effect.scoped(Layer.build(layer)).pipe(
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))
  )
const fromEnv = (env: { readonly [name: string]: string }) =>
  build(InfluxDatabase.layerConfig(DatabaseConfig.config("INFLUX")), env)
const plain = "allowed is a plain object of options; { ...it } makes one of an instance of a class"
const pem = "allowed is one or more certificates as PEM text"
const httpUrl = "allowed is an http or https URL without credentials (use the options for them), query and fragment"
const udp = `transport "udp" (the default) has no such option`
const udpOptions = `It has ${Object.keys(DatabaseConfig.schemas.udp.fields).join(", ")}`
const atLeast1ms = `a duration from 1 ms to 24 days, like "500 millis" or "1 second"`

class Options {
  readonly host = "localhost"
}

const unreadable = new Proxy({}, {
  ownKeys: () => {
    throw new Error(secret)
  }
})

const throwing = (option: string) =>
  Object.defineProperty({}, option, {
    enumerable: true,
    get: () => {
      throw new Error(secret)
    }
  })

const lines = certificate.trim().split("\n")
const cutOff = lines.slice(0, -3).join("\n")
const damaged = certificate.replace(lines[2]!, lines[2]!.slice(0, 12))

const withoutPath = "allowed is the URL without the path of the API, which requests add:"

const tables: { readonly [name: string]: ReadonlyArray<readonly [config: unknown, message: string | RegExp]> } = {
  "what can't be right": [
    [{ maxPayloadBytes: 10 }, `Option "maxPayloadBytes" is 10, allowed is an integer from 32 to 65507`],
    [{ ...v1, maxPayloadBytes: 31 }, `Option "maxPayloadBytes" is 31, allowed is an integer from 32 to 25000000`],
    [{ ...v2, url: "http://h:8086/api/v2" }, `Option "url" is "http://h:8086/api/v2", ${withoutPath} "http://h:8086"`],
    [
      { ...v3, url: "http://h/api/v3/write_lp" },
      `Option "url" is "http://h/api/v3/write_lp", ${withoutPath} "http://h"`
    ],
    [{ ...v1, url: "http://h/a/query" }, `Option "url" is "http://h/a/query", ${withoutPath} "http://h/a"`],
    [
      { ...v1, urls: ["http://a", "http://h//WRITE"] },
      `Option "urls.1" is "http://h//WRITE", ${withoutPath} "http://h"`
    ]
  ],
  "an option that does not exist": [
    [{ prot: 8089 }, `Option "prot" is 8089, but ${udp}. Did you mean "port"?`],
    [{ queue_capacity: 5 }, `Option "queue_capacity" is 5, but ${udp}. Did you mean "queueCapacity"?`],
    [{ hostname: "h" }, `Option "hostname" is a string, but ${udp}. Did you mean "host"?`],
    [
      { transport: "http", version: 1, db: "d" },
      `Option "db" is a string, but transport "http" with version 1 has no such option. Did you mean "database"?`
    ],
    [
      { db: "d" },
      `Option "db" is a string, but ${udp}. Did you mean "database" of transport "http" with version 1 or 3?`
    ],
    [
      { ...v2, tokn: secret },
      `Option "tokn" is a string, but transport "http" with version 2 has no such option. Did you mean "token"?`
    ],
    [{ "": 1 }, `Option """" is 1, but ${udp}. ${udpOptions}`],
    [{ "a\nb\u202e": 1 }, `Option "a\\u000ab\\u202e" is 1, but ${udp}. ${udpOptions}`],
    [{ ["x".repeat(5000)]: 1 }, `Option "${"x".repeat(128)}…" is 1, but ${udp}. ${udpOptions}`],
    [{ apiv3_0123456789abcdefghijklmnop: 1 }, `Option "<redacted>" is 1, but ${udp}. ${udpOptions}`],
    [{ [Symbol("host")]: "h" }, `Option "Symbol(host)" is a symbol, allowed is a name of an option`],
    [JSON.parse(`{"__proto__":1}`), `Option "__proto__" is 1, but ${udp}. ${udpOptions}`]
  ],
  "an option of something else": [
    [
      { database: "d" },
      `Option "database" is a string, but ${udp}, it belongs to transport "http" with version 1 or 3; set transport to "http" and version`
    ],
    [{ version: 2 }, `Option "version" is 2, but ${udp}, it belongs to transport "http"; set transport to "http"`],
    [
      { transport: "tcp", ttl: 4 },
      `Option "ttl" is 4, but transport "tcp" has no such option, it belongs to transport "udp"`
    ],
    [
      { ...v2, database: "d" },
      `Option "database" is a string, but transport "http" with version 2 has no such option, it belongs to transport "http" with version 1 or 3`
    ],
    [
      { ...v1, chunkSize: 10 },
      `Option "chunkSize" is 10, but transport "http" with version 1 has no such option, it belongs to ClientConfig with version 1`
    ]
  ],
  "a wrong value": [
    [{ transport: "http-v1" }, `Option "transport" is "http-v1", allowed is one of "udp", "tcp", "http"`],
    [{ transport: "http" }, `Option "version" is missing, allowed is one of 1, 2, 3`],
    [{ ...v1, version: "1" }, `Option "version" is "1", allowed is one of 1, 2, 3`],
    [{ transport: "http", version: 2, org: "o" }, `Option "bucket" is missing, allowed is the name of a bucket`],
    [{ port: "8089" }, `Option "port" is "8089", allowed is an integer from 1 to 65535`],
    [{ port: null }, `Option "port" is null, allowed is an integer from 1 to 65535`],
    [{ queueCapacity: NaN }, `Option "queueCapacity" is NaN, allowed is an integer from 1 to 100000000`],
    [{ drainTimeout: NaN }, `Option "drainTimeout" is NaN, allowed is ${atLeast1ms.replace("1 ms", "0 ms")}`],
    [{ flushInterval: -1 }, `Option "flushInterval" is -1, allowed is ${atLeast1ms}`],
    [{ flushInterval: Duration.infinity }, `Option "flushInterval" is Infinity, allowed is ${atLeast1ms}`],
    [{ flushInterval: new Date(5) }, `Option "flushInterval" is an instance of Date, allowed is ${atLeast1ms}`],
    [
      { tags: new Map([["a", "b"]]) },
      `Option "tags" is an instance of Map, allowed is a plain object of tags, in a variable a=b,c=d with each key once`
    ],
    [throwing("host"), `Option "host" is a getter that throws, allowed is a value that can be read`],
    [{ tags: throwing("a") }, `Option "tags" is an object that can't be read, allowed is a value that can be read`],
    [{ pacing: unreadable }, `Option "pacing" is an object that can't be read, allowed is a value that can be read`],
    [{ pacing: {} }, `Option "pacing.packetsPerSecond" is missing, allowed is a number above 0, at most 10000000`],
    [
      { pacing: { packetsPerSecond: 100, bursts: 4 } },
      `Option "pacing.bursts" is 4, allowed is packetsPerSecond and burst only. Did you mean "burst"?`
    ],
    [
      { pacing: { packetsPerSecond: 5, burst: null } },
      `Option "pacing.burst" is null, allowed is an integer from 1 to 1000000`
    ],
    [{ pacing: { rate: 5 } }, `Option "pacing.rate" is 5, allowed is packetsPerSecond and burst only`],
    [
      { pacing: new Options() },
      `Option "pacing" is an instance of Options, allowed is "none" or { packetsPerSecond, burst }, in a variable 4000/32`
    ],
    [
      { host: Config.String("HOST") },
      `Option "host" is a Config (which layerConfig takes), allowed is a host name or an IP address, without scheme and port`
    ],
    [{ port: Option.some(8089) }, `Option "port" is an Option, allowed is an integer from 1 to 65535`],
    [{ ...v2, url: "http://a", urls: ["http://b"] }, `Option "urls" is ["http://b"], allowed is either url or urls`],
    [{ batchSize: 20_000 }, `Option "batchSize" is 20000, allowed is an integer from 1 to 10000 (queueCapacity)`],
    [
      { tags: { a: "x".repeat(1425) } },
      `Option "tags" is 1428 bytes of tags, allowed is at most 1427 bytes of tags (maxPayloadBytes is 1432)`
    ],
    [
      { ...v2, tags: { [" ".repeat(30_000)]: "x", b: "x".repeat(6000) } },
      `Option "tags" is 66006 bytes of tags, allowed is at most 65529 bytes of tags (maxPayloadBytes is 1048576)`
    ],
    [
      { ...v3, maxPayloadBytes: 32, tags: { host: "ä".repeat(12) }, oversize: "split" },
      `Option "tags" is 30 bytes of tags, allowed is at most 27 bytes of tags (maxPayloadBytes is 32)`
    ],
    [
      { dialect: "victoria-metrics", tags: { __name__: "x" } },
      `Option "tags" is an object, allowed is tags that the dialect "victoria-metrics" has (__name__: reserved)`
    ]
  ],
  "a value that a transport does not take": [
    [{ dialect: "__proto__" }, /"dialect" is "__proto__"/],
    [
      { dialect: "influx-2", precision: "m" },
      /"precision" is "m", allowed is one of "ns", "us", "ms", "s" \(dialect "influx-2"\)/
    ],
    ...[{ foo: 1 }, [Number.NaN, Number.NaN], { seconds: Number.NaN }].map((drainTimeout) =>
      [{ drainTimeout }, /^Option "drainTimeout" is .*, allowed is a duration/] as const
    ),
    [{ name: "a\u009bb" }, /^Option "name" is /],
    [{ name: "x".repeat(70_000) }, /^Option "name" is .{0,200}$/],
    [{ host: "a\u202eb" }, /^Option "host" is /],
    [
      { transport: "http", version: 1 },
      /^Option "database" is missing, allowed is one of "", or the name of a database/
    ],
    [
      { transport: "http", version: 2, bucket: "b" },
      /^Option "org" is missing, allowed is the name of an organization/
    ],
    [{ transport: "http", version: 3, database: "" }, /^Option "database" is ""/],
    [{ ...v1, database: "a\nb" }, /^Option "database" is "a\\nb"/],
    [{ ...v1, username: "u" }, /^Option "password" is <redacted>|^Option "password" is missing/],
    [{ ...v1, password: token }, /^Option "username" is missing/],
    [{ ...v2, token: Redacted.make("") }, /^Option "token" is <redacted>/],
    [{ ...v3, accessToken: secret }, /^Option "accessToken" is a string, but .* Did you mean "token"\?$/],
    [{ ...v1, url: "ftp://h" }, /^Option "url" is "ftp:\/\/h", allowed is an http or https URL without credentials/],
    [{ ...v1, url: "h:8086" }, /^Option "url" is "h:8086"/],
    [{ ...v1, url: "http://h/#x" }, /^Option "url" is/],
    [{ ...v1, urls: [] }, /^Option "urls" is \[\], allowed is a list of URLs/],
    [
      { ...v1, urls: ["http://a", "http://a/"] },
      /^Option "urls" is \["http:\/\/a", "http:\/\/a\/"\], allowed is a list of URLs, each once/
    ],
    [{ ...v1, gzipThreshold: "never" }, /^Option "gzipThreshold" is "never", allowed is one of "none", or an integer/],
    [{ ...v2, precision: "m" }, /^Option "precision" is "m", allowed is one of "ns", "us", "ms", "s"/],
    [{ ...v3, precision: "h" }, /^Option "precision" is "h", allowed is one of "ns", "us", "ms", "s"/],
    // Over UDP and TCP nobody can tell VictoriaMetrics the unit, and these it does not guess.
    ...(["udp", "tcp"] as const).flatMap((transport) =>
      (["m", "h"] as const).map((precision) =>
        [
          { transport, dialect: "victoria-metrics", precision },
          /^Option "precision" is "[mh]", allowed is one of "ns", "us", "ms", "s" \(dialect "victoria-metrics"\)$/
        ] as const
      )
    ),
    ...[
      "",
      "eth0",
      "localhost",
      "127.0.0.256",
      "127.0.0",
      "1.2.3.4.5",
      "1::2::3",
      "127.0.0.1:80",
      "[::1]",
      "::1%",
      "fe80::g"
    ]
      .map((bindAddress) =>
        [{ bindAddress }, /^Option "bindAddress" is ".*", allowed is an IP address of this host$/] as const
      ),
    [{ bindAddress: "::1" }, /^Option "bindAddress" is "::1", allowed is an IPv4 address of this host, as host is 127/],
    [{ host: "::1", bindAddress: "127.0.0.1" }, /^Option "bindAddress" is "127.0.0.1", allowed is an IPv6 address/],
    [{ ...v3, acceptPartial: "yes" }, /^Option "acceptPartial" is "yes"/]
  ],
  "what is no configuration": [
    ["x", `The configuration is "x", ${plain}`],
    [null, `The configuration is null, ${plain}`],
    [[], `The configuration is an empty list, ${plain}`],
    [() => ({}), `The configuration is a function, ${plain}`],
    [new Map(), `The configuration is an instance of Map, ${plain}`],
    [new Options(), `The configuration is an instance of Options, ${plain}`],
    [Redacted.make(secret), `The configuration is a Redacted, ${plain}`],
    [Object.create({ port: 1 }), `The configuration is an object with a prototype of its own, ${plain}`],
    [DatabaseConfig.config("INFLUX"), `The configuration is a Config (which layerConfig takes), ${plain}`],
    [Effect.succeed({}), `The configuration is an Effect, ${plain}`],
    [unreadable, `The configuration is an object that can't be read, ${plain}`]
  ],
  "a secret in the wrong place": [
    [
      { ...v1, username: "admin:12345" },
      `Option "username" is "admin:<redacted>", allowed is the name of a user, without a colon`
    ],
    [{ ...v1, url: `http://admin:${secret}` }, `Option "url" is "http://admin:<redacted>", ${httpUrl}`],
    [
      { ...v3, token, precision: secret },
      `Option "precision" is <redacted>, allowed is one of "ns", "us", "ms", "s", "m", "h"`
    ],
    [
      { ...v1, username: "u", password: token, consistency: `x${secret}` },
      `Option "consistency" is "x<redacted>", allowed is one of "any", "one", "quorum", "all"`
    ],
    [
      { ...v1, username: "u", password: Redacted.make("n"), consistency: "n" },
      `Option "consistency" is <redacted>, allowed is one of "any", "one", "quorum", "all"`
    ],
    [
      { ...v1, headers: { "x-key": token }, strategy: secret },
      `Option "strategy" is <redacted>, allowed is one of "failover", "round-robin"`
    ],
    [
      { ...v3, token, tags: { [`${secret}\n`]: "a" } },
      `Option "tags" is an object, allowed is keys that line protocol can hold ("<redacted>\\n": control character)`
    ],
    // What no option holds as a secret can't be told from a misspelled word.
    [
      { ...v3, token, precision: "nano" },
      `Option "precision" is "nano", allowed is one of "ns", "us", "ms", "s", "m", "h"`
    ],
    [{ ...v1, url: `http://admin:${secret}@h` }, `Option "url" is "http://<redacted>@h", ${httpUrl}`],
    [
      { host: `admin:${secret}` },
      `Option "host" is "admin:<redacted>", allowed is a host name or an IP address, without scheme and port`
    ],
    [
      { ...v3, token: secret },
      `Option "token" is a string, allowed is a Redacted string of printable ASCII without spaces`
    ],
    [
      { ...v3, token: Redacted.make(`${secret}\n`) },
      `Option "token" is <redacted>, allowed is a Redacted string of printable ASCII without spaces`
    ],
    [
      { ...v1, username: "u", password: secret },
      `Option "password" is a string, allowed is a Redacted string without control characters`
    ],
    [{ ...v1, ca: token }, `Option "ca" is a Redacted, ${pem}`],
    [{ ...v2, org: token }, `Option "org" is a Redacted, allowed is the name of an organization`],
    [{ tags: { a: token } }, `Option "tags.a" is a Redacted, allowed is a string, number, bigint or boolean`],
    [
      { precision: `apiv3_${secret}0123456789` },
      `Option "precision" is "<redacted>", allowed is one of "ns", "us", "ms", "s", "m", "h"`
    ],
    [
      { ...v1, cookies: { authorization: secret } },
      `Option "cookies" is an object, but transport "http" with version 1 has no such option. It has ${
        Object.keys(DatabaseConfig.schemas.http[1].fields).join(", ")
      }`
    ],
    [
      { ...v1, headers: { "x-key": `${secret}\n` } },
      `Option "headers.x-key" is a string, allowed is printable characters, as a string or a Redacted`
    ],
    [
      { ...v1, headers: { "x key": secret } },
      `Option "headers" is an object, allowed is names that HTTP can send (not "x key")`
    ],
    [
      { ...v1, headers: { Authorization: secret } },
      `Option "headers" is an object, allowed is headers other than authorization, which the request sets itself`
    ],
    [
      { ...v1, headers: secret },
      `Option "headers" is a string, allowed is a plain object of headers, in a variable a=b,c=d with each key once`
    ]
  ],
  "a ca that is no certificate": [
    [
      { ...v1, ca: "/etc/ssl/ca.pem" },
      `Option "ca" is "/etc/ssl/ca.pem", ${pem}; this holds none. Of a file, give the content and not the path`
    ],
    [
      { ...v1, ca: certificate.replaceAll("\n", "\\n") },
      `Option "ca" is a PEM text, ${pem}; the line feeds of this are written as \\n, replace them by real ones`
    ],
    [{ ...v1, ca: key }, `Option "ca" is a PEM text, ${pem}; this holds a private key, which no client needs to trust`],
    [{ ...v1, ca: cutOff }, `Option "ca" is a PEM text, ${pem}; certificate 1 is cut off or damaged`],
    [
      { ...v1, ca: `${certificate}\n${cutOff}` },
      `Option "ca" is a PEM text, ${pem}; certificate 2 is cut off or damaged`
    ],
    [{ ...v1, ca: [certificate, damaged] }, `Option "ca" is a list of 2, ${pem}; certificate 2 is cut off or damaged`],
    [
      { ...v1, ca: new Uint8Array([0x30, 0x82]) },
      `Option "ca" is an instance of Uint8Array, ${pem}; DER bytes are converted by "openssl x509 -inform der"`
    ],
    [{ ...v1, ca: [] }, `Option "ca" is an empty list, ${pem}`]
  ]
}

const says = (effect: Effect.Effect<unknown, unknown>, message: string | RegExp) =>
  Effect.gen(function*() {
    const error = yield* Effect.flip(effect)
    assert(error instanceof InfluxError.InfluxError)
    assert.deepStrictEqual([error.reason._tag, error.isRetryable], ["InvalidOption", false])
    if (typeof message === "string") assert.strictEqual(error.message, message)
    else assert.match(error.message, message)
    assert.notInclude(error.message + inspect(error, { depth: 9, showHidden: true }), secret)
  })

for (const [name, rows] of Object.entries(tables)) {
  describe(`${name}`, () => {
    it.effect.each(rows.map(([config, message]) => [message, config] as const))(
      "%s",
      ([message, config]) => says(database(config), message)
    )
  })
}

describe("what is no configuration of a layer", () => {
  const wrong = [["x", `"x"`], [null, "null"], [[], "an empty list"], [new Map(), "an instance of Map"]] as const
  it.effect.each(wrong)("%o fails every layer", ([config, shown]) =>
    Effect.gen(function*() {
      const transport = new TestTransport()
      const steered = Layer.provide(
        InfluxDatabase.layerTransport(config as never),
        Layer.succeed(Transport.Transport, transport.service)
      )
      const layers: ReadonlyArray<Layer.Layer<never, unknown>> = [
        InfluxDatabase.layer(config as never),
        InfluxDatabase.layerConfig(config as never),
        InfluxClient.layer(config as never),
        InfluxClient.layerConfig(config as never),
        InfluxShards.layer(config as never),
        InfluxShards.layerConfig(config as never),
        steered
      ] as ReadonlyArray<Layer.Layer<any, unknown>> as ReadonlyArray<Layer.Layer<never, unknown>>
      for (const layer of layers) yield* says(build(layer, {}), `The configuration is ${shown}, ${plain}`)
      assert.strictEqual(transport.opened, 0)
    }))
})

it.effect("what can't be read of an object of Configs fails the layer", () =>
  Effect.gen(function*() {
    const layer = (config: {}) => build(InfluxDatabase.layerConfig(config), {})
    const host = `Option "host" is a getter that throws, allowed is a value that can be read`
    yield* says(layer(throwing("host")), host)
    yield* says(layer(unreadable), `The configuration is an object that can't be read, ${plain}`)
  }))

describe("a wrong option of a client", () => {
  it.effect.each<readonly [string | RegExp, unknown]>([
    [`Option "version" is missing, allowed is one of 1, 2, 3`, {}],
    [`The configuration is "x", ${plain}`, "x"],
    [/^Option "name" is a string, but ClientConfig with version 1 .* belongs to DatabaseConfig/, {
      version: 1,
      name: "x"
    }],
    [/^Option "password" is missing/, { version: 1, username: "u" }],
    [/^Option "username" is missing/, { version: 1, password: token }],
    [/^Option "org" is missing/, { version: 2, token }],
    [/^Option "database" is missing/, { version: 3, token }],
    [/^Option "chunkSize" is 0/, { version: 1, chunkSize: 0 }],
    [/^Option "maxLineBytes" is -1/, { version: 1, maxLineBytes: -1 }],
    [`Option "bucket" is a string, but ClientConfig with version 2 has no such option, it belongs to DatabaseConfig`, {
      version: 2,
      org: "o",
      bucket: "b"
    }],
    [
      `Option "token" is <redacted>, allowed is either a token, or a username and a password`,
      { version: 1, token, username: "u", password: token }
    ],
    [`Option "db" is a string, but ClientConfig with version 3 has no such option. Did you mean "database"?`, {
      version: 3,
      db: "d"
    }]
  ])("%s", ([message, config]) => says(client(config), message))
})

describe("a wrong option of RequestTiming", () => {
  it.effect.each<readonly [string, unknown]>([
    [`The configuration is "x", ${plain}`, "x"],
    [`Option "mesurement" is a string, but RequestTiming has no such option. Did you mean "measurement"?`, {
      mesurement: "m"
    }],
    [`Option "measurement" is "", allowed is a name that a measurement can have`, { measurement: "" }],
    [`Option "tags" is "a=b", allowed is a plain object of tags`, { tags: "a=b" }],
    [`Option "database" is "x", allowed is a class made by InfluxDatabase.Service`, { database: "x" }]
  ])(
    "%s",
    ([message, options]) =>
      says(build(Layer.provide(RequestTiming.layer(options as {}), InfluxDatabase.layer()), {}), message)
  )
})

describe("a wrong option of shards", () => {
  it.effect.each<readonly [string | RegExp, unknown]>([
    [/^Option "shards" is an empty object, allowed is the options of one or more shards, by name/, { shards: {} }],
    [/^Option "shards.a" is null/, { shards: { a: null } }],
    [/^Option "shards.a.tags" is "dc=x", allowed is a plain object/, { shards: { a: { tags: "dc=x" } } }],
    [/^Option "shards.a.bucket" is missing/, { shards: { a: v2WithoutBucket } }],
    [
      /^Option "tags" is an object, allowed is keys that line protocol can hold \("": empty\)/,
      { shards: { a: {} }, tags: { "": 1 } }
    ],
    [`The configuration is null, ${plain}`, null],
    [`Option "shards" is missing, allowed is the options of one or more shards, by name`, {}],
    [`Option "shards" is a list of 1, ${plain}`, { shards: [{}] }],
    [`Option "shards.a" is "x", ${plain}`, { shards: { a: "x" } }],
    [`Option "shards.a.port" is 0, allowed is an integer from 1 to 65535`, { shards: { a: { port: 0 } } }],
    [`Option "shards.a.prot" is 1, but ${udp}. Did you mean "port"?`, { shards: { a: { prot: 1 } } }],
    [`Option "port" is 1, but InfluxShards has no such option, it belongs to the options of each shard`, {
      shards: { a: {} },
      port: 1
    }],
    [`Option "shard" is an object, but InfluxShards has no such option. Did you mean "shards"?`, { shard: { a: {} } }],
    [`Option "a" is an object, but InfluxShards has no such option. It has shards, tags`, { a: { host: "h" } }],
    [
      `Option "shards.a\\u000a.name" is "efflux/InfluxShards/a\\n", allowed is a name without spaces and control characters`,
      {
        shards: { "a\n": {} }
      }
    ]
  ])("%s", ([message, config]) => says(shards(config), message))

  it.effect("is named by its variable", () =>
    says(
      build(InfluxShards.layerConfig({ shards: { a: DatabaseConfig.config("A"), b: DatabaseConfig.config("B") } }), {
        A_PORT: "1",
        B_PORT: "x"
      }),
      `Variable B_PORT (shards.b.port) is "x", allowed is an integer from 1 to 65535`
    ))
})

describe("a wrong variable", () => {
  it.effect.each<readonly [string, { readonly [name: string]: string }]>([
    [`Variable INFLUX_PORT is "tcp:8086", allowed is an integer from 1 to 65535`, { INFLUX_PORT: "tcp:8086" }],
    [
      `Variable INFLUX_TAGS is "a=b,a=c", allowed is a plain object of tags, in a variable a=b,c=d with each key once`,
      { INFLUX_TAGS: "a=b,a=c" }
    ],
    [`Variable INFLUX_VERSION is missing, allowed is one of 1, 2, 3`, { INFLUX_TRANSPORT: "http" }],
    [`Variable INFLUX_DATABASE is missing, allowed is the name of a database on the server`, {
      INFLUX_TRANSPORT: "http",
      INFLUX_VERSION: "3"
    }],
    [
      `Variable INFLUX_TOKEN is <redacted>, but ${udp}, it belongs to transport "http"; set INFLUX_TRANSPORT=http and INFLUX_VERSION, or INFLUX_TRANSPORT=udp if it is for a ClientConfig`,
      { INFLUX_TOKEN: secret }
    ],
    [
      `Variable INFLUX_HOST is a string, but transport "http" with version 1 has no such option, it belongs to transport "udp" or transport "tcp"`,
      { INFLUX_TRANSPORT: "http", INFLUX_VERSION: "1", INFLUX_DATABASE: "d", INFLUX_HOST: "h" }
    ],
    [`Variable INFLUX_NO_SYNC is "maybe", allowed is one of true, false`, {
      INFLUX_TRANSPORT: "http",
      INFLUX_VERSION: "3",
      INFLUX_DATABASE: "d",
      INFLUX_NO_SYNC: "maybe"
    }]
  ])("%s", ([message, env]) => says(fromEnv(env), message))

  it.effect("is not named where the option is fixed", () =>
    says(
      build(InfluxDatabase.layerConfig(DatabaseConfig.config("INFLUX", { port: 0 })), { INFLUX_PORT: "1" }),
      `Option "port" is 0, allowed is an integer from 1 to 65535`
    ))
})
