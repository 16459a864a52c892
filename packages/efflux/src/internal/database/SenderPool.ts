/**
 * The sender fibers of a database, each an actor of its own: it opens a
 * connection, packs and sends payloads one at a time, settles them, and opens a
 * new connection when this one keeps failing. A defect in one ends neither it
 * nor the others.
 *
 * A sender can be interrupted only where it waits, and settles what it holds
 * exactly once, whatever the end of a send: that is what keeps the law.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { Settings } from "../../DatabaseConfig.ts"
import type { InfluxError, Rejected } from "../../InfluxError.ts"
import type { Connection, Outcome, Transport } from "../../Transport.ts"
import type { Custody } from "./Custody.ts"
import type { DropReason } from "./Ledger.ts"
import { Pacer } from "./Pacer.ts"
import { Packer } from "./Packer.ts"
import type { Reporter } from "./Reporter.ts"

// A connection that fails this often in a row, or for this long, is replaced.
const maxFailures = 5
const maxFailingMillis = 1000

// Pauses after failures, in milliseconds: doubled each time.
const firstPause = 10
const longestPause = 1000

// Writing points, and sends that finish at once, never give the event loop a turn; after this many points, a few
// milliseconds, a sender does. A payload costs as much as some points.
const pointsPerTurn = 2048
const pointsPerPayload = 16

interface Options {
  readonly custody: Custody
  readonly settings: Settings
  readonly sender: Transport["Service"]
  readonly reporter: Reporter
  readonly observeSend: (seconds: number) => void
  readonly onRejected: (rejected: Rejected) => void
}

/**
 * Starts the senders in a scope, and returns their fibers. A fiber ends by
 * interruption only; what it holds is then booked as `shutdown`.
 *
 * @internal
 */
export const start = Effect.fnUntraced(function*(options: Options, scope: Scope.Scope) {
  const clock = yield* Clock.Clock
  const pacer = new Pacer(options.settings.pacing)
  const fibers: Array<Fiber.Fiber<void>> = []
  for (let i = 0; i < options.settings.senders; i++) {
    fibers.push(yield* Effect.forkIn(new Actor(options, pacer, clock).run, scope))
  }
  return fibers
})

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

class Actor {
  readonly #custody: Custody
  readonly #sender: Transport["Service"]
  readonly #reporter: Reporter
  readonly #observeSend: (seconds: number) => void
  readonly #onRejected: (rejected: Rejected) => void
  readonly #pacer: Pacer
  readonly #clock: Clock.Clock
  readonly #packer: Packer
  #busy = false
  // Since the last payload that was taken: how often and since when sending or opening failed, and the last pause.
  #failures = 0
  #failingSince = 0
  #pause = 0

  constructor(options: Options, pacer: Pacer, clock: Clock.Clock) {
    this.#custody = options.custody
    this.#sender = options.sender
    this.#reporter = options.reporter
    this.#observeSend = options.observeSend
    this.#onRejected = options.onRejected
    this.#pacer = pacer
    this.#clock = clock
    this.#packer = new Packer(options.custody, options.settings, options.reporter)
  }

  /** One connection after the other, until interrupted. */
  readonly run: Effect.Effect<void> = Effect.uninterruptibleMask((restore) =>
    Effect.gen({ self: this }, function*() {
      while (true) {
        const exit = yield* Effect.exit(Effect.scoped(this.#connected(restore)))
        if (Exit.isFailure(exit)) {
          if (yield* this.#isInterrupted(exit, restore)) return this.#abandon("shutdown")
          this.#failed(exit.cause)
          const paused = yield* Effect.exit(restore(Effect.sleep(this.#pause)))
          if (Exit.isFailure(paused)) return this.#abandon("shutdown")
        }
      }
    })
  )

  /** Sends over one connection until it is stale or fails too often. */
  #connected(restore: Restore) {
    return Effect.gen({ self: this }, function*() {
      const custody = this.#custody
      const packer = this.#packer
      const connection = yield* restore(this.#sender.open)
      let turn = pointsPerTurn
      while (!connection.isStale() && !this.#isFailing()) {
        if (packer.held === 0 && !custody.ready) {
          custody.closeGate()
          yield* restore(custody.gate.await)
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
        const exit = yield* Effect.exit(restore(this.#send(connection, payload)))
        if (Exit.isSuccess(exit)) {
          // What else an effect that is typed as void may give says nothing.
          if (typeof exit.value === "object" && exit.value !== null) this.#settled(exit.value, payload.length)
          else this.#sent(payload.length)
          if (this.#pause > 0) yield* restore(Effect.sleep(this.#pause))
        } else if (yield* this.#isInterrupted(exit, restore)) {
          if (connection.interrupted !== undefined) this.#settle(connection.interrupted(), payload.length)
          return this.#abandon("shutdown")
        } else {
          this.#failed(exit.cause)
          if (this.#pause > 0) yield* restore(Effect.sleep(this.#pause))
        }
      }
    })
  }

  #send(connection: Connection, payload: Uint8Array): Effect.Effect<void | Outcome, InfluxError> {
    return Effect.suspend(() => {
      const wait = this.#pacer.reserve(payload.length, this.#now())
      return wait > 0
        ? Effect.andThen(Effect.sleep(wait), this.#timedSend(connection, payload))
        : this.#timedSend(connection, payload)
    })
  }

  #timedSend(connection: Connection, payload: Uint8Array): Effect.Effect<void | Outcome, InfluxError> {
    return Effect.suspend(() => {
      const started = this.#now()
      const send: Effect.Effect<void | Outcome, InfluxError> = connection.send(
        payload,
        this.#packer.points,
        this.#packer.lines
      )
      return Effect.map(send, (outcome) => {
        this.#observeSend((this.#now() - started) / 1000)
        return outcome
      })
    })
  }

  #sent(bytes: number): void {
    const ledger = this.#custody.ledger
    this.#custody.settleSent(this.#packer.points)
    ledger.payloads++
    ledger.bytes += bytes
    this.#failures = 0
    this.#pause = 0
    this.#setBusy(false)
    this.#packer.next()
  }

  /** Settles the payload after a send that knows what became of its points. */
  #settled(outcome: Outcome, bytes: number): void {
    const packer = this.#packer
    const left = this.#settle(outcome, bytes)
    if (left > 0) this.#custody.settleDropped(left + packer.breakSplit(), "send_error")
    this.#setBusy(false)
    packer.next()
    if (left + (outcome.send_error ?? 0) + (outcome.unknown ?? 0) > 0) {
      this.#countFailure()
    } else {
      this.#failures = 0
      this.#pause = 0
    }
  }

  /** Settles what an outcome names of the payload's points, and returns how many it does not name. */
  #settle(outcome: Outcome, bytes: number): number {
    const custody = this.#custody
    const packer = this.#packer
    let left = packer.points
    const take = (points = 0): number => {
      // A transport may count wrongly, but the ledger may not.
      const taken = Number.isInteger(points) ? Math.max(0, Math.min(points, left)) : 0
      left -= taken
      return taken
    }
    const sent = take(outcome.sent)
    custody.settleSent(sent)
    if (sent > 0) {
      custody.ledger.payloads++
      custody.ledger.bytes += outcome.bytes ?? bytes
    }
    const rejected = take(outcome.rejected)
    custody.settleDropped(rejected, "rejected")
    const sendError = take(outcome.send_error)
    custody.settleDropped(sendError, "send_error")
    const unknown = take(outcome.unknown)
    custody.settleDropped(unknown, "unknown")
    packer.points = left
    const lost = rejected + sendError + unknown
    // A point of which some lines are lost is lost; what is left of it need not be sent.
    // No number names one whose last line is not in the payload, only the error does.
    const broken = lost > 0 || outcome.error !== undefined ? packer.breakSplit() : 0
    const isRejected = rejected > 0 || (outcome.rejections ?? []).length > 0
    custody.settleDropped(
      broken,
      unknown > 0 ? "unknown" : sendError > 0 ? "send_error" : isRejected ? "rejected" : "unknown"
    )
    if (outcome.error !== undefined) this.#reporter.failure(outcome.error, lost + broken)
    for (const rejection of outcome.rejections ?? []) this.#onRejected(rejection)
    return left
  }

  /** Settles the payload, if there is one, after opening or sending failed. */
  #failed(cause: Cause.Cause<InfluxError>): void {
    const error = Cause.findErrorOption(cause)
    if (error._tag === "None") {
      this.#reporter.defect(Cause.squash(cause), this.#packer.held)
      this.#abandon("send_error")
    } else {
      const wasBusy = this.#busy
      const points = wasBusy ? this.#packer.points : 0
      // A point of which some lines are lost is lost; what is left of it need not be sent.
      const broken = wasBusy ? this.#packer.breakSplit() : 0
      const reason = error.value.reason
      if (reason._tag === "Rejected") {
        const rejected = Math.max(0, Math.min(reason.points ?? points, points))
        this.#custody.settleSent(points - rejected)
        this.#custody.settleDropped(rejected + broken, "rejected")
        this.#reporter.failure(error.value, rejected + broken)
        this.#onRejected(reason)
      } else {
        this.#custody.settleDropped(points + broken, "send_error")
        this.#reporter.failure(error.value, points + broken)
      }
      this.#setBusy(false)
      if (wasBusy) this.#packer.next()
      // The server answered: the connection is fine.
      if (reason._tag === "Rejected") return
    }
    this.#countFailure()
  }

  #countFailure(): void {
    if (this.#failures++ === 0) this.#failingSince = this.#now()
    this.#pause = Math.min(Math.max(2 * this.#pause, firstPause), longestPause)
  }

  #isFailing(): boolean {
    if (this.#failures < maxFailures && (this.#failures < 2 || this.#now() - this.#failingSince < maxFailingMillis)) {
      return false
    }
    this.#failures = 0
    return true
  }

  /** Settles everything that the sender holds. */
  #abandon(reason: DropReason): void {
    this.#custody.settleDropped(this.#packer.held, reason)
    this.#setBusy(false)
    this.#packer.reset()
  }

  // A transport may end a send by interrupting itself. Only an interruption of this fiber ends the sender, and that
  // shows at the next interruptible step.
  #isInterrupted(exit: Exit.Failure<unknown, InfluxError>, restore: Restore): Effect.Effect<boolean> {
    return Cause.hasInterrupts(exit.cause)
      ? Effect.map(Effect.exit(restore(Effect.yieldNow)), Exit.isFailure)
      : Effect.succeed(false)
  }

  #setBusy(busy: boolean): void {
    if (busy === this.#busy) return
    this.#busy = busy
    this.#custody.ledger.sendersBusy += busy ? 1 : -1
  }

  #now(): number {
    return Number(this.#clock.monotonicTimeNanosUnsafe()) / 1e6
  }
}
