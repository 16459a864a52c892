/**
 * A custom transport that does everything that the types allow, and more: it accepts a payload, fails, hangs, throws,
 * interrupts itself, or refuses some points.
 */
import type { SeededRandom } from "@efflux/testkit/SeededRandom"
import { Effect, type Scope } from "effect"
import type { Transport } from "efflux"
import { InfluxError, OpenFailed, Rejected, SendFailed } from "efflux/InfluxError"
import type { Connected } from "./Connected.ts"
import type { Watch } from "./Watch.ts"
import type { World } from "./World.ts"

const sendFailed = new InfluxError({
  reason: new SendFailed({ endpoint: "simulated", kind: "Unknown", cause: "simulated" })
})
const openFailed = new InfluxError({
  reason: new OpenFailed({ endpoint: "simulated", kind: "Unknown", cause: "simulated" })
})

export const spitefulSender = (world: World, random: SeededRandom, watch: Watch): Transport.Transport["Service"] => {
  // Some transports hardly ever go wrong, some always do.
  const trouble = watch.isCalm ? 0.3 : random.pick([0.05, 0.5, 0.9])
  // Some transports know the outcome of an interrupted send.
  const asks = random.chance(0.5)
  const pause = () => world.sleep(random.integer(1, 10))
  /** Reports the outcome of each point. Now and then it omits those that were not sent, or names too many. */
  const settle = (connected: Connected, points: number) => {
    const sent = random.integer(0, points)
    const rejected = random.integer(0, points - sent)
    const unknown = random.integer(0, points - sent - rejected)
    const failed = points - sent - rejected - unknown
    const isVague = random.chance(0.2)
    const isExcessive = !isVague && random.chance(0.2)
    const error = random.chance(0.5) ? sendFailed : undefined
    // Points that a transport names in excess are not counted, but the send counts as a failure.
    connected.settled(
      { sent, rejected, unknown, send_error: isVague ? 0 : failed, error },
      failed + unknown === 0 && !isExcessive
    )
    return Effect.succeed<Transport.Outcome>({
      sent,
      rejected,
      send_error: isVague ? undefined : failed,
      unknown: isExcessive ? points : unknown,
      error,
      rejections: rejected === 0 ? [] : [new Rejected({ points: rejected, detail: "simulated" })]
    })
  }

  const send = (connected: Connected) => (payload: Uint8Array, points: number) => {
    connected.begin()
    return Effect.suspend((): Effect.Effect<void | Transport.Outcome, InfluxError> => {
      const { numbers } = connected.receive(payload, points)
      const done = Effect.sync(() => connected.delivered())
      const fail = Effect.suspend(() => {
        connected.failed()
        return Effect.fail(sendFailed)
      })
      if (!random.chance(trouble)) return random.chance(0.2) ? Effect.andThen(pause(), done) : done
      const broken = <A>(how: () => A) => () => {
        connected.failed(true)
        return how()
      }
      return random.pick<() => Effect.Effect<void | Transport.Outcome, InfluxError>>([
        () => fail,
        () => Effect.andThen(pause(), fail),
        () => Effect.andThen(pause(), done),
        () => {
          const rejected = random.integer(0, numbers.length)
          connected.rejected(rejected)
          return Effect.fail(new InfluxError({ reason: new Rejected({ points: rejected, detail: "simulated" }) }))
        },
        () => settle(connected, numbers.length),
        () => Effect.andThen(pause(), Effect.suspend(() => settle(connected, numbers.length))),
        ...(watch.isCalm ? [] : [
          () => Effect.never,
          broken(() => Effect.die("simulated")),
          broken(() => Effect.interrupt),
          // Both end the fiber in which they run.
          broken(() => Effect.flatMap(Effect.void, (): Effect.Effect<void> => "simulated" as never)),
          broken(() =>
            Effect.withFiber<never>((fiber) => Effect.andThen(Effect.sync(() => fiber.interruptUnsafe()), Effect.never))
          ),
          broken(() => {
            throw new Error("simulated")
          })
        ])
      ])()
    })
  }

  const connected = Effect.acquireRelease(
    Effect.sync(() => watch.connect(asks ? "each point" : "nothing")),
    (connected) => Effect.sync(() => connected.close())
  )
  const opened = Effect.map(
    connected,
    (connected): Transport.Connection => ({
      send: send(connected),
      ...(asks && { interrupted: () => connected.interrupted(random.integer(0, 2)) }),
      isStale: () => {
        connected.asked()
        return random.chance(0.05)
      }
    })
  )
  const hanging = Effect.flatMap(connected, (connected) => {
    connected.isBroken = true
    return Effect.never
  })

  const open = Effect.suspend(() => {
    watch.trace(() => "opening")
    if (!random.chance(trouble)) return random.chance(0.2) ? Effect.andThen(pause(), opened) : opened
    return random.pick<() => typeof opened | Effect.Effect<never, InfluxError, Scope.Scope>>([
      () => Effect.fail(openFailed),
      () => Effect.andThen(pause(), Effect.fail(openFailed)),
      () => Effect.andThen(pause(), opened),
      ...(watch.isCalm ? [] : [
        () => {
          watch.fates.loseHeld()
          return Effect.die("simulated")
        },
        () => hanging
      ])
    ])()
  })
  return { open }
}
