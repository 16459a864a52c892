/**
 * Takes a sample at an interval, keeps the samples for a while, and notifies watchers.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/** What a watcher is told. */
export type Message<Sample, Details> =
  | {
    readonly event: "history"
    /** Differs between two runs of a program: counters of another run are not comparable. */
    readonly run: number
    readonly intervalMillis: number
    readonly samples: ReadonlyArray<Sample>
    readonly details: Details
  }
  | { readonly event: "sample"; readonly sample: Sample }
  | { readonly event: "details"; readonly details: Details }

/** What is recorded. */
export interface Source<Sample, Details> {
  /** The figures at a moment, in milliseconds since the epoch. */
  readonly sample: (at: number) => Effect.Effect<Sample>
  /** What has no history: a new value whenever it has changed. */
  readonly details: () => Details
}

export interface Recorder<Sample, Details> {
  /** The history so far, and then each sample as it is taken. A slow watcher misses the oldest. */
  readonly watch: Stream.Stream<Message<Sample, Details>>
}

// A watcher that can't keep up misses samples; it never makes the others wait.
const keptForWatcher = 16

/** Records in the background until the scope closes, which ends all streams of {@link Recorder.watch}. */
export const make = Effect.fnUntraced(function*<Sample, Details>(
  source: Source<Sample, Details>,
  { intervalMillis, keptSamples }: { readonly intervalMillis: number; readonly keptSamples: number }
): Effect.fn.Return<Recorder<Sample, Details>, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const run = clock.currentTimeMillisUnsafe()
  const messages = yield* Effect.acquireRelease(
    PubSub.sliding<Message<Sample, Details>>(keptForWatcher),
    PubSub.shutdown
  )
  const samples: Array<Sample> = []
  let details = source.details()

  const record = Effect.map(Effect.suspend(() => source.sample(clock.currentTimeMillisUnsafe())), (sample) => {
    samples.push(sample)
    if (samples.length > keptSamples) samples.shift()
    PubSub.publishUnsafe(messages, { event: "sample", sample })
    const current = source.details()
    if (current !== details) PubSub.publishUnsafe(messages, { event: "details", details: current })
    details = current
  })
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(record, Effect.sleep(intervalMillis))))

  return {
    watch: Stream.unwrap(Effect.gen(function*() {
      // Subscribed before the history is read, in one turn: no sample is missed or told twice.
      const subscription = yield* PubSub.subscribe(messages)
      const history: Message<Sample, Details> = {
        event: "history",
        run,
        intervalMillis,
        samples: samples.slice(),
        details: source.details()
      }
      return Stream.concat(Stream.succeed(history), Stream.fromSubscription(subscription))
    }))
  }
})
