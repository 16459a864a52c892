/**
 * Takes a sample at an interval, keeps the samples for a while, and tells watchers.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/** What to record. */
export interface Source {
  /** The figures at a moment, in milliseconds since the epoch. */
  readonly sample: (at: number) => Effect.Effect<object>
  /** What has no history. Must return a new object after each change, and the same one otherwise. */
  readonly details: () => object
}

// A watcher that can't keep up misses samples; it never makes the others wait.
const keptForWatcher = 16

/**
 * Records in the background until the scope closes, which ends all streams. Succeeds with the server-sent events for a
 * watcher: first the history, then each sample as it is taken.
 *
 * Each sample is encoded as JSON once, whatever the number of watchers. The history is sent in pieces, so a watcher that
 * does not read holds one piece in memory and not all of it.
 */
export const make = Effect.fnUntraced(function*(
  source: Source,
  { intervalMillis, keptSamples }: { readonly intervalMillis: number; readonly keptSamples: number }
): Effect.fn.Return<Stream.Stream<string>, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  // Differs between two runs of a program: counters of another run are not comparable.
  const run = clock.currentTimeMillisUnsafe()
  const messages = yield* Effect.acquireRelease(PubSub.sliding<string>(keptForWatcher), PubSub.shutdown)
  const samples: Array<string> = []
  let details = source.details()

  const record = Effect.map(Effect.suspend(() => source.sample(clock.currentTimeMillisUnsafe())), (taken) => {
    const sample = JSON.stringify(taken)
    samples.push(sample)
    if (samples.length > keptSamples) samples.shift()
    PubSub.publishUnsafe(messages, `event: sample\ndata: ${sample}\n\n`)
    const current = source.details()
    if (current !== details) PubSub.publishUnsafe(messages, `event: details\ndata: ${JSON.stringify(current)}\n\n`)
    details = current
  })
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(record, Effect.sleep(intervalMillis))))

  return Stream.unwrap(Effect.gen(function*() {
    // Subscribes and reads the history in one turn, so no sample is missed or sent twice.
    const subscription = yield* PubSub.subscribe(messages)
    const history = [
      `event: history\ndata: {"run":${run},"details":${JSON.stringify(source.details())},"samples":[`,
      ...samples.map((sample, n) => n === 0 ? sample : `,${sample}`),
      "]}\n\n"
    ]
    return Stream.concat(Stream.fromIterable(history, { chunkSize: 1 }), Stream.fromSubscription(subscription))
  }))
})
