/**
 * The sender fibers of a database. Each works on its own: it opens a connection, packs and sends payloads one at a
 * time, settles them, and replaces a connection that keeps failing. A defect in one ends neither it nor the others.
 *
 * A sender can be interrupted only where it waits, and settles what it holds exactly once, however a send ends. This
 * is what keeps the law.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { InfluxError, type Rejected } from "../../InfluxError.ts"
import type { Transport } from "../../Transport.ts"
import type { DatabaseSettings } from "../config/DatabaseSettings.ts"
import { wrong } from "../text/arguments.ts"
import { monotonicMillis } from "../text/monotonic.ts"
import { backoff } from "./backoff.ts"
import type { DropReason } from "./Ledger.ts"
import { Pacer } from "./Pacer.ts"
import { Packer } from "./Packer.ts"
import type { PointBuffer } from "./PointBuffer.ts"
import type { Reporter } from "./Reporter.ts"
import * as SendOutcome from "./SendOutcome.ts"

// A connection that fails this often in a row, or for this long, is replaced.
const maxFailures = 5
const maxFailingMillis = 1000

// Pauses after failures.
const pauses = backoff(10, 1000)

// Writing points, and sends that complete at once, never yield to the event loop. A sender yields after this many
// points, which take a few milliseconds. A payload counts as several points.
const pointsPerTurn = 2048
const pointsPerPayload = 16

interface Dependencies {
  readonly buffer: PointBuffer
  readonly settings: DatabaseSettings
  readonly transport: Transport["Service"]
  readonly reporter: Reporter
  readonly observeSend: (seconds: number) => void
  readonly onRejected: (rejected: Rejected) => void
}

/**
 * Starts the senders in a scope, and returns their fibers. A fiber ends by interruption only; what it holds is then
 * counted as `shutdown`, or as its connection reports it.
 *
 * @internal
 */
export const start = Effect.fnUntraced(function*(dependencies: Dependencies, scope: Scope.Scope) {
  const clock = yield* Clock.Clock
  const pacer = new Pacer(dependencies.settings.pacing)
  const started = Effect.suspend(() => Effect.forkIn(new Sender(dependencies, pacer, clock).run, scope))
  return yield* Effect.replicateEffect(started, dependencies.settings.senders)
})

// A fiber that is given anything else, such as a promise, ends without another word.
const effectOf = <A, E, R>(name: string, given: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.isEffect(given) ? given : Effect.die(wrong(`${name} in a transport`, given, "an Effect"))

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

class Sender {
  readonly #dependencies: Dependencies
  readonly #buffer: PointBuffer
  readonly #pacer: Pacer
  readonly #clock: Clock.Clock
  readonly #packer: Packer
  #busy = false
  // Since the last successful payload: how often and since when sending or opening failed, and the pauses between.
  #failures = 0
  #failingSince = 0
  #pauses: ((input: unknown) => Pull.Pull<unknown, never, unknown>) | undefined = undefined

  constructor(dependencies: Dependencies, pacer: Pacer, clock: Clock.Clock) {
    this.#dependencies = dependencies
    this.#buffer = dependencies.buffer
    this.#pacer = pacer
    this.#clock = clock
    this.#packer = new Packer(dependencies.buffer, dependencies.settings, dependencies.reporter)
  }

  /** One connection after the other, until interrupted. */
  readonly run: Effect.Effect<void> = Effect.uninterruptibleMask((restore) =>
    Effect.gen({ self: this }, function*() {
      while (true) {
        const exit = yield* Effect.exit(Effect.scoped(this.#connected(restore)))
        if (Exit.isFailure(exit)) {
          if (yield* this.#isInterrupted(exit, restore)) break
          this.#failed(exit.cause, 0)
          yield* restore(this.#pause)
        }
      }
    })
  ).pipe(Effect.ensuring(Effect.sync(() => this.#abandon("shutdown"))))

  /** Sends over one connection until it is stale or fails too often. */
  #connected(restore: Restore) {
    return Effect.gen({ self: this }, function*() {
      const buffer = this.#buffer
      const packer = this.#packer
      const connection = yield* restore(effectOf("open", this.#dependencies.transport.open))
      // Otherwise it would be opened again and again, without a pause or a log line.
      if (connection.isStale()) return yield* SendOutcome.staleFromTheStart
      let turn = pointsPerTurn
      while (!connection.isStale() && !this.#isFailing()) {
        if (packer.held === 0 && !buffer.ready) {
          buffer.gate.closeUnsafe()
          yield* restore(buffer.gate.await)
          continue
        }
        if (turn <= 0) {
          yield* restore(Effect.yieldNow)
          turn = pointsPerTurn
          // Others may have taken the points meanwhile: a payload of what they left can wait for its batch.
          continue
        }
        turn -= packer.fill(turn)
        if (!packer.isReady) continue
        turn -= pointsPerPayload
        this.#setBusy(true)
        const payload = packer.payload
        const wait = this.#pacer.reserve(payload.length, monotonicMillis(this.#clock))
        // If it is interrupted here, the payload was not sent.
        if (wait > 0) yield* restore(Effect.sleep(wait))
        const started = monotonicMillis(this.#clock)
        // Inside `restore` nothing may follow the send, because an interruption there would discard its result.
        let isStarted = false
        const exit = yield* Effect.exit(restore(Effect.suspend<unknown, InfluxError, never>(() => {
          isStarted = true
          return effectOf("what send returns", connection.send(payload, packer.points, packer.lines))
        })))
        let goesOn = false
        if (Exit.isSuccess(exit)) {
          this.#dependencies.observeSend((monotonicMillis(this.#clock) - started) / 1000)
          goesOn = this.#sent(exit.value, payload.length)
        } else if (yield* this.#isInterrupted(exit, restore)) {
          if (isStarted && connection.interrupted !== undefined) this.#settle(connection.interrupted(), payload.length)
          return yield* Effect.interrupt
        } else goesOn = this.#failed(exit.cause, payload.length)
        if (!goesOn) yield* restore(this.#pause)
      }
    })
  }

  /** Waits after a failure, each time longer until a payload is taken. */
  readonly #pause: Effect.Effect<void> = Effect.gen({ self: this }, function*() {
    const next = this.#pauses ??= yield* Schedule.toStepWithSleep(pauses)
    yield* Effect.ignore(next(undefined))
  })

  /** Settles the payload after a send that succeeded. Returns whether the next one may follow at once. */
  #sent(outcome: unknown, bytes: number): boolean {
    const { points } = this.#packer
    // An effect of type void may succeed with any value. Only an object is read as an outcome.
    if (typeof outcome !== "object" || outcome === null) {
      this.#buffer.settleSent(points)
      this.#countPayload(bytes)
      return this.#next(true)
    }
    const { isClean, isExplained, left } = this.#settle(outcome, bytes)
    if (left > 0) {
      const lost = left + this.#packer.breakSplit()
      this.#buffer.settleDropped(lost, "send_error")
      if (!isExplained) this.#dependencies.reporter.failure(SendOutcome.incomplete(outcome, points), lost)
    }
    return this.#next(left === 0 && isClean)
  }

  /**
   * Settles what an outcome names of the payload's points. Returns how many it does not name, whether it lost none
   * but rejected ones, and whether it said why. `otherwise` is how a point is lost of which it lost some lines only.
   */
  #settle(
    outcome: unknown,
    bytes: number,
    otherwise: DropReason = "unknown"
  ): { readonly left: number; readonly isClean: boolean; readonly isExplained: boolean } {
    const buffer = this.#buffer
    const packer = this.#packer
    const { onRejected, reporter } = this.#dependencies
    // Read completely before anything is booked, because a custom transport may throw here.
    const named = SendOutcome.read(outcome, bytes)
    let left = packer.points
    const take = (points: number): number => {
      // A transport may count wrongly, but the ledger may not.
      const taken = Math.min(points, left)
      left -= taken
      return taken
    }
    const sent = take(named.sent)
    buffer.settleSent(sent)
    if (sent > 0) this.#countPayload(named.bytes)
    let lost = 0
    let worst = named.rejections.length > 0 ? "rejected" as const : otherwise
    for (const reason of SendOutcome.losses) {
      const points = take(named[reason])
      buffer.settleDropped(points, reason)
      lost += points
      if (points > 0) worst = reason
    }
    packer.points = left
    // A point of which some lines are lost is lost; what is left of it need not be sent.
    // No number names one whose last line is not in the payload, only the error does.
    const broken = lost > 0 || named.error !== undefined ? packer.breakSplit() : 0
    buffer.settleDropped(broken, worst)
    if (named.error !== undefined) reporter.failure(named.error, lost + broken)
    for (const rejection of named.rejections) onRejected(rejection)
    return { left, isClean: named.send_error + named.unknown === 0, isExplained: named.error !== undefined }
  }

  #countPayload(bytes: number): void {
    this.#buffer.ledger.payloads++
    this.#buffer.ledger.bytes += bytes
  }

  /**
   * Settles the payload, if there is one, after opening or sending failed. Returns whether the next one may follow at
   * once.
   */
  #failed(cause: Cause.Cause<unknown>, bytes: number): boolean {
    const { reporter } = this.#dependencies
    const found = Cause.findErrorOption(cause)
    const error = found._tag === "Some" && found.value instanceof InfluxError ? found.value : undefined
    if (error === undefined) {
      reporter.defect(cause, this.#packer.held)
      this.#abandon("send_error")
    } else if (this.#busy) {
      const { points } = this.#packer
      const { reason } = error
      if (reason._tag === "Rejected") {
        const rejected = Math.min(SendOutcome.whole(reason.points, points), points)
        this.#settle({ sent: points - rejected, rejected, error, rejections: [reason] }, bytes)
        // The server answered: the connection is fine.
        return this.#next(true)
      }
      this.#settle({ send_error: points, error }, bytes, "send_error")
      return this.#next(false)
    } else {
      reporter.failure(error, 0)
    }
    this.#countFailure()
    return false
  }

  /** Goes on to the next payload. Returns whether it may follow at once. */
  #next(isClean: boolean): boolean {
    this.#setBusy(false)
    this.#packer.next()
    if (isClean) {
      this.#failures = 0
      this.#pauses = undefined
    } else {
      this.#countFailure()
    }
    return isClean
  }

  #countFailure(): void {
    if (this.#failures++ === 0) this.#failingSince = monotonicMillis(this.#clock)
  }

  #isFailing(): boolean {
    if (
      this.#failures < maxFailures &&
      (this.#failures < 2 || monotonicMillis(this.#clock) - this.#failingSince < maxFailingMillis)
    ) {
      return false
    }
    this.#failures = 0
    return true
  }

  /** Settles everything that the sender holds. */
  #abandon(reason: DropReason): void {
    this.#buffer.settleDropped(this.#packer.held, reason)
    this.#setBusy(false)
    this.#packer.reset()
  }

  // A transport may end a send by interrupting itself. Only an interruption of this fiber ends the sender, and that
  // shows at the next interruptible step.
  #isInterrupted(exit: Exit.Failure<unknown, unknown>, restore: Restore): Effect.Effect<boolean> {
    return Cause.hasInterrupts(exit.cause)
      ? Effect.map(Effect.exit(restore(Effect.yieldNow)), Exit.isFailure)
      : Effect.succeed(false)
  }

  #setBusy(busy: boolean): void {
    if (busy === this.#busy) return
    this.#busy = busy
    this.#buffer.ledger.sendersBusy += busy ? 1 : -1
  }
}
