/** Whatever ends the fiber of a sender: what it had in flight is counted and logged, and a sender goes on. */
import { assert, describe, it } from "@effect/vitest"
import { assertLaw } from "@efflux/testkit/law"
import { Context, Effect, Exit, Fiber, Layer, Metric, Scope } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { InfluxDatabase, InfluxError, Transport } from "efflux"
import { capture } from "../support/logs.ts"
import { turns } from "../support/TestTransport.ts"

const points = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ measurement: "m", fields: { n: BigInt(n) }, timestamp: 0n }))

type Connection = Transport.Connection
/** What happens in a part of a transport. */
type Fault = {
  readonly [part in "send" | "release" | "open" | "isStale"]?: () => unknown
}

const senders = 3
const openFailed = new InfluxError.InfluxError({
  reason: new InfluxError.OpenFailed({ endpoint: "test", kind: "Unknown", cause: "test" })
})

/** A database of which each sender meets a fault once, in the given part of its transport. */
const open = Effect.fnUntraced(function*(fault: Fault) {
  const scope = yield* Scope.make()
  const logs = capture()
  const state = { opened: 0, closed: 0, left: senders, sent: 0 }
  // The fault, until each sender has met it.
  const meet = (part: keyof Fault): { readonly result: unknown } | undefined => {
    const happens = fault[part]
    return happens === undefined || state.left-- <= 0 ? undefined : { result: happens() }
  }
  const connect = (): Connection => {
    let sends = 0
    return {
      send: (_payload, count) => {
        sends++
        return (meet("send")?.result ?? Effect.sync(() => {
          state.sent += count
        })) as Effect.Effect<void>
      },
      isStale: () => {
        meet("isStale")
        return fault.release !== undefined && sends > 0
      }
    }
  }
  const transport: Transport.Transport["Service"] = {
    open: Effect.acquireRelease(
      Effect.suspend(() => {
        state.opened++
        return (meet("open")?.result ?? Effect.sync(connect)) as Effect.Effect<Connection>
      }),
      () => {
        state.closed++
        return (meet("release")?.result ?? Effect.void) as Effect.Effect<void>
      }
    )
  }
  const context = yield* Layer.buildWithScope(
    InfluxDatabase.layerTransport({ name: "test", senders, batchSize: 5 }).pipe(
      Layer.provide([
        Layer.succeed(Transport.Transport, transport),
        logs.layer,
        Layer.succeed(Metric.MetricRegistry, new Map())
      ])
    ),
    scope
  )
  const close = Effect.gen(function*() {
    const closing = yield* Effect.forkChild(Effect.provide(Scope.close(scope, Exit.void), logs.layer))
    yield* TestClock.adjust("10 seconds")
    yield* Fiber.join(closing)
  })
  return { close, database: Context.get(context, InfluxDatabase.InfluxDatabase), logs, state }
})

const boom = () => {
  throw new Error("boom")
}
const nested = (value: unknown) => () => Effect.flatMap(Effect.yieldNow, () => value as Effect.Effect<void>)
const itself = Effect.withFiber((fiber) => {
  fiber.interruptUnsafe()
  return Effect.yieldNow
})
class Unreadable extends Error {
  override get message(): string {
    return boom()
  }
}

describe("a sender whose fiber is ended by a send goes on", () => {
  it.effect.each<[name: string, send: () => unknown, cause: RegExp]>([
    ["a number in flatMap", nested(5), /Not a valid effect: 5/],
    ["undefined in flatMap", nested(undefined), /Not a valid effect: undefined/],
    ["a promise in flatMap", nested(Promise.resolve()), /Not a valid effect: \[object Promise\]/],
    // oxlint-disable-next-line unicorn/no-thenable -- what is tested
    ["a thenable in flatMap", nested({ then: boom }), /Not a valid effect: \[object Object\]/],
    ["no effect deep in flatMap", () => Effect.flatMap(Effect.void, nested("text")), /Not a valid effect: text/],
    ["no effect in suspend", () => Effect.suspend(() => null as never), /Not a valid effect: null/],
    ["no effect where it is handled", () => Effect.catch(Effect.fail(1), () => ({}) as never), /Not a valid effect/],
    ["no effect in a finalizer", () => Effect.ensuring(Effect.void, 7 as never), /Not a valid effect: 7/],
    ["no effect in a generator", () => Effect.gen(() => [7].values() as never), /Not a valid effect: 7/],
    ["a generator that throws", () =>
      Effect.gen(function*() {
        yield* Effect.yieldNow
        boom()
      }), /Error: boom/],
    ["a function that throws", boom, /Error: boom/],
    [
      "a promise",
      () => Promise.reject(new Error("no one sees this")).catch(() => {}),
      /must be an Effect, got a Promise/
    ],
    ["a defect", () => Effect.die(new Error("broken")), /Error: broken/],
    ["a defect of undefined", () => Effect.die(undefined), /./],
    ["a defect of a symbol", () => Effect.die(Symbol("odd")), /./],
    // Its line has no cause, because a logger that printed it would throw.
    ["a defect that can't be read", () => Effect.die(new Unreadable()), /^$/],
    ["a failure that is no error", () => Effect.fail("untyped"), /untyped/],
    ["a failure that can't be looked at", () =>
      Effect.fail(
        new Proxy({}, {
          getPrototypeOf: () => boom()
        })
      ), /boom/],
    ["an error without a reason", () => Effect.fail(Object.create(InfluxError.InfluxError.prototype)), /TypeError/],
    ["its interruption", () => Effect.interrupt, /./],
    ["its fiber, which interrupts itself", () => itself, /./],
    ["an outcome that throws when it is read", () =>
      Effect.succeed({
        get sent() {
          return boom()
        }
      }), /Error: boom/]
  ])("%s", ([, send, cause]) =>
    Effect.gen(function*() {
      const { close, database, logs, state } = yield* open({ send })
      yield* database.pushAll(points(5 * senders))
      yield* turns
      yield* turns
      yield* TestClock.adjust("1 second")
      const stats = database.statsUnsafe()
      assertLaw(stats)
      assert.strictEqual(stats.inFlight, 0)
      assert.strictEqual(stats.dropped.send_error, 5 * senders)
      assert.strictEqual(stats.sendersBusy, 0)
      assert.match(logs.lines[0], /^Warn Efflux: 15 points dropped, a defect in a sender: .* \(3 times since/)
      assert.match(logs.causes[0], cause)
      // All senders run, with one connection each.
      yield* database.pushAll(points(100))
      yield* database.flush
      assert.strictEqual(state.sent, 100)
      assert.strictEqual(state.opened - state.closed, senders)
      yield* close
      assertLaw(database.statsUnsafe())
      assert.strictEqual(state.opened, state.closed)
    }))
})

describe("a sender whose fiber is ended elsewhere goes on, and loses nothing", () => {
  const ends = [
    ["no effect in flatMap", nested(5), /Not a valid effect: 5/],
    ["a throw", boom, /Error: boom/],
    ["a defect", () => Effect.die("odd"), /odd/],
    ["its interruption", () => Effect.interrupt, /./],
    ["its fiber, which interrupts itself", () => itself, /./]
  ] as const
  const parts = ["open", "release", "isStale"] as const

  it.effect.each(
    parts.flatMap((part) => ends.map(([name, happens, cause]) => [part, name, happens, cause] as const))
      // `isStale` is no effect, and a release can't be interrupted.
      .filter(([part, name]) =>
        part === "open" || name === "a throw" || (part === "release" && !name.endsWith("itself"))
      )
  )("%s: %s", ([part, , happens, cause]) =>
    Effect.gen(function*() {
      const { close, database, logs, state } = yield* open({ [part]: happens })
      for (let round = 0; round < 5; round++) {
        yield* database.pushAll(points(20))
        yield* turns
        yield* TestClock.adjust("1 second")
      }
      const stats = database.statsUnsafe()
      assertLaw(stats)
      assert.deepStrictEqual([stats.sent, stats.inFlight, stats.queued], [100, 0, 0])
      assert.isAtMost(state.left, 0)
      assert.match(logs.lines[0], /^Warn Efflux: a defect in a sender: /)
      assert.match(logs.causes.join("\n"), cause)
      yield* close
      assertLaw(database.statsUnsafe())
    }))
})

describe("a sender that is interrupted by the close", () => {
  it.effect.each<[name: string, send: () => unknown, reason: "send_error" | "shutdown", cause: RegExp]>([
    ["no effect", () => Effect.onInterrupt(Effect.never, () => 5 as never), "send_error", /Not a valid effect: 5/],
    ["a defect", () => Effect.onInterrupt(Effect.never, () => Effect.die("late")), "shutdown", /late/]
  ])("counts and logs what ends it then: %s", ([, send, reason, cause]) =>
    Effect.gen(function*() {
      const { close, database, logs, state } = yield* open({ send })
      yield* database.pushAll(points(5 * senders))
      yield* turns
      assert.strictEqual(database.statsUnsafe().inFlight, 5 * senders)
      yield* close
      const stats = database.statsUnsafe()
      assertLaw(stats)
      assert.strictEqual(stats.dropped[reason], 5 * senders)
      assert.match(logs.causes.join("\n"), cause)
      assert.match(logs.lines.at(-1)!, new RegExp(`closed with 15 points not sent: ${reason} 15`))
      assert.strictEqual(state.opened, state.closed)
    }))

  it.effect("logs nothing more than what was lost, if nothing else ends it", () =>
    Effect.gen(function*() {
      const { close, database, logs } = yield* open({ send: () => Effect.never })
      yield* database.pushAll(points(5 * senders))
      yield* turns
      yield* close
      assert.strictEqual(database.statsUnsafe().dropped.shutdown, 5 * senders)
      assert.strictEqual(logs.lines.length, 1)
    }))
})

it.effect("what may be stored although a defect ended its send is unknown", () =>
  Effect.gen(function*() {
    const logs = capture()
    yield* Effect.gen(function*() {
      const { flush, pushAll, stats } = yield* InfluxDatabase.InfluxDatabase
      yield* pushAll(points(5))
      yield* flush
      yield* turns
      const { dropped, pushed } = yield* stats
      assert.deepStrictEqual([pushed, dropped.unknown], [5, 5])
      assert.match(logs.lines[0], /^Warn Efflux: 5 points dropped, a defect in a sender: .*: 7/)
    }).pipe(Effect.provide(
      InfluxDatabase.layerHttp({ transport: "http", version: 1, database: "d", senders: 1 }).pipe(
        Layer.provide([Layer.succeed(HttpClient.HttpClient, HttpClient.make(nested(7) as never)), logs.layer])
      )
    ))
  }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))

it.effect("a connection is used once it opens, however often that failed", () =>
  Effect.gen(function*() {
    let tries = 0
    const { close, database, state } = yield* open({
      open: () => {
        if (++tries < 10 * senders) state.left++
        return Effect.fail(openFailed)
      }
    })
    yield* database.pushAll(points(20))
    yield* TestClock.adjust("1 minute")
    assert.strictEqual(state.sent, 20)
    assert.isAbove(tries, 10 * senders - 1)
    assert.strictEqual(state.opened - tries, senders)
    yield* close
  }))
