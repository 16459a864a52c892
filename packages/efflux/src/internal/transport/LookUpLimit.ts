/**
 * Limits how many host names a process looks up at a time.
 *
 * A look-up by the operating system can't be cancelled, occupies one of four threads that compression and files also
 * use, and keeps the process alive until it returns. A look-up that waits for its permit does none of that.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Semaphore from "effect/Semaphore"

const maxAtOnce = 2

/**
 * The permits of a process. A simulation has its own.
 *
 * @internal
 */
export const Permits = Context.Reference("efflux/internal/LookUps", {
  defaultValue: () => Semaphore.makeUnsafe(maxAtOnce)
})

/**
 * Runs a look-up with a permit. Interruption ends the wait; the permit is free when the look-up has returned.
 *
 * @internal
 */
export const limited = <A, E, R>(lookUp: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      const permits = yield* Permits
      yield* restore(permits.take(1))
      const fiber = yield* Effect.forkDetach(Effect.ensuring(lookUp, permits.release(1)))
      return yield* restore(Fiber.join(fiber))
    })
  )
