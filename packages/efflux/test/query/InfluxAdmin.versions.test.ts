/** Administration of InfluxDB 2 and 3, against servers that check every request strictly against the documentation. */
import { assert, describe, it } from "@effect/vitest"
import { FaultServer, StrictV2, StrictV3 } from "@efflux/testkit"
import { Duration, Effect, Redacted } from "effect"
import { InfluxAdmin, InfluxClient, type InfluxError, InfluxQL, Point } from "efflux"
import { failsWith } from "../support/reasons.ts"

const token = "a-s3cr3t-token"

const { answer } = FaultServer

class Second extends InfluxClient.Service<Second>()("test/Second") {}

const v2 = Effect.fnUntraced(function*() {
  const server = yield* StrictV2.make({ token, org: "an org", buckets: ["b"], queryParams: false })
  const client = yield* InfluxClient.make({ version: 2, url: server.url, org: "an org", token: Redacted.make(token) })
  return { server, on: InfluxClient.withClient(Effect.succeed(client)), client }
})

describe("administration of InfluxDB 2", () => {
  it.live("makes, lists and deletes buckets, of any name and any number", () =>
    Effect.scoped(Effect.gen(function*() {
      const { on, server } = yield* v2()
      const odd = `odd "name" & more/ä?`
      yield* on(InfluxAdmin.createBucket(odd, { duration: "2 weeks", shardDuration: Duration.days(1) }))
      for (let n = 0; n < 120; n++) yield* on(InfluxAdmin.createBucket(`many-${n}`))
      const buckets = yield* on(InfluxAdmin.buckets)
      assert.strictEqual(buckets.length, 122)
      assert.deepStrictEqual(
        buckets.slice(0, 3).map((
          { duration, name }
        ) => [name, Duration.isFinite(duration) && Duration.toDays(duration)]),
        [["b", false], [odd, 14], ["many-0", false]]
      )
      yield* failsWith(on(InfluxAdmin.createBucket(odd)), "BadRequest", /already exists/)
      yield* on(InfluxAdmin.deleteBucket(odd))
      yield* on(InfluxAdmin.deleteBucket("never was"))
      assert.strictEqual((yield* on(InfluxAdmin.buckets)).length, 121)
      assert.deepStrictEqual(server.violations, [])
    })))

  it.live("ends and deletes nothing else where a proxy drops the parameters of a request", () =>
    Effect.scoped(Effect.gen(function*() {
      const page = (names: ReadonlyArray<string>) =>
        FaultServer.json(200, { buckets: names.map((name, n) => ({ id: `${n}`.padStart(16, "0"), name })) })
      const server = yield* FaultServer.make({ fallback: page(Array.from({ length: 100 }, (_, n) => `b${n}`)) })
      const client = yield* InfluxClient.make({ version: 2, url: server.url, org: "o" })
      const on = InfluxClient.withClient(Effect.succeed(client))
      yield* failsWith(on(InfluxAdmin.buckets), "InvalidAnswer", /a bucket twice/)
      assert.strictEqual(server.requests.length, 2)
      yield* failsWith(on(InfluxAdmin.deleteBucket("b1")), "InvalidAnswer", /a bucket twice/)
      server.script(page(["a", "b", "c"]))
      yield* on(InfluxAdmin.deleteBucket("b"))
      server.script(page(["a", "c"]))
      yield* on(InfluxAdmin.deleteBucket("b"))
      assert.deepStrictEqual(
        server.requests.filter(({ method }) => method === "DELETE").map(({ path }) => path),
        ["/api/v2/buckets/0000000000000001"]
      )
      // The ID goes into the path of a request.
      server.script(FaultServer.json(200, { buckets: [{ id: "..", name: "b" }] }))
      yield* failsWith(on(InfluxAdmin.deleteBucket("b")), "InvalidAnswer", /not what the API gives/)
    })))

  it.live.each(
    [
      [2, answer(404, { body: "404 page not found\n" }), false],
      [2, answer(404, { body: "<html>nothing here" }), false],
      [2, FaultServer.json(404, { code: "not found", message: "path not found" }), false],
      [2, FaultServer.json(404, { code: "not found", message: "bucket not found" }), true],
      [2, FaultServer.json(404, { code: "not found", message: `bucket "organization" not found` }), true],
      [2, FaultServer.json(404, { code: "not found", message: "organization not found" }), false],
      [2, FaultServer.json(404, { code: "not found", message: `organization name "o" not found` }), false],
      [3, answer(404, { body: "404 page not found\n" }), false],
      [3, answer(404), false],
      [3, answer(404, { body: "the requested resource was not found" }), true],
      [3, FaultServer.json(404, { error: "the requested resource was not found" }), true]
    ] as const
  )(
    "says that there is nothing to drop only if the server says so, and not if it has no such API or organization: InfluxDB %i, %#",
    ([version, fault, isGone]) =>
      Effect.scoped(Effect.gen(function*() {
        const { url } = yield* FaultServer.make({ fallback: fault })
        const drop = version === 2 ? InfluxAdmin.deleteBucket("b") : InfluxAdmin.dropDatabase("b")
        const client = yield* InfluxClient.make(
          version === 2 ? { version, url, org: "o" } : { version, url, database: "d" }
        )
        const on = InfluxClient.withClient(Effect.succeed(client))
        if (isGone) yield* on(drop)
        else yield* failsWith(on(drop), "NotFound", /may have another version|organization/)
      }))
  )

  it.live("deletes a range of points, up to its end and not with it, of the series that are named", () =>
    Effect.scoped(Effect.gen(function*() {
      const { client, on, server } = yield* v2()
      const lines = [
        `m,host=a v=1 10`,
        `m,host=b v=1 20`,
        `m,host=a v=1 30`,
        `n,host=a v=1 20`,
        `m,host=q"\\\\\\ q v=1 20`
      ]
      yield* Effect.promise(() =>
        fetch(`${server.url}/api/v2/write?org=an%20org&bucket=b`, {
          method: "POST",
          body: lines.join("\n"),
          headers: { authorization: `Token ${token}` }
        })
      )
      const left = () =>
        server.stored("b").map(({ measurement, tags, timestamp }) => [measurement, tags.host, timestamp])
      assert.strictEqual(left().length, 5)
      yield* on(InfluxAdmin.deleteRange("b", { start: 10n, stop: 30n, measurement: "m", tags: { host: "a" } }))
      assert.deepStrictEqual(left().map((point) => point[2]), [20n, 30n, 20n, 20n])
      yield* on(InfluxAdmin.deleteRange("b", { start: 0n, stop: 21n, tags: { host: String(left()[3]![1]) } }))
      assert.deepStrictEqual(left(), [["m", "b", 20n], ["m", "a", 30n], ["n", "a", 20n]])
      yield* on(InfluxAdmin.deleteRange("b", { start: new Date(0), stop: new Date(1) }))
      assert.deepStrictEqual(left(), [])
      yield* failsWith(on(InfluxAdmin.deleteRange("nope", { start: 0n, stop: 1n })), "NotFound", /bucket "nope"/)
      assert.deepStrictEqual(server.violations, [])
      assert.strictEqual(client.org, "an org")
    })))

  it.live("says what it can't do, and which option is wrong", () =>
    Effect.scoped(Effect.gen(function*() {
      const { on, server } = yield* v2()
      const wrong: ReadonlyArray<
        readonly [Effect.Effect<unknown, InfluxError.InfluxError, InfluxClient.InfluxClient>, RegExp]
      > = [
        [InfluxAdmin.createDatabase("d"), /^Option "version" is 2, allowed is 1 or 3 for databases$/],
        [InfluxAdmin.createBucket("x", { duration: Number.NaN }), /^Option "duration" is NaN, allowed is a duration/],
        [InfluxAdmin.createBucket("x", { shardDuration: -1 }), /"shardDuration" is -1/],
        [InfluxAdmin.createBucket("x", { Duration: 5 } as object), /"Duration" is 5.* Did you mean "duration"\?$/],
        [InfluxAdmin.createBucket("x", "1 day" as never), /"options" is "1 day", allowed is a plain object/],
        [InfluxAdmin.createBucket(""), /"name" is ""/],
        [InfluxAdmin.deleteRange("", { start: 0n, stop: 5n }), /"name" is ""/],
        [
          InfluxAdmin.deleteRange("b", { start: 0n, stop: 5n, measurment: "m" } as InfluxAdmin.Range),
          /^Option "measurment" is a string, but range has no such option. Did you mean "measurement"\?$/
        ],
        [
          InfluxAdmin.deleteRange("b", { start: 0n, stop: 5n, tags: new Map([["a", "b"]]) as never }),
          /"tags" is an instance of Map, allowed is a plain object with a text for each tag/
        ],
        [InfluxAdmin.deleteRange("b", null as never), /"options" is null/],
        [InfluxAdmin.deleteRange("b", { start: 5n, stop: 5n }), /"stop" is 5n, allowed is an instant after start/],
        [InfluxAdmin.deleteRange("b", { start: new Date(Number.NaN), stop: 5n }), /"start" is an instance of Date/],
        [InfluxAdmin.deleteRange("b", { start: Point.uint(1n) as never, stop: 5n }), /"start" is an instance of Uint/],
        [InfluxAdmin.deleteRange("b", { start: 0n, stop: 5n, measurement: "" }), /"measurement" is ""/],
        [InfluxAdmin.deleteRange("b", { start: 0n, stop: 5n, tags: { host: 1 as never } }), /"tags.host" is 1/]
      ]
      for (const [effect, message] of wrong) yield* failsWith(on(effect), "InvalidOption", message)
      yield* failsWith(on(InfluxAdmin.measurements("d")), "InvalidStatement", /InfluxDB 2 is asked in Flux$/)
      assert.deepStrictEqual(server.exchanges, [])
    })))
})

describe("administration of InfluxDB 3", () => {
  it.live("makes, lists and drops databases, also by a client of one's own", () =>
    Effect.scoped(Effect.gen(function*() {
      const server = yield* StrictV3.make({ token })
      const layer = Second.layer({ version: 3, url: server.url, database: "any", token: Redacted.make(token) })
      yield* Effect.gen(function*() {
        yield* InfluxAdmin.createDatabase("metrics", { duration: "2 weeks" })
        yield* InfluxAdmin.createDatabase("forever", { duration: Duration.infinity })
        yield* InfluxAdmin.createDatabase("metrics")
        assert.deepStrictEqual(yield* InfluxAdmin.databases, ["_internal", "forever", "metrics"])
        yield* InfluxAdmin.dropDatabase("forever")
        yield* InfluxAdmin.dropDatabase("never was")
        assert.deepStrictEqual(yield* InfluxAdmin.databases, ["_internal", "metrics"])
        yield* failsWith(InfluxAdmin.dropDatabase(""), "InvalidOption", /"name" is ""/)
        yield* failsWith(InfluxAdmin.dropDatabase(undefined as never), "InvalidOption", /"name" is missing/)
        yield* failsWith(
          InfluxAdmin.createDatabase("x", { duration: "1 day", retention: 2 } as InfluxAdmin.DatabaseRetention),
          "InvalidOption",
          /"retention" is 2, but createDatabase has no such option/
        )
        yield* failsWith(
          InfluxAdmin.createDatabase("x", { duration: "1 day", replication: 2 }),
          "InvalidOption",
          /"replication" is 2, allowed is an option of InfluxDB 1 only/
        )
        yield* failsWith(
          InfluxAdmin.deleteRange("metrics", { start: 0n, stop: 1n }),
          "InvalidOption",
          /"version" is 3, allowed is 1 or 2 for deleting points/
        )
      }).pipe(InfluxClient.withClient(Second), Effect.provide(layer))
      const created = server.exchanges.filter(({ method }) => method === "POST").map(({ text }) => text)
      assert.deepStrictEqual(created, [
        `{"db":"metrics","retention_period":"1209600s"}`,
        `{"db":"forever"}`,
        `{"db":"metrics"}`
      ])
      assert.deepStrictEqual(server.violations, [])
    })))
})

const policies = () => InfluxAdmin.retentionPolicies("d")

describe("administration of InfluxDB 1", () => {
  it.effect("says which option is wrong, and asks nothing", () =>
    Effect.gen(function*() {
      const { client, spy } = InfluxClient.makeTest(() => [])
      const duration = "1 day"
      const wrong: ReadonlyArray<
        readonly [Effect.Effect<unknown, InfluxError.InfluxError, InfluxClient.InfluxClient>, RegExp]
      > = [
        [
          InfluxAdmin.createRetentionPolicy("d", "p", { duration, default: true } as InfluxAdmin.Retention),
          /"default" is true/
        ],
        [InfluxAdmin.createRetentionPolicy("d", "p", { duration, isDefault: "yes" as never }), /"isDefault" is "yes"/],
        [InfluxAdmin.createRetentionPolicy("d", "p", null as never), /"options" is null/],
        [
          InfluxAdmin.alterRetentionPolicy("d", "p", { isDefault: 1 as never }),
          /"isDefault" is 1, allowed is one of true, false/
        ],
        [InfluxAdmin.createContinuousQuery("d", "c", InfluxQL.query`x`, { evry: duration } as object), /mean "every"/],
        [InfluxAdmin.createDatabase("d", { duration: 0 }), /"duration" is 0/],
        [
          InfluxAdmin.createDatabase("d", {} as { duration: 1 }),
          /^Option "duration" is missing, allowed is a duration above/
        ],
        [InfluxAdmin.createRetentionPolicy("d", "p", { duration, replication: 0.5 }), /"replication" is 0.5/],
        [InfluxAdmin.createRetentionPolicy("d", "p", { duration, shardDuration: -5 }), /"shardDuration" is -5/],
        [InfluxAdmin.alterRetentionPolicy("d", "p", { duration: Duration.millis(Number.NaN) }), /"duration" is 0/],
        [InfluxAdmin.createContinuousQuery("d", "c", InfluxQL.query`x`, { every: Number.NaN }), /"every" is NaN/],
        [
          InfluxAdmin.createContinuousQuery("d", "c", "SELECT 1" as never),
          /"select" is "SELECT 1", allowed is .*template/
        ],
        [
          InfluxAdmin.createContinuousQuery("d", "c", InfluxQL.query`x`, { for: {} as "1 day" }),
          /"for" is an empty object/
        ]
      ]
      const on = InfluxClient.withClient(Effect.succeed(client))
      for (const [effect, message] of wrong) yield* failsWith(on(effect), "InvalidOption", message)
      assert.deepStrictEqual(spy.asked, [])
      yield* on(InfluxAdmin.createRetentionPolicy("d", "p", { duration, isDefault: false }))
      yield* on(InfluxAdmin.alterRetentionPolicy("d", "p", { isDefault: true, shardDuration: undefined }))
      assert.deepStrictEqual(spy.asked.map(({ text }) => text.replace(/ +/g, " ").trim()), [
        "CREATE RETENTION POLICY $p0 ON $p1 DURATION $p2 REPLICATION $p3",
        "ALTER RETENTION POLICY $p0 ON $p1 DEFAULT"
      ])
    }))

  const policy = { name: "p", duration: "1h0m0s", shardGroupDuration: "1h0m0s", replicaN: 1n, default: true }
  it.effect.each<
    readonly [string, InfluxClient.Row, Effect.Effect<unknown, InfluxError.InfluxError, InfluxClient.InfluxClient>]
  >([
    ["a database without a name", { database: "d" }, InfluxAdmin.databases],
    ["a measurement that is a number", { name: 5 }, InfluxAdmin.measurements("d")],
    ["a tag without a measurement", { tagKey: "k" }, InfluxAdmin.tagKeys("d")],
    ["a policy that lasts for nobody knows how long", { ...policy, duration: "forever" }, policies()],
    ["a policy of half a copy", { ...policy, replicaN: 0.5 }, policies()],
    ["a policy that may be the default", { ...policy, default: "true" }, policies()]
  ])("is told of an answer that is not what the API gives: %s", ([, row, effect]) => {
    const { client } = InfluxClient.makeTest(() => [row])
    return failsWith(InfluxClient.withClient(Effect.succeed(client))(effect), "InvalidRow", /does not fit/)
  })

  it.effect("reads what servers say of a policy, with integers of JSON too", () => {
    const { client } = InfluxClient.makeTest(() => [{ ...policy, duration: "0s", replicaN: 2 }])
    return Effect.map(InfluxClient.withClient(Effect.succeed(client))(policies()), ([one]) =>
      assert.deepStrictEqual(
        [one!.duration, one!.shardDuration, one!.replication, one!.isDefault],
        [Duration.infinity, Duration.hours(1), 2, true]
      ))
  })
})
