/**
 * Closes an iterator whose items are not all taken.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"

/**
 * Uses the items of an iterable. If that fails or is interrupted, the iterator is closed: a fiber that ends while it
 * waits never returns to its loop, which would close it.
 *
 * @internal
 */
export const closing = <A, B, E, R>(
  items: Iterable<A>,
  use: (items: Iterable<A>) => Effect.Effect<B, E, R>
): Effect.Effect<B, E, R> =>
  Effect.suspend(() => {
    const iterator = items[Symbol.iterator]()
    return Effect.onError(
      use({ [Symbol.iterator]: () => iterator }),
      () => Effect.sync(() => iterator.return?.())
    )
  })
