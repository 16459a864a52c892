/**
 * A transport that a test steers: what each send does, and how often it was
 * opened.
 */
import { Deferred, Effect, type Scope } from "effect"
import type { InfluxError, Transport } from "efflux"

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
