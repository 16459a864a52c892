/**
 * A transport that a test steers: what each send does, and how often it was
 * opened.
 */
import { Context, Deferred, Effect, Exit, Fiber, Layer, Metric, Scope } from "effect"
import { TestClock } from "effect/testing"
import { type DatabaseConfig, InfluxDatabase, type InfluxError, Transport } from "efflux"
import { capture } from "./logs.ts"

export type Send = (payload: string, points: number) => Effect.Effect<void, InfluxError.InfluxError>

export class TestTransport {
  /** What the next sends do; by default they succeed at once. */
  behaviour: Send = () => Effect.void
  /** Payloads whose send succeeded, as text. */
  readonly sent: Array<string> = []
  #hanging = Deferred.makeUnsafe<void>()
  /** Ends the sends that hang: they succeed, but are not in `sent`. */
  readonly release = Effect.suspend(() => {
    const hanging = this.#hanging
    this.#hanging = Deferred.makeUnsafe<void>()
    return Deferred.succeed(hanging, undefined)
  })
  opened = 0
  closed = 0
  stale = false

  get lines(): ReadonlyArray<string> {
    return this.sent.flatMap((payload) => payload.split("\n"))
  }

  readonly service: Transport.Transport["Service"] = {
    open: Effect.acquireRelease(
      Effect.sync((): Transport.Connection => {
        this.opened++
        this.stale = false
        return {
          send: (payload, points) => {
            const text = new TextDecoder().decode(payload)
            const sent = Effect.andThen(
              Effect.suspend(() => this.behaviour(text, points)),
              Effect.sync(() => {
                this.sent.push(text)
              })
            )
            return Effect.raceFirst(sent, Deferred.await(this.#hanging))
          },
          isStale: () => this.stale
        }
      }),
      () =>
        Effect.sync(() => {
          this.closed++
        })
    ) as Effect.Effect<Transport.Connection, InfluxError.InfluxError, Scope.Scope>
  }
}

/** Runs a test with a database over a transport that the test steers, in a metric registry of its own. */
export const withDatabase = <Eff extends Effect.Effect<any, any, InfluxDatabase.InfluxDatabase>, A>(
  config: DatabaseConfig.DatabaseConfig,
  test: (sender: TestTransport, logs: ReadonlyArray<string>) => Generator<Eff, A, never>,
  logs: Pick<ReturnType<typeof capture>, "layer"> & { readonly lines?: ReadonlyArray<string> } = capture()
) =>
  Effect.suspend(() => {
    const sender = new TestTransport()
    return Effect.gen(() => test(sender, logs.lines ?? [])).pipe(
      Effect.provide(InfluxDatabase.layerTransport({ name: "test", ...config })),
      Effect.provideService(Transport.Transport, sender.service),
      Effect.provide(logs.layer),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
  })

/** Lets fibers that wait for a turn of the event loop go on. */
export const turns = Effect.repeat(Effect.yieldNow, { times: 50 })

/**
 * A database over a transport, in a metric registry of its own, which the test closes: `close` by itself, or `closed`
 * while ten seconds pass on the clock.
 */
export const openDatabase = Effect.fnUntraced(function*(
  transport: Transport.Transport["Service"],
  config: DatabaseConfig.DatabaseConfig = {},
  registry: typeof Metric.MetricRegistry.Service = new Map()
) {
  const scope = yield* Scope.make()
  const logs = capture()
  const context = yield* Layer.buildWithScope(
    InfluxDatabase.layerTransport({ name: "test", ...config }).pipe(
      Layer.provide([
        Layer.succeed(Transport.Transport, transport),
        logs.layer,
        Layer.succeed(Metric.MetricRegistry, registry)
      ])
    ),
    scope
  )
  const close = Effect.provide(Scope.close(scope, Exit.void), logs.layer)
  const closed = Effect.gen(function*() {
    const closing = yield* Effect.forkChild(close)
    yield* TestClock.adjust("10 seconds")
    yield* Fiber.join(closing)
  })
  return { database: Context.get(context, InfluxDatabase.InfluxDatabase), logs, close, closed }
})
