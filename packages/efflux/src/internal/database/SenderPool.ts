/**
 * The sender fibers of a database. Each works on its own: it opens a connection, packs and sends payloads one at a
 * time, settles them, and replaces a connection that keeps failing.
 *
 * Code of a transport runs in a fiber for each connection, which the sender supervises. Whatever ends that fiber, the
 * sender counts what was in flight, logs the cause, and opens the next connection after a pause.
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
import * as Fiber from "effect/Fiber"
import type * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { InfluxError, type Rejected } from "../../InfluxError.ts"
import type { Connection, Transport } from "../../Transport.ts"
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

// A fiber that can be interrupted only where it says so, and may end without running what should follow in it.
const alone = { uninterruptible: true, startImmediately: true } as const

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

// The error says more than what Effect says of a value that is no effect.
const effectOf = <A, E, R>(name: string, given: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.isEffect(given) ? given : Effect.die(wrong(`${name} in a transport`, given, "an Effect"))

// Whatever else a transport fails with is a defect.
const errorIn = (cause: Cause.Cause<unknown>): Effect.Effect<InfluxError, unknown> => {
  const found = Cause.findErrorOption(cause)
  return found._tag === "Some" && found.value instanceof InfluxError
    ? Effect.succeed(found.value)
    : Effect.failCause(cause)
}

class Sender {
  readonly #dependencies: Dependencies
  readonly #buffer: PointBuffer
  readonly #pacer: Pacer
  readonly #clock: Clock.Clock
  readonly #packer: Packer
  #busy = false
  #isClosing = false
  /** The connection whose send began and has no result yet. */
  #sending: Connection | undefined = undefined
  /** The pauses between failures since the last successful payload. */
  #pauses: ((input: unknown) => Pull.Pull<unknown, never, unknown>) | undefined = undefined

  constructor(dependencies: Dependencies, pacer: Pacer, clock: Clock.Clock) {
    this.#dependencies = dependencies
    this.#buffer = dependencies.buffer
    this.#pacer = pacer
    this.#clock = clock
    this.#packer = new Packer(dependencies.buffer, dependencies.settings, dependencies.reporter)
  }

  /** One connection after the other, until interrupted. No code of a transport runs in this fiber. */
  readonly run: Effect.Effect<void> = Effect.uninterruptibleMask((restore) =>
    Effect.gen({ self: this }, function*() {
      while (true) {
        const scope = Scope.makeUnsafe()
        const using = yield* Effect.forkChild(this.#useConnection(scope), alone)
        if (Exit.isFailure(yield* Effect.exit(restore(Fiber.await(using))))) {
          this.#isClosing = true
          yield* Fiber.interrupt(using)
        }
        const used: Exit.Exit<boolean, unknown> = yield* Fiber.await(using)
        const asked = yield* Effect.exit(Effect.sync(() => this.#askWhatWasSent()))
        let lost = Exit.isSuccess(asked) ? asked.value : 0
        if (Exit.isFailure(used)) lost += this.#abandon(this.#isClosedBy(used) ? "shutdown" : "send_error")
        const closed = yield* Fiber.await(yield* Effect.forkChild(Scope.close(scope, used), alone))
        const exit = Exit.asVoidAll([used, asked, closed])
        if (Exit.isFailure(exit) && !(this.#isClosing && Cause.hasInterruptsOnly(exit.cause))) {
          this.#dependencies.reporter.defect(exit.cause, lost)
        }
        if (this.#isClosing) return
        if (Exit.isFailure(exit) || (Exit.isSuccess(used) && !used.value)) yield* restore(this.#pause)
      }
    })
  ).pipe(Effect.ensuring(Effect.sync(() => this.#abandon("shutdown"))))

  /**
   * Opens a connection and sends over it until it is stale or fails too often. Returns whether it was usable. Fails by a
   * defect of the transport.
   */
  #useConnection(scope: Scope.Scope) {
    return Effect.gen({ self: this }, function*() {
      const buffer = this.#buffer
      const packer = this.#packer
      const { reporter, transport } = this.#dependencies
      const opened = yield* Effect.exit(Effect.interruptible(Scope.provide(effectOf("open", transport.open), scope)))
      if (Exit.isFailure(opened)) {
        reporter.failure(yield* errorIn(opened.cause), 0)
        return false
      }
      const connection = opened.value
      let isUsable = false
      let failures = 0
      let failingSince = 0
      let turn = pointsPerTurn
      while (
        !connection.isStale() && failures < maxFailures &&
        (failures < 2 || monotonicMillis(this.#clock) - failingSince < maxFailingMillis)
      ) {
        if (packer.isEmpty && !buffer.ready) {
          buffer.gate.closeUnsafe()
          yield* Effect.interruptible(buffer.gate.await)
          isUsable = true
          continue
        }
        if (turn <= 0) {
          yield* Effect.interruptible(Effect.yieldNow)
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
        if (wait > 0) yield* Effect.interruptible(Effect.sleep(wait))
        const started = monotonicMillis(this.#clock)
        // Nothing interruptible may follow the send, because an interruption there would discard its result.
        const exit = yield* Effect.exit(Effect.interruptible(Effect.suspend<unknown, InfluxError, never>(() => {
          this.#sending = connection
          return effectOf("what send returns", connection.send(payload, packer.points, packer.lines))
        })))
        if (Exit.isSuccess(exit)) {
          this.#dependencies.observeSend((monotonicMillis(this.#clock) - started) / 1000)
        } else if (this.#isClosedBy(exit)) return yield* Effect.failCause(exit.cause)
        const fate = Exit.isSuccess(exit)
          ? SendOutcome.ofSuccess(exit.value, packer.points, payload.length)
          : SendOutcome.ofError(yield* errorIn(exit.cause), packer.points, payload.length)
        this.#sending = undefined
        isUsable = true
        this.#settle(fate)
        this.#setBusy(false)
        packer.next()
        if (fate.isClean) {
          failures = 0
          this.#pauses = undefined
        } else {
          if (failures++ === 0) failingSince = monotonicMillis(this.#clock)
          yield* Effect.interruptible(this.#pause)
        }
      }
      // Otherwise it would be opened again and again, without a pause or a log line.
      if (!isUsable) reporter.failure(SendOutcome.staleFromTheStart(), 0)
      return isUsable
    })
  }

  /** Waits after a failure, each time longer until a payload is taken. */
  readonly #pause: Effect.Effect<void> = Effect.gen({ self: this }, function*() {
    const next = this.#pauses ??= yield* Schedule.toStepWithSleep(pauses)
    yield* Effect.ignore(next(undefined))
  })

  /** Settles what the transport knows of a send that ended without a result. Returns how many points were lost. */
  #askWhatWasSent(): number {
    const connection = this.#sending
    this.#sending = undefined
    if (connection?.interrupted === undefined) return 0
    const { payload, points } = this.#packer
    const fate = SendOutcome.ofOutcome(connection.interrupted(), points, payload.length)
    this.#settle(fate)
    return fate.rejected + fate.send_error + fate.unknown
  }

  /** Settles the payload by what is known of it. */
  #settle(fate: SendOutcome.Fate): void {
    const buffer = this.#buffer
    const { holder } = this.#packer
    const { onRejected, reporter } = this.#dependencies
    buffer.settleSent(holder, fate.sent)
    if (fate.sent > 0 || fate.bytes > 0) {
      buffer.ledger.payloads++
      buffer.ledger.bytes += fate.bytes
    }
    let lost = 0
    for (const reason of SendOutcome.losses) {
      buffer.settleDropped(holder, fate[reason], reason)
      lost += fate[reason]
    }
    // A point of which some lines are lost is lost; what is left of it need not be sent.
    // No number names one whose last line is not in the payload, only the error does.
    const broken = lost > 0 || fate.error !== undefined ? this.#packer.breakSplit() : 0
    buffer.settleDropped(holder, broken, fate.ofPart)
    if (fate.error !== undefined) reporter.failure(fate.error, lost + broken)
    for (const rejection of fate.rejections) onRejected(rejection)
  }

  /** Settles everything that the sender holds. Returns how many points that were. */
  #abandon(reason: DropReason): number {
    const { held } = this.#packer.holder
    this.#buffer.settleDropped(this.#packer.holder, held, reason)
    this.#setBusy(false)
    this.#packer.reset()
    return held
  }

  /** Whether something ended because the sender was interrupted. A transport may also interrupt itself. */
  #isClosedBy(exit: Exit.Failure<unknown, unknown>): boolean {
    return this.#isClosing && Cause.hasInterrupts(exit.cause)
  }

  #setBusy(busy: boolean): void {
    if (busy === this.#busy) return
    this.#busy = busy
    this.#buffer.ledger.sendersBusy += busy ? 1 : -1
  }
}
