/**
 * Reads the registry at an interval, keeps the readings for a while, and notifies watchers.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { LogLine } from "./LogLines.ts"
import { read, type Sample } from "./Sample.ts"

/** What a watcher is told. */
export type Message =
  | {
    readonly event: "history"
    /** Differs between two runs of a program: counters of another run are not comparable. */
    readonly run: number
    readonly intervalMillis: number
    readonly samples: ReadonlyArray<Sample>
    readonly logs: ReadonlyArray<LogLine>
  }
  | { readonly event: "sample"; readonly sample: Sample }
  | { readonly event: "logs"; readonly logs: ReadonlyArray<LogLine> }

export interface Recorder {
  /** The history so far, and then each sample as it is taken. A slow watcher misses the oldest. */
  readonly watch: Stream.Stream<Message>
}

// A watcher that can't keep up misses samples; it never makes the others wait.
const keptForWatcher = 16

/** Records in the background until the scope closes, which ends all streams of {@link Recorder.watch}. */
export const make = Effect.fnUntraced(function*(options: {
  readonly intervalMillis: number
  readonly keptSamples: number
  readonly logs: () => ReadonlyArray<LogLine>
}): Effect.fn.Return<Recorder, never, Scope.Scope> {
  const { intervalMillis, keptSamples } = options
  const context = yield* Effect.context<never>()
  const clock = yield* Clock.Clock
  const run = clock.currentTimeMillisUnsafe()
  const messages = yield* Effect.acquireRelease(PubSub.sliding<Message>(keptForWatcher), PubSub.shutdown)
  const samples: Array<Sample> = []
  let logs = options.logs()

  const record = Effect.sync(() => {
    const sample = read(clock.currentTimeMillisUnsafe(), Metric.snapshotUnsafe(context))
    samples.push(sample)
    if (samples.length > keptSamples) samples.shift()
    PubSub.publishUnsafe(messages, { event: "sample", sample })
    const current = options.logs()
    if (current !== logs) PubSub.publishUnsafe(messages, { event: "logs", logs: current })
    logs = current
  })
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(record, Effect.sleep(intervalMillis))))

  return {
    watch: Stream.unwrap(Effect.gen(function*() {
      // Subscribed before the history is read, in one turn: no sample is missed or told twice.
      const subscription = yield* PubSub.subscribe(messages)
      const history: Message = { event: "history", run, intervalMillis, samples: samples.slice(), logs: options.logs() }
      return Stream.concat(Stream.succeed(history), Stream.fromSubscription(subscription))
    }))
  }
})
