/** The steps of a test: looking at the law, waiting, ending the load, closing. */
import { assert } from "@effect/vitest"
import { waitFor, type WaitOptions } from "@efflux/testkit"
import { assertLaw } from "@efflux/testkit/law"
import { Effect } from "effect"
import type { Sample } from "../src/Load.ts"
import type * as Pusher from "../src/Pusher.ts"
import type * as Receiver from "../src/Receiver.ts"

/** The law held at every check so far, and the program wrote nothing to its standard error. */
export const assertSound = (pusher: Pusher.Pusher, sample: Sample): void => {
  assertLaw(sample.stats)
  assert.strictEqual(sample.law.broken, 0)
  assert.isAbove(sample.law.looks, 0)
  assert.strictEqual(pusher.program.written, "")
}

/** Takes a sample, in which the law must hold. */
export const sound = (pusher: Pusher.Pusher) =>
  Effect.tap(pusher.sample(), (sample) => Effect.sync(() => assertSound(pusher, sample)))

/** Closes the database, and checks its last counters and that the program ends by itself with code 0. */
export const close = Effect.fnUntraced(function*(pusher: Pusher.Pusher) {
  const closed = yield* pusher.close()
  const ended = yield* pusher.program.exit
  assertLaw(closed.stats)
  assert.deepStrictEqual([closed.stats.queued, closed.stats.inFlight, closed.stats.sendersBusy], [0, 0, 0])
  // What is pushed after closing is counted.
  assert.strictEqual(closed.after.dropped.shutdown, closed.stats.dropped.shutdown + 1)
  assertLaw(closed.after)
  assert.deepStrictEqual([ended.code, ended.signal, pusher.program.written], [0, null, ""])
  return closed
})

/** Ends the load, and waits until all of it was sent or dropped. */
export const rest = (pusher: Pusher.Pusher) => Effect.andThen(pusher.rate(0), pusher.flush())

/** Waits for a sample that is accepted. */
export const until = (pusher: Pusher.Pusher, accept: (sample: Sample) => boolean, options?: WaitOptions) =>
  waitFor(pusher.sample(), accept, { interval: 20, ...options })

/** Waits until that many more points have been received. */
export const untilMore = (receiver: Receiver.Receiver, points: number, options?: WaitOptions) =>
  Effect.gen(function*() {
    const before = (yield* receiver.received()).points
    return yield* waitFor(receiver.received(), (received) => received.points >= before + points, {
      interval: 10,
      what: `${points} more points`,
      ...options
    })
  })

/** Waits until nothing more arrives. */
export const untilQuiet = Effect.fnUntraced(function*(receiver: Receiver.Receiver) {
  let last = yield* receiver.received()
  while (true) {
    yield* Effect.sleep(300)
    const now = yield* receiver.received()
    if (now.payloads === last.payloads) return now
    last = now
  }
})
