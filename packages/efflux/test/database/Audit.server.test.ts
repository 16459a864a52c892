import { assert } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeServer } from "@efflux/testkit/realServer"
import { Effect, Layer } from "effect"
import { type DatabaseConfig, Influx, InfluxClient, InfluxDatabase } from "efflux"
import { failsWith } from "../support/reasons.ts"

/** A database that sends to the server's listener, and the way to ask the server. */
const withBoth = <A, E>(
  config: DatabaseConfig.UdpConfig,
  use: (
    server: InfluxServer.Server,
    listener: number
  ) => Effect.Effect<A, E, InfluxDatabase.InfluxDatabase | InfluxClient.InfluxClient>
) =>
  Effect.gen(function*() {
    const server = yield* InfluxServer.InfluxServer
    const [listener] = server.udpPorts as [number]
    return yield* use(server, listener).pipe(Effect.provide(Layer.merge(
      InfluxDatabase.layer({ port: listener, ...config }),
      InfluxClient.layer({ version: 1, url: server.httpUrl })
    )))
  })

const push = (measurement: string, count: number) =>
  Influx.pushAll(Array.from({ length: count }, (_, n) => ({ measurement, fields: { n } })))

describeServer("an audit", { udp: [{ database: "db" }] }, (it) => {
  it.effect("finds nothing lost where all arrived", () =>
    withBoth({}, (server, listener) =>
      Effect.gen(function*() {
        yield* push("before", 500)
        yield* Influx.flush
        // The server counts points shortly after it has stored them.
        yield* server.waitFor(server.udpStats, ([stats]) => stats!.pointsTx >= 500)
        const report = yield* Influx.auditOf(push("during", 1000), { listener })
        assert.strictEqual(report.listener, `127.0.0.1:${listener}`)
        assert.deepStrictEqual(report.sent, report.received)
        assert.strictEqual(report.sent.points, 1000)
        assert.strictEqual(report.stored, 1000)
        assert.deepStrictEqual(
          [report.lost, report.uncertainty, report.foreign, report.unparsed, report.failedBatches],
          [0, 0, 0, 0, 0]
        )
        const idle = yield* Influx.audit({ interval: 10, listener: `127.0.0.1:${listener}` })
        assert.deepStrictEqual([idle.sent.points, idle.received.points, idle.lost], [0, 0, 0])
        assert.isAtLeast(idle.millis, 10)
      })))

  it.effect("finds as many lost as the kernel dropped in front of a server that did not read", () =>
    withBoth({ pacing: "none", queueCapacity: 100_000 }, (server, listener) =>
      Effect.gen(function*() {
        const report = yield* Influx.auditOf(
          Effect.gen(function*() {
            yield* server.suspend
            yield* push("burst", 50_000)
            yield* Influx.flush
            yield* server.resume
          }),
          { listener }
        )
        assert.strictEqual(report.sent.points, 50_000)
        assert.isAbove(report.lost!, 0)
        yield* server.waitFor(server.count("db", "burst"), (count) => count === 50_000 - report.lost!)
        assert.isBelow(report.received.bytes, report.sent.bytes)
      })))

  it.effect("tells datagrams that could not be parsed, and points of others", () =>
    withBoth({}, (server, listener) =>
      Effect.gen(function*() {
        const report = yield* Influx.auditOf(
          Effect.all([
            push("mine", 10),
            server.sendUdp("other v=1"),
            server.sendUdp("no line"),
            server.sendUdp("a,b= v=1")
          ]),
          { listener }
        )
        assert.deepStrictEqual(
          [report.sent.points, report.received.points, report.lost, report.foreign, report.unparsed],
          [10, 11, 0, 1, 2]
        )
        // A lost point of ours would be hidden by one of another program.
        yield* server.writeLines("db", "typed v=\"text\" 1")
        const conflict = yield* Influx.auditOf(
          Effect.andThen(Influx.push({ measurement: "typed", fields: { v: 1 }, timestamp: 2n }), Influx.flush),
          { listener }
        )
        assert.deepStrictEqual([conflict.lost, conflict.received.points], [0, 1])
        yield* server.waitFor(Effect.map(server.udpStats, ([stats]) => stats!.batchesTxFail), (failed) => failed >= 1)
      })))

  it.effect("does not know what was lost when the server was restarted", () =>
    withBoth({}, (server, listener) =>
      Effect.gen(function*() {
        yield* push("old", 100)
        yield* Influx.flush
        yield* server.waitForCount("db", "old", 100)
        const report = yield* Influx.auditOf(Effect.andThen(server.restart, push("new", 10)), { listener })
        assert.isUndefined(report.lost)
        assert.deepStrictEqual([report.sent.points, report.received.points, report.foreign], [10, 10, 0])
      })))

  it.effect("names the listeners that there are where it finds none", () =>
    withBoth({}, (_, listener) =>
      failsWith(
        Influx.audit({ interval: 1, listener: 1 }),
        "InvalidOption",
        new RegExp(`^Option "listener" is 1, allowed is one of "127.0.0.1:${listener}"$`)
      )))
})
