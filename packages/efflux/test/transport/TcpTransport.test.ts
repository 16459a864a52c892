/** Writing over TCP: what arrives, how a slow server holds it back, and what becomes of a connection that breaks. */
import * as NodeSocket from "@effect/platform-node/NodeSocket"
import { assert, describe, it } from "@effect/vitest"
import { waitFor } from "@efflux/testkit"
import { assertLaw } from "@efflux/testkit/law"
import { Effect, Layer, Logger, Metric, Result } from "effect"
import { type DatabaseConfig, Influx, InfluxDatabase, Transport } from "efflux"
import { once } from "node:events"
import * as net from "node:net"
import { check, type TcpSettings } from "../../src/internal/config/DatabaseSettings.ts"
import * as TcpTransport from "../../src/internal/transport/TcpTransport.ts"

/** A TCP server that keeps what arrives, connection by connection. */
const listen = ({ host = "127.0.0.1", port = 0 } = {}, onConnection: (socket: net.Socket) => void = () => {}) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const received: Array<string> = []
      const sockets = new Set<net.Socket>()
      const server = net.createServer((socket) => {
        const index = received.push("") - 1
        sockets.add(socket)
        socket.on("close", () => sockets.delete(socket))
        socket.on("error", () => {})
        socket.on("data", (data) => received[index] += String(data))
        onConnection(socket)
      })
      await once(server.listen(port, host), "listening")
      return { port: (server.address() as net.AddressInfo).port, received, sockets, server }
    }),
    ({ server, sockets }) =>
      Effect.promise(async () => {
        for (const socket of sockets) socket.destroy()
        if (server.listening) await once(server.close(), "close")
      })
  )

const withDatabase = <Eff extends Effect.Effect<any, any, any>, A>(
  config: Omit<DatabaseConfig.TcpConfig, "transport">,
  use: (database: InfluxDatabase.Database) => Generator<Eff, A, never>
) =>
  Effect.scoped(
    Effect.flatMap(
      InfluxDatabase.make({ transport: "tcp", flushInterval: 20, logInterval: 50, ...config }),
      (database) => Effect.gen(() => use(database))
    )
  ).pipe(Effect.provideService(Metric.MetricRegistry, new Map()), Effect.provide(Logger.layer([])))

const push = (database: InfluxDatabase.Database, count: number, from = 0) =>
  database.pushAll(
    Array.from({ length: count }, (_, i) => ({ measurement: "m", fields: { n: BigInt(from + i) }, timestamp: 1n }))
  )

const lines = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `m n=${from + i}i 1\n`).join("")

describe("TcpTransport", () => {
  it.live("lines arrive in their order over one connection, each payload with a line feed at its end", () =>
    Effect.gen(function*() {
      const { port, received } = yield* listen()
      yield* withDatabase({ port, batchSize: 100 }, function*(database) {
        yield* push(database, 20_050)
        yield* database.flush
        const stats = yield* database.stats
        assert.deepStrictEqual([stats.sent, stats.droppedTotal, stats.inFlight], [20_050, 0, 0])
        assert.isAtLeast(stats.payloads, 200)
      })
      yield* waitFor(Effect.sync(() => received.join("").length), (length) => length >= lines(20_050).length)
      assert.deepStrictEqual(received, [lines(20_050)])
    }).pipe(Effect.scoped))

  it.live("many small payloads one after the other all end: none waits for a drain that it missed", () =>
    Effect.gen(function*() {
      const { port, received } = yield* listen()
      yield* withDatabase({ port, batchSize: 1 }, function*(database) {
        yield* push(database, 30_000)
        yield* database.flush
        assert.strictEqual((yield* database.stats).sent, 30_000)
      })
      yield* waitFor(Effect.sync(() => received.join("").length), (length) => length >= lines(30_000).length)
    }).pipe(Effect.scoped))

  it.live("a server that does not read holds the sender back, the queue slides, and closing still ends", () =>
    Effect.gen(function*() {
      const { port } = yield* listen({}, (socket) => socket.pause())
      const config = { port, queueCapacity: 1000, batchSize: 1000, drainTimeout: 200 }
      const database = yield* withDatabase(config, function*(database) {
        // Until the buffers of the kernel are full, and nothing is sent any more.
        const text = "x".repeat(1000)
        let stats = yield* database.stats
        for (let still = 0; still < 50;) {
          const { sent } = stats
          yield* database.pushAll(Array.from({ length: 1000 }, () => ({ measurement: "m", fields: { text } })))
          yield* Effect.sleep(1)
          stats = yield* database.stats
          still = sent > 0 && stats.sent === sent && stats.inFlight > 0 ? still + 1 : 0
        }
        assertLaw(stats)
        assert.isAbove(stats.dropped.queue_full, 0)
        assert.isAtMost(stats.inFlight, 1001)
        return database
      })
      const stats = database.statsUnsafe()
      assertLaw(stats)
      assert.isAbove(stats.dropped.unknown, 0)
      assert.isAbove(stats.dropped.shutdown, 0)
      assert.strictEqual(stats.inFlight + stats.queued, 0)
    }).pipe(Effect.scoped))

  it.live("a connection that the server closed is opened anew, and what was pushed meanwhile arrives", () =>
    Effect.gen(function*() {
      // An address that no other program listens on: the port is still free when it is bound again.
      const host = "127.11.22.33"
      const first = yield* listen({ host })
      const { port } = first
      yield* withDatabase({ host, port, senders: 1 }, function*(database) {
        yield* push(database, 10)
        yield* waitFor(Effect.sync(() => first.received.join("")), (text) => text === lines(10))
        for (const socket of first.sockets) socket.destroy()
        yield* Effect.promise(() => once(first.server.close(), "close"))
        yield* Effect.sleep(100)
        yield* push(database, 10, 10)
        yield* Effect.sleep(200)
        assert.strictEqual((yield* database.stats).queued, 10)
        const second = yield* listen({ host, port })
        yield* waitFor(Effect.sync(() => second.received.join("")), (text) => text === lines(10, 10))
        yield* database.flush
        assert.strictEqual((yield* database.stats).sent, 20)
      })
    }).pipe(Effect.scoped))

  it.live("a payload whose connection breaks within it is counted as unknown, and is not sent twice", () =>
    Effect.gen(function*() {
      const { port, received } = yield* listen({}, (socket) => {
        if (received.length > 1) return
        socket.once("data", () => {
          socket.pause()
          setTimeout(() => socket.resetAndDestroy(), 100)
        })
      })
      const text = "x".repeat(1000)
      yield* withDatabase(
        { port, batchSize: 20_000, queueCapacity: 40_000, maxPayloadBytes: 25_000_000 },
        function*(database) {
          yield* database.pushAll(Array.from({ length: 20_000 }, () => ({ measurement: "m", fields: { text } })))
          yield* database.flush
          const broken = yield* database.stats
          assert.deepStrictEqual([broken.dropped.unknown, broken.sent], [20_000, 0])
          yield* push(database, 5)
          yield* database.flush
          const stats = yield* database.stats
          assert.strictEqual(stats.sent, 5)
          assertLaw(stats)
        }
      )
      yield* waitFor(Effect.sync(() => received.slice(1).join("")), (all) => all === lines(5))
    }).pipe(Effect.scoped))

  const reading: { readonly [what: string]: Effect.Effect<never> } = {
    dies: Effect.die("the reader is broken"),
    throws: Effect.suspend(() => {
      throw new Error("the reader is broken")
    }),
    "is interrupted": Effect.interrupt
  }
  for (const [what, pull] of Object.entries(reading)) {
    it.live(`a connection whose reader ${what} is left for a new one before the next payload`, () =>
      Effect.gen(function*() {
        const { port, received } = yield* listen()
        const settings = Result.getOrThrow(check({ transport: "tcp", port }, "test")) as TcpSettings
        let [opened, broken] = [0, 0]
        const transport = TcpTransport.make(
          settings,
          (options) =>
            Effect.map(NodeSocket.makeNet(options), (socket) =>
              opened++ > 0
                ? socket
                : {
                  ...socket,
                  reader: Effect.map(socket.reader, (reader) => ({
                    ...reader,
                    pull: Effect.andThen(Effect.sync(() => broken++), pull)
                  }))
                })
        )
        const stats = yield* Effect.gen(function*() {
          // Looked at from a timer: what follows the end of the reader is done in the turn in which it comes.
          yield* waitFor(Effect.sync(() => broken), (times) => times === 1)
          yield* Influx.push({ measurement: "m", fields: { n: 1 }, timestamp: 1n })
          yield* Influx.flush
          return yield* Influx.stats
        }).pipe(
          Effect.provide(
            Layer.provide(InfluxDatabase.layerTransport({ senders: 1 }), Layer.succeed(Transport.Transport, transport))
          ),
          Effect.provideService(Metric.MetricRegistry, new Map())
        )
        assert.strictEqual(opened, 2)
        assert.strictEqual(stats.sent, 1)
        yield* waitFor(Effect.sync(() => received), (all) => all.length === 2 && all[1] === "m n=1 1\n")
        assert.strictEqual(received[0], "")
      }).pipe(Effect.scoped))
  }

  it.live("a closed port neither fails nor delays the program, and its points are shut down at the close", () =>
    Effect.gen(function*() {
      const { port } = yield* Effect.scoped(listen())
      const database = yield* withDatabase({ port, drainTimeout: 100 }, function*(database) {
        yield* push(database, 10)
        return database
      })
      const stats = database.statsUnsafe()
      assert.deepStrictEqual([stats.dropped.shutdown, stats.droppedTotal], [10, 10])
    }).pipe(Effect.scoped))
})
