/** The UDP transport over real loopback sockets, with a resolver that the test steers. */
import { assert, describe, it } from "@effect/vitest"
import { UdpSink, waitFor } from "@efflux/testkit"
import { assertLaw } from "@efflux/testkit/law"
import { Effect, Layer, Logger, Result } from "effect"
import { Dns, NetAddress } from "effect/net"
import type { DatabaseConfig, InfluxDatabase } from "efflux"
import { check, type UdpSettings } from "../../src/internal/config/DatabaseSettings.ts"
import * as Database from "../../src/internal/database/Database.ts"
import * as UdpTransport from "../../src/internal/transport/UdpTransport.ts"
import { capture } from "../support/logs.ts"

/** A resolver whose answer can change while it is used. */
class Resolver {
  addresses: ReadonlyArray<string> = []
  lookups = 0
  mostAtOnce = 0
  #atOnce = 0

  /** Waits until names were looked up twice from now on. */
  readonly lookedUpTwice = Effect.suspend(() => {
    const enough = this.lookups + 2
    return waitFor(Effect.sync(() => this.lookups), (lookups) => lookups >= enough, { interval: 5 })
  })

  readonly layer = Layer.succeed(
    Dns.Dns,
    Dns.make({
      lookup: (hostname) =>
        Effect.gen({ self: this }, function*() {
          this.lookups++
          this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce)
          yield* Effect.sleep(5)
          this.#atOnce--
          if (this.addresses.length === 0) {
            return yield* new Dns.DnsError({ reason: "NotFound", method: "lookup", hostname, recordType: undefined })
          }
          return this.addresses.map(NetAddress.ipFromStringUnsafe)
        })
    })
  )
}

const open = (config: DatabaseConfig.DatabaseConfig, resolver: Resolver) =>
  Effect.gen(function*() {
    const settings = Result.getOrThrow(check(config, "test")) as UdpSettings
    return yield* Database.make(settings, (events) => UdpTransport.makeDns(settings, events))
  }).pipe(Effect.provide(resolver.layer))

const push = (database: InfluxDatabase.Database, from: number, to: number) =>
  Effect.sync(() => {
    for (let n = from; n < to; n++) {
      database.pushUnsafe({ measurement: "m", fields: { n: BigInt(n) }, timestamp: 0n })
    }
  })

/** Pushes points and waits until they are sent. */
const send = (database: InfluxDatabase.Database, from: number, to: number) =>
  Effect.andThen(push(database, from, to), database.flush)

const quiet = Effect.provide(Logger.layer([]))

describe("the UDP transport", () => {
  it.live("an address is never looked up", () =>
    Effect.gen(function*() {
      const sink = yield* UdpSink.make()
      const resolver = new Resolver()
      const database = yield* open({ port: sink.port }, resolver)
      yield* send(database, 0, 1000)
      yield* sink.waitForPoints(1000)
      assert.strictEqual(resolver.lookups, 0)
      assert.strictEqual(database.statsUnsafe().sent, 1000)
    }).pipe(Effect.scoped, quiet))

  it.live("a name that does not resolve keeps nobody waiting, not even a close for longer than drainTimeout, and points flow once it does", () =>
    Effect.gen(function*() {
      const sink = yield* UdpSink.make()
      const resolver = new Resolver()
      const logs = capture()
      const database = yield* Effect.provide(
        open({ host: "influx.test", port: sink.port, senders: 8, resolveInterval: 20, queueCapacity: 100 }, resolver),
        logs.layer
      )
      yield* push(database, 0, 200)
      yield* resolver.lookedUpTwice
      const before = database.statsUnsafe()
      assert.strictEqual(before.queued, 100)
      assert.strictEqual(before.dropped.queue_full, 100)
      assertLaw(before)
      const closed = yield* Effect.scoped(Effect.gen(function*() {
        const other = yield* open({ host: "influx.test", port: sink.port, drainTimeout: 50 }, resolver)
        yield* push(other, 0, 10)
        return other
      }))
      assert.deepStrictEqual(closed.statsUnsafe().dropped.shutdown, 10)
      resolver.addresses = ["127.0.0.1"]
      yield* database.flush
      yield* sink.waitForPoints(100)
      assert.strictEqual(database.statsUnsafe().sent, 100)
      assert.isTrue(logs.lines.some((line) => line.includes("The host \"influx.test\" did not resolve")))
    }).pipe(Effect.scoped))

  it.live("a changed address is picked up within resolveInterval, and the last one is used while look-ups fail", () =>
    Effect.gen(function*() {
      const one = yield* UdpSink.make({ host: "127.0.0.1" })
      const resolver = new Resolver()
      resolver.addresses = ["::1", "127.0.0.1"]
      const database = yield* open({ host: "influx.test", port: one.port, resolveInterval: 20 }, resolver)
      yield* send(database, 0, 10)
      yield* one.waitForPoints(10)
      resolver.addresses = []
      yield* resolver.lookedUpTwice
      yield* send(database, 10, 20)
      yield* one.waitForPoints(20)
      // Loopback has many addresses; the port is the same, so nothing of this may come to the first sink.
      resolver.addresses = ["127.0.0.2"]
      yield* resolver.lookedUpTwice
      yield* send(database, 20, 30)
      yield* Effect.sleep(50)
      assert.strictEqual(one.points, 20)
      assert.strictEqual(resolver.mostAtOnce, 1)
      assert.strictEqual(database.statsUnsafe().sent, 30)
    }).pipe(Effect.scoped, quiet))

  it.live("an address is kept while it is one of the name's, in whatever order they come", () =>
    Effect.gen(function*() {
      const sink = yield* UdpSink.make({ host: "127.0.0.1" })
      const resolver = new Resolver()
      resolver.addresses = ["127.0.0.1", "127.0.0.2"]
      const database = yield* open({ host: "influx.test", port: sink.port, resolveInterval: 20, senders: 1 }, resolver)
      yield* send(database, 0, 10)
      resolver.addresses = ["127.0.0.2", "127.0.0.1"]
      yield* resolver.lookedUpTwice
      yield* send(database, 10, 20)
      // Nobody listens at the other address.
      yield* sink.waitForPoints(20)
      assert.strictEqual(database.statsUnsafe().refusals, 0)
    }).pipe(Effect.scoped, quiet))

  it.live("a closed port is noticed, hurts nobody, and points flow once it is open", () =>
    Effect.gen(function*() {
      const sink = yield* UdpSink.make()
      yield* sink.close
      const logs = capture()
      // Closing does not wait for a port that stays closed: it would take longer than the test may.
      yield* Effect.scoped(Effect.flatMap(
        open({ port: sink.port, drainTimeout: "10 minutes" }, new Resolver()),
        (database) => push(database, 0, 5000)
      ))
      const database = yield* Effect.provide(open({ port: sink.port, flushInterval: 10 }, new Resolver()), logs.layer)
      let pushed = 0
      while (pushed < 20 || database.statsUnsafe().refusals === 0) {
        yield* send(database, pushed, ++pushed)
        yield* Effect.sleep(5)
      }
      const closed = database.statsUnsafe()
      assertLaw(closed)
      assert.strictEqual(closed.sent, pushed)
      assert.strictEqual(logs.lines.filter((line) => line.includes("nobody listens on the port")).length, 1)
      yield* sink.reopen
      yield* send(database, 1_000_100, 1_000_200)
      yield* sink.waitForPoints(100)
      assert.deepStrictEqual([...sink.lines].sort(), Array.from({ length: 100 }, (_, n) => `m n=${1_000_100 + n}i 0`))
    }).pipe(Effect.scoped))

  it.live("IPv6 works as well", () =>
    Effect.gen(function*() {
      const sink = yield* UdpSink.make({ host: "::1" })
      const database = yield* open({ host: "::1", port: sink.port, ttl: 4, sendBufferBytes: 65_536 }, new Resolver())
      yield* send(database, 0, 10)
      yield* sink.waitForPoints(10)
      assert.strictEqual(database.statsUnsafe().sent, 10)
    }).pipe(Effect.scoped, quiet))

  for (const bindAddress of ["192.0.2.1", "203.0.113.7", "1.1.1.1"]) {
    it.live(`a bind address that can't be used is named, and counted as a send error: ${bindAddress}`, () =>
      Effect.gen(function*() {
        const logs = capture()
        const sink = yield* UdpSink.make()
        const database = yield* Effect.provide(
          open({ port: sink.port, bindAddress, drainTimeout: 0 }, new Resolver()),
          logs.layer
        )
        yield* send(database, 0, 10)
        while (logs.lines.length === 0) yield* Effect.sleep(5)
        assert.include(
          logs.lines[0],
          `Option "bindAddress" is "${bindAddress}", allowed is an IP address that this host`
        )
        assert.strictEqual(database.statsUnsafe().dropped.send_error, 10)
        assertLaw(database.statsUnsafe())
      }).pipe(Effect.scoped))
  }

  for (
    const [name, addresses, listener] of [
      ["IPv6 behind IPv4", ["127.0.0.1", "::1"], "::1"],
      ["the third of three", ["127.0.0.1", "127.0.0.2", "127.0.0.3"], "127.0.0.3"]
    ] as const
  ) {
    it.live(`an address that refuses is left for the next one of the name: ${name}`, () =>
      Effect.gen(function*() {
        const sink = yield* UdpSink.make({ host: listener })
        const resolver = new Resolver()
        resolver.addresses = addresses
        const database = yield* open({ host: "influx.test", port: sink.port, senders: 1 }, resolver)
        // Each refusal is seen with a later datagram.
        for (let n = 0; sink.points === 0; n++) {
          yield* send(database, n, n + 1)
          yield* Effect.sleep(10)
        }
        const { refusals } = database.statsUnsafe()
        yield* send(database, 100, 120)
        assert.strictEqual(database.statsUnsafe().refusals, refusals)
        assertLaw(database.statsUnsafe())
      }).pipe(Effect.scoped, quiet))
  }

  it.live("the only address of a name is kept, however often it refuses", () =>
    Effect.gen(function*() {
      const { port } = yield* Effect.scoped(UdpSink.make())
      const resolver = new Resolver()
      resolver.addresses = ["127.0.0.1"]
      const database = yield* open({ host: "influx.test", port, senders: 1 }, resolver)
      for (let n = 0; n < 20 || database.statsUnsafe().refusals <= 5; n++) {
        yield* send(database, n, n + 1)
        yield* Effect.sleep(2)
      }
      assertLaw(database.statsUnsafe())
    }).pipe(Effect.scoped, quiet))
})
