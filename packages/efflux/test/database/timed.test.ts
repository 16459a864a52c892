/** `Influx.timed` and `RequestTiming`: a point whatever the end, and the effect's own result. */
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Layer, Metric, Schema } from "effect"
import { HttpClient, HttpRouter, HttpServerRespondable, HttpServerResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { Influx, InfluxDatabase, RequestTiming, Transport } from "efflux"
import { throwing } from "../support/hostile.ts"

const spied = <A, E>(
  effect: Effect.Effect<A, E, InfluxDatabase.InfluxDatabase | Transport.Spy>
): Effect.Effect<A, unknown> =>
  effect.pipe(
    Effect.provide(Layer.provideMerge(InfluxDatabase.layerTransport({ precision: "ms" }), Transport.layerSpy)),
    Effect.provideServiceEffect(Metric.MetricRegistry, Effect.sync(() => new Map()))
  )

const lines = Effect.andThen(Influx.flush, Effect.map(Transport.Spy, (spy) => spy.lines()))

describe("Influx.timed", () => {
  it.effect("pushes the duration and the outcome of a success, a failure, a defect and an interruption", () =>
    spied(Effect.gen(function*() {
      yield* TestClock.setTime(1000)
      const job = { measurement: "job", tags: { kind: "a b" } }
      const ending = <A, E>(effect: Effect.Effect<A, E>) =>
        Effect.forkChild(Influx.timed(Effect.andThen(Effect.sleep("20 millis"), effect), job))
      const success = yield* ending(Effect.succeed(42))
      const failure = yield* ending(Effect.fail("no"))
      const defect = yield* ending(Effect.die("a bug"))
      const both = yield* ending(Effect.failCause(Cause.combine(Cause.die("a bug"), Cause.fail("no"))))
      const interrupted = yield* Effect.forkChild(Effect.never.pipe(Influx.timed({ measurement: "job" })))
      yield* TestClock.adjust("20 millis")
      yield* TestClock.adjust("5 millis")
      yield* Fiber.interrupt(interrupted)
      assert.deepStrictEqual(yield* Fiber.await(success), Exit.succeed(42))
      assert.deepStrictEqual(yield* Fiber.await(failure), Exit.fail("no"))
      assert.isTrue(Exit.isFailure(yield* Fiber.await(defect)))
      assert.isTrue(Exit.isFailure(yield* Fiber.await(both)))
      assert.deepStrictEqual(yield* lines, [
        "job,kind=a\\ b,outcome=success duration_ms=20 1020",
        "job,kind=a\\ b,outcome=failure duration_ms=20 1020",
        "job,kind=a\\ b,outcome=defect duration_ms=20 1020",
        "job,kind=a\\ b,outcome=failure duration_ms=20 1020",
        "job,outcome=interruption duration_ms=25 1025"
      ])
    })))

  it.effect("runs the effect anew each time, and reads the database when it runs", () =>
    spied(Effect.gen(function*() {
      let runs = 0
      const counted = Effect.sync(() => ++runs).pipe(Influx.timed({ measurement: "job" }))
      assert.deepStrictEqual([yield* counted, yield* counted], [1, 2])
      assert.strictEqual((yield* lines).length, 2)
    })))

  it.effect.each<[string, unknown, RegExp]>([
    ["no measurement", {}, /^measurement must be a name .*\(no string\), got undefined$/],
    ["a measurement that is no string", { measurement: 5 }, /^measurement must be a name .*\(no string\), got 5$/],
    ["an empty measurement", { measurement: "" }, /\(empty\), got ""$/],
    ["a line feed in it", { measurement: "a\nb" }, /\(control character\), got "a\\nb"$/],
    ["half a character in it", { measurement: "a\ud800" }, /\(lone surrogate\)/],
    ["a comment", { measurement: "#job" }, /\(comment\), got "#job"$/],
    ["no options", undefined, /^options must be an object with a measurement, got undefined$/],
    ["a text as options", "job", /^options must be an object with a measurement, got "job"$/],
    ["a Map of tags", { measurement: "job", tags: new Map([["a", "b"]]) }, /^tags must be a plain object/],
    ["a list of tags", { measurement: "job", tags: ["a"] }, /^tags must be a plain object/],
    ["a text as tags", { measurement: "job", tags: "a" }, /^tags must be a plain object .*, got "a"$/],
    ["tags that can't be read", { measurement: "job", tags: throwing("a") }, /^no$/]
  ])("is a defect with %s, before the effect runs", ([, options, message]) =>
    spied(Effect.gen(function*() {
      let runs = 0
      const run = Influx.timed(Effect.sync(() => ++runs), options as never)
      const exit = yield* Effect.exit(run)
      assert.match((Cause.squash(Exit.isFailure(exit) ? exit.cause : Cause.empty) as Error).message, message)
      assert.strictEqual(runs, 0)
      assert.strictEqual((yield* Influx.stats).pushed, 0)
    })))

  it.effect("takes what a server of some dialect takes: a backslash at the end, no tags, tags of a class", () =>
    spied(Effect.gen(function*() {
      class Tags {
        readonly host = "a"
        readonly none = undefined
      }
      assert.strictEqual(yield* Influx.timed(Effect.succeed(1), { measurement: "job\\" }), 1)
      yield* Influx.timed(Effect.void, { measurement: "job", tags: null as never })
      yield* Influx.timed(Effect.void, { measurement: "job", tags: { ...new Tags() } })
      yield* Influx.timed(Effect.void, { measurement: "job", tags: new Tags() as never })
      assert.deepStrictEqual((yield* lines).map((line) => line.split(" ")[0]), [
        "job,outcome=success",
        "job,host=a,outcome=success",
        "job,host=a,outcome=success"
      ])
      // Which dialect the server has is known when the point is written.
      assert.strictEqual((yield* Influx.stats).dropped.invalid, 1)
    })))
})

/** Serves routes, and asks them. */
const asking = <E, R>(routes: Layer.Layer<never, E, R>) =>
  Effect.provide(
    HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
      Layer.provideMerge(NodeHttpServer.layerTest)
    )
  )

class Audit extends InfluxDatabase.Service<Audit>()("test/Audit") {}

it.effect("further databases time effects, and requests to the routes that name them", () =>
  Effect.gen(function*() {
    const audit = yield* Layer.build(Layer.provideMerge(Audit.layerTransport({ name: "audit" }), Transport.layerSpy))
    const routes = HttpRouter.add("GET", "/login", Effect.succeed(HttpServerResponse.empty())).pipe(
      Layer.provide(RequestTiming.layer({ database: Audit }))
    )
    yield* HttpClient.get("/login").pipe(
      Audit.timed({ measurement: "call", tags: { to: "/login" } }),
      asking(routes),
      Effect.provide(audit)
    )
    const pushed = yield* Audit.flush.pipe(
      Effect.andThen(Effect.map(Transport.Spy, (spy) => spy.lines())),
      Effect.provide(audit)
    )
    assert.deepStrictEqual(pushed.map((line) => line.split(" ")[0]), [
      "http_request,method=GET,route=/login,status=204",
      "call,outcome=success,to=/login"
    ])
  }).pipe(Effect.scoped, Effect.provideServiceEffect(Metric.MetricRegistry, Effect.sync(() => new Map()))))

class Teapot extends Schema.TaggedError<Teapot>()("Teapot", {}) {
  [HttpServerRespondable.symbol]() {
    return Effect.succeed(HttpServerResponse.empty({ status: 418 }))
  }
}

describe("RequestTiming", () => {
  it.live("tags each request with the route's pattern and the status of its answer, never with the path", () =>
    spied(Effect.gen(function*() {
      const database = yield* InfluxDatabase.InfluxDatabase
      const timed = HttpRouter.addAll([
        HttpRouter.route("GET", "/users/:id", Effect.succeed(HttpServerResponse.text("Ada"))),
        HttpRouter.route("POST", "/teapot", Effect.fail(new Teapot({}))),
        HttpRouter.route("*", "/files/*", Effect.succeed(HttpServerResponse.empty({ status: 404 }))),
        HttpRouter.route("GET", "/bug", Effect.die("a bug"))
      ]).pipe(Layer.provide(RequestTiming.layer({ measurement: "request", tags: { app: "shop" } })))
      const routes = Layer.mergeAll(timed, HttpRouter.add("GET", "/health", Effect.succeed(HttpServerResponse.empty())))
      yield* Effect.gen(function*() {
        yield* HttpClient.get("/users/1")
        yield* HttpClient.get("/users/2?secret=x")
        yield* HttpClient.post("/teapot")
        yield* HttpClient.del("/files/a/b/c")
        yield* HttpClient.get("/bug")
        yield* HttpClient.get("/health")
        yield* HttpClient.get("/nowhere")
      }).pipe(
        asking(Layer.provide(routes, Layer.succeed(InfluxDatabase.InfluxDatabase, database)))
      )
      assert.deepStrictEqual((yield* lines).map((line) => line.split(" ")[0]), [
        "request,app=shop,method=GET,route=/users/:id,status=200",
        "request,app=shop,method=GET,route=/users/:id,status=200",
        "request,app=shop,method=POST,route=/teapot,status=418",
        "request,app=shop,method=DELETE,route=/files/*,status=404",
        "request,app=shop,method=GET,route=/bug,status=500"
      ])
    })))

  it.live("times a request whose client went away, as 499", () =>
    spied(Effect.gen(function*() {
      const database = yield* InfluxDatabase.InfluxDatabase
      const arrived = yield* Deferred.make<void>()
      const routes = HttpRouter.add("GET", "/slow", Effect.andThen(Deferred.succeed(arrived, undefined), Effect.never))
        .pipe(Layer.provide(RequestTiming.layer()))
      yield* Effect.gen(function*() {
        yield* Effect.raceFirst(Effect.ignore(HttpClient.get("/slow")), Deferred.await(arrived))
        while ((yield* Influx.stats).pushed === 0) yield* Effect.sleep(10)
      }).pipe(
        asking(Layer.provide(routes, Layer.succeed(InfluxDatabase.InfluxDatabase, database)))
      )
      assert.deepStrictEqual((yield* lines).map((line) => line.split(" ")[0]), [
        "http_request,method=GET,route=/slow,status=499"
      ])
    })))
})
