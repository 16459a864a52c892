/** Wrong configurations and their messages: the option or variable, its value, and what is allowed. */
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
import { readRows } from "../support/rows.ts"
import { TestTransport } from "../support/TestTransport.ts"

const secret = "s3cr3t-hunter2"
const v1 = { transport: "http", version: 1, database: "d" }
const v2 = { transport: "http", version: 2, org: "o", bucket: "b" }

const database = (config: unknown) => Effect.scoped(InfluxDatabase.make(config as DatabaseConfig.DatabaseConfig))
const build = <A, E>(layer: Layer.Layer<A, E>, env: { readonly [name: string]: string }) =>
  Effect.scoped(Layer.build(layer)).pipe(
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))
  )
const plain = "allowed is a plain object of options; { ...it } makes one of an instance of a class"
const pem = "allowed is one or more certificates as PEM text"
const udp = `transport "udp" (the default) has no such option`
const udpOptions = `It has ${Object.keys(DatabaseConfig.schemas.udp.fields).join(", ")}`
const http = `transport "http" with version 1 has no such option`
const httpOptions = `It has ${Object.keys(DatabaseConfig.schemas.http[1].fields).join(", ")}`
const tooManyTags = (given: number, most: number, payload: number) =>
  `Option "tags" is ${given} bytes of tags, allowed is at most ${most} bytes of tags (maxPayloadBytes is ${payload})`

class Options {
  readonly host = "localhost"
}

const unreadable = new Proxy({}, {
  ownKeys: () => {
    throw new Error(secret)
  }
})

/** An object with a property that can be read so many times. */
const readable = (times: number, option: string, value?: unknown) =>
  Object.defineProperty({}, option, {
    enumerable: true,
    get: () => {
      if (times-- > 0) return value
      throw new Error(secret)
    }
  })

const throwing = (option: string) => readable(0, option)

const lines = certificate.trim().split("\n")
const cutOff = lines.slice(0, -3).join("\n")
const damaged = certificate.replace(lines[2]!, lines[2]!.slice(0, 12))

/** Values that JSON can't hold. All others are in `conformance/wrongOptions.jsonl`. */
const objects: ReadonlyArray<readonly [config: unknown, message: string | RegExp]> = [
  [{ "": 1 }, `Option """" is 1, but ${udp}. ${udpOptions}`],
  [{ "a\nb\u202e": 1 }, `Option "a\\u000ab\\u202e" is 1, but ${udp}. ${udpOptions}`],
  [{ ["x".repeat(5000)]: 1 }, `Option "${"x".repeat(128)}…" is 1, but ${udp}. ${udpOptions}`],
  [{ apiv3_0123456789abcdefghijklmnop: 1 }, `Option "<redacted>" is 1, but ${udp}. ${udpOptions}`],
  [{ ...v1, cookies: { authorization: secret } }, `Option "cookies" is an object, but ${http}. ${httpOptions}`],
  [{ [Symbol("host")]: "h" }, `Option "Symbol(host)" is a symbol, allowed is a name of an option`],
  [JSON.parse(`{"__proto__":1}`), `Option "__proto__" is 1, but ${udp}. ${udpOptions}`],
  [{ queueCapacity: NaN }, `Option "queueCapacity" is NaN, allowed is an integer from 1 to 100000000`],
  [
    { drainTimeout: NaN },
    /^Option "drainTimeout" is NaN, allowed is a duration from 0 ms to 24 days, like "500 millis"/
  ],
  [{ drainTimeout: [NaN, NaN] }, /^Option "drainTimeout" is .*, allowed is a duration/],
  [{ drainTimeout: { seconds: NaN } }, /^Option "drainTimeout" is .*, allowed is a duration/],
  [
    { flushInterval: Duration.infinity },
    /^Option "flushInterval" is Infinity, allowed is a duration from 1 ms to 24 days/
  ],
  [{ flushInterval: new Date(5) }, /^Option "flushInterval" is an instance of Date, allowed is a duration from 1 ms/],
  [
    { tags: new Map([["a", "b"]]) },
    /^Option "tags" is an instance of Map, allowed is a plain object of tags, in a var/
  ],
  [throwing("host"), `Option "host" is a getter that throws, allowed is a value that can be read`],
  [{ tags: throwing("a") }, `Option "tags" is an object that can't be read, allowed is a value that can be read`],
  [{ pacing: unreadable }, `Option "pacing" is an object that can't be read, allowed is a value that can be read`],
  [
    { pacing: new Options() },
    /^Option "pacing" is an instance of Options, allowed is "none" or { packetsPerSecond, burst }/
  ],
  [
    { host: Config.String("HOST") },
    /^Option "host" is a Config \(which layerConfig takes\), allowed is a host name or/
  ],
  ...["256.1.1.1", "1.2.3.4.5", "influx.999", "a:b:c", "admin@influx", "influx?x"].map((host) =>
    [{ host }, /^Option "host" is .*, allowed is a host name or an IP address, without scheme and port$/] as const
  ),
  [{ port: Option.some(8089) }, `Option "port" is an Option, allowed is an integer from 1 to 65535`],
  [{ name: "x".repeat(70_000) }, /^Option "name" is .{0,200}$/],
  [{ tags: { a: "x".repeat(1425) } }, tooManyTags(1428, 1427, 1432)],
  [{ ...v2, tags: { [" ".repeat(30_000)]: "x", b: "x".repeat(6000) } }, tooManyTags(66_006, 65_529, 1_048_576)],
  [() => ({}), `The configuration is a function, ${plain}`],
  [new Map(), `The configuration is an instance of Map, ${plain}`],
  [new Options(), `The configuration is an instance of Options, ${plain}`],
  [Object.create({ port: 1 }), `The configuration is an object with a prototype of its own, ${plain}`],
  [DatabaseConfig.config("INFLUX"), `The configuration is a Config (which layerConfig takes), ${plain}`],
  [Effect.succeed({}), `The configuration is an Effect, ${plain}`],
  [unreadable, `The configuration is an object that can't be read, ${plain}`],
  [
    { ...v1, ca: certificate.replaceAll("\n", "\\n") },
    /; the line feeds of this are written as \\n, replace them by real/
  ],
  [{ ...v1, ca: key }, `Option "ca" is a PEM text, ${pem}; this holds a private key, which no client needs to trust`],
  [{ ...v1, ca: cutOff }, `Option "ca" is a PEM text, ${pem}; certificate 1 is cut off or damaged`],
  [
    { ...v1, ca: `${certificate}\n${cutOff}` },
    `Option "ca" is a PEM text, ${pem}; certificate 2 is cut off or damaged`
  ],
  [{ ...v1, ca: [certificate, damaged] }, `Option "ca" is a list of 2, ${pem}; certificate 2 is cut off or damaged`],
  [
    { ...v1, ca: new Uint8Array([0x30]) },
    /is an instance of Uint8Array, .*; DER bytes are converted by "openssl x509 -in/
  ]
]

interface Row {
  readonly kind: string
  readonly of?: "DatabaseConfig" | "ClientConfig" | "InfluxShards" | "RequestTiming"
  readonly config?: unknown
  readonly expect: string
}

const uses = {
  DatabaseConfig: database,
  ClientConfig: (config: unknown) => Effect.scoped(InfluxClient.make(config as ClientConfig.ClientConfig)),
  InfluxShards: (config: unknown) => Effect.scoped(InfluxShards.make(config as InfluxShards.ShardsConfig)),
  RequestTiming: (config: unknown) =>
    build(Layer.provide(RequestTiming.layer(config as {}), InfluxDatabase.layer()), {})
}

/** `{"redacted": …}` in a row is such a value. */
const rows = readRows<Row>(
  new URL("../conformance/wrongOptions.jsonl", import.meta.url),
  (_, value) => typeof value?.redacted === "string" ? Redacted.make(value.redacted) : value
)

const says = (effect: Effect.Effect<unknown, unknown>, message: string | RegExp) =>
  Effect.gen(function*() {
    const error = yield* Effect.flip(effect)
    assert(error instanceof InfluxError.InfluxError)
    assert.deepStrictEqual([error.reason._tag, error.isRetryable], ["InvalidOption", false])
    if (typeof message === "string") assert.strictEqual(error.message, message)
    else assert.match(error.message, message)
    assert.notInclude(error.message + inspect(error, { depth: 9, showHidden: true }), secret)
  })

describe("wrong configurations", () => {
  it.effect.each(objects.map(([config, message]) => [message, config] as const))(
    "%s",
    ([message, config]) => says(database(config), message)
  )

  // Those of variables are in `layerConfig.test.ts`.
  it.effect.each(rows.flatMap((row) => row.of === undefined ? [] : [{ ...row, of: row.of }]))(
    "$kind, $of: $expect",
    ({ config, expect, of }) => says(uses[of](config), expect)
  )
})

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
    yield* says(layer(DatabaseConfig.config("INFLUX", throwing("host"))), host)
    const circular: { tags?: unknown } = {}
    circular.tags = circular
    const tags = `Option "tags.tags" is an object, allowed is a string, number, bigint or boolean`
    yield* says(layer(circular), tags)
    yield* says(layer({ tags: { tags: circular } }), tags)
  }))

describe("an option that is an object", () => {
  const options: ReadonlyArray<readonly [option: string, part: string, value: unknown, config?: {}]> = [
    ["tags", "a", "b"],
    ["pacing", "packetsPerSecond", 5],
    ["flushInterval", "seconds", 1],
    ["headers", "a", "b", v1]
  ]
  it.effect.each(options)("is read once: %s", ([option, part, value, config]) =>
    Effect.gen(function*() {
      const unread = `Option "${option}" is an object that can't be read, allowed is a value that can be read`
      const shard = (given: unknown) => Effect.scoped(InfluxShards.make({ shards: { a: given } } as never))
      yield* says(database({ ...config, [option]: readable(0, part) }), unread)
      yield* says(shard({ ...config, [option]: readable(0, part) }), unread.replace(option, `shards.a.${option}`))
      yield* database({ ...config, [option]: readable(1, part, value) })
      yield* shard({ ...config, [option]: readable(1, part, value) })
    }))

  it.effect("can be changed afterwards without effect", () =>
    Effect.gen(function*() {
      const tags = { host: "a" }
      const made = yield* InfluxShards.make({ shards: { a: { tags }, b: {} }, tags })
      const points = Array.from({ length: 50 }, (_, n) => ({ measurement: `m${n}`, fields: { n } }))
      const shards = points.map(made.shardOf)
      tags.host = "b\n"
      assert.deepStrictEqual(points.map(made.shardOf), shards)
    }).pipe(Effect.scoped))
})

it("a prefix that is no string is named", () => {
  assert.throws(() => DatabaseConfig.config(undefined as never), "prefix must be a string, got undefined")
})

it.effect.each([{ a: {}, b: undefined }, { b: undefined }])(
  "a shard without options fails the layer: %j",
  (shards) =>
    Effect.gen(function*() {
      const layers = [InfluxShards.layer({ shards } as never), InfluxShards.layerConfig({ shards } as never)]
      for (const layer of layers) yield* says(build(layer, {}), `Option "shards.b" is missing, ${plain}`)
    })
)

describe("an option that several configurations share", () => {
  it.effect("is named by its shard and its variable", () =>
    says(
      build(InfluxShards.layerConfig({ shards: { a: DatabaseConfig.config("A"), b: DatabaseConfig.config("B") } }), {
        A_PORT: "1",
        B_PORT: "x"
      }),
      `Variable B_PORT (shards.b.port) is "x", allowed is an integer from 1 to 65535`
    ))

  it.effect("is not named by a variable where it is fixed", () =>
    says(
      build(InfluxDatabase.layerConfig(DatabaseConfig.config("INFLUX", { port: 0 })), { INFLUX_PORT: "1" }),
      `Option "port" is 0, allowed is an integer from 1 to 65535`
    ))
})
