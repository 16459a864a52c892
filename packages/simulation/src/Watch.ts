/**
 * Watches one database: it pushes the points, sees the payloads of the transport, and compares both with the counters
 * and with the {@link ReferenceQueue} after every step of the simulation.
 */
import type { SeededRandom } from "@efflux/testkit/SeededRandom"
import { Effect } from "effect"
import type { InfluxDatabase } from "efflux"
import type { UdpSettings } from "../../efflux/src/internal/config/DatabaseSettings.ts"
import { type Answers, Connected, type Observer } from "./Connected.ts"
import { Fates } from "./Fates.ts"
import { type Known, KnownPoints, type Received } from "./KnownPoints.ts"
import { ReferenceQueue, shedReasons } from "./ReferenceQueue.ts"
import { selfReport, somePoint } from "./SomePoint.ts"

export interface Run {
  /** Milliseconds since the start. */
  readonly now: () => number
  readonly fail: (message: string) => never
  /** `undefined` if nothing is printed. */
  readonly trace: ((what: string) => void) | undefined
}

export class Watch implements Observer {
  readonly settings: UdpSettings
  readonly name: string
  readonly #run: Run
  readonly #random: SeededRandom
  readonly #queue: ReferenceQueue
  /** The share of points that are pushed with high priority. */
  readonly #highs: number
  readonly #points: KnownPoints
  readonly fates: Fates
  #database: InfluxDatabase.Database | undefined
  /** Set before the intake stops. */
  isClosing = false
  /** Set once everything has ended. */
  isClosed = false
  /** Whether the transport neither hangs nor throws, so that every point is sent or fails in time. */
  readonly isCalm: boolean
  stats: InfluxDatabase.Stats | undefined
  readonly #connections: Array<Connected> = []
  #late = 0 // points pushed after the closing
  readonly #shed = { queue_full: 0, queue_full_high: 0, queue_bytes: 0, quota: 0 }
  #taken = { sendable: 0, invalid: 0, oversize: 0 }
  readonly #flushes = new Set<{ readonly target: number; latest: number | undefined }>()
  #tokens = Number.MAX_SAFE_INTEGER
  #paceAt = 0

  constructor(run: Run, random: SeededRandom, settings: UdpSettings, index: number, isCalm: boolean) {
    this.#run = run
    this.#random = random
    this.settings = settings
    this.name = settings.name
    this.#queue = new ReferenceQueue(settings)
    this.#points = new KnownPoints(settings, index, (message) => this.fail(message))
    this.fates = new Fates(this.#points, (message) => this.fail(message))
    this.isCalm = isCalm
    this.#highs = random.pick([0, 0, 0.2, 0.8])
  }

  attach(database: InfluxDatabase.Database): void {
    this.#database = database
    // Reports that were pushed in the meantime, of which some may be gone by now.
    const { dropped, pushed, queued } = database.statsUnsafe()
    for (let i = 0; i < pushed; i++) {
      const report = this.#addReport()
      if (i < pushed - queued) report.place = "gone"
      else this.#queue.push(report)
    }
    for (const reason of shedReasons) this.#shed[reason] = dropped[reason]
    this.#taken.oversize = dropped.oversize
  }

  #addReport(): Known {
    const reasons = Object.keys(this.#database!.statsUnsafe().dropped)
    return this.#points.add(selfReport(this.settings, reasons), false)
  }

  get isAttached(): boolean {
    return this.#database !== undefined
  }

  fail(message: string): never {
    return this.#run.fail(`${this.name}: ${message}`)
  }

  trace(what: () => string): void {
    this.#run.trace?.(`${this.name}: ${what()}`)
  }

  /** Pushes some point, if there is a database yet. */
  push(): void {
    const database = this.#database
    if (database === undefined) return
    this.#follow(database.statsUnsafe())
    const number = this.#points.next
    const known = this.#points.add(somePoint(this.#random, number, this.settings), this.#random.chance(this.#highs))
    const before = this.#database!.statsUnsafe().dropped.shutdown
    database.pushUnsafe(known.input, known.isHigh ? { priority: "high" } : undefined)
    if (database.statsUnsafe().dropped.shutdown > before) {
      if (!this.isClosing) this.fail(`point ${number} was counted as shutdown, but the database was open`)
      this.#late++
      known.place = "gone"
      this.trace(() => `push ${number}, too late`)
    } else {
      if (this.isClosed) this.fail(`point ${number} was taken in by a closed database`)
      this.#enqueue(known)
    }
    this.check(false)
    if (this.#random.chance(0.05)) this.#checkPressure(Effect.runSync(database.pressure))
  }

  /** Pushes a point to the reference queue too, and removes what must be dropped for it. */
  #enqueue(known: Known): void {
    const shed = this.#queue.push(known)
    this.trace(() => {
      const kind = `${known.measurement} ${known.fate}${known.isHigh ? " high" : ""}, ${known.bytes} bytes`
      return `push ${known.number} (${kind})${shed.map(({ number, reason }) => `, ${reason}: ${number}`)}`
    })
    for (const { number, reason } of shed) {
      this.#shed[reason]++
      this.#points.get(number).place = "gone"
    }
  }

  #checkPressure(pressure: Effect.Success<InfluxDatabase.Database["pressure"]>): void {
    const { queued, queuedBytes } = this.stats!
    const { queueBytes, queueCapacity } = this.settings
    const fill = Math.max(queued / queueCapacity, queueBytes === undefined ? 0 : queuedBytes / queueBytes)
    const { drainedPerSecond, pushedPerSecond, secondsToDrain, shedPerSecond } = pressure
    const isRate = (rate: number) => rate >= 0 && Number.isFinite(rate)
    if (
      pressure.queued !== queued || pressure.fill !== fill || !isRate(drainedPerSecond) || !isRate(pushedPerSecond) ||
      !isRate(shedPerSecond) || (queued === 0) !== (secondsToDrain === 0)
    ) this.fail(`the pressure is ${JSON.stringify(pressure)}, but ${queued} points are queued, ${queuedBytes} bytes`)
  }

  /** A flush, which must not end before its points are settled. */
  readonly flush: Effect.Effect<void> = Effect.acquireUseRelease(
    Effect.sync(() => {
      const flush = { target: this.#points.next, latest: undefined }
      this.#flushes.add(flush)
      this.trace(() => `flush to ${flush.target}`)
      return flush
    }),
    ({ target }) => Effect.andThen(this.#database!.flush, Effect.sync(() => this.#checkFlushed(target))),
    (flush) => Effect.sync(() => this.#flushes.delete(flush))
  )

  #checkFlushed(target: number): void {
    this.trace(() => `flushed to ${target}`)
    if (this.isClosing) return
    this.#follow(this.#database!.statsUnsafe())
    for (const point of this.#points.all) {
      // A sender that gives up its points does not name them.
      if (point.number >= target || point.place === "gone" || (point.place === "taken" && !this.isCalm)) continue
      this.fail(`a flush ended, but point ${point.number} is not settled`)
    }
  }

  /**
   * Checks everything that must hold at any moment and, if nothing can run until time passes, that nothing waits
   * needlessly.
   */
  check(isIdle: boolean): void {
    if (this.#database === undefined) return
    const stats = this.#database.statsUnsafe()
    this.stats = stats
    const { settings } = this
    const { dropped } = stats
    this.#follow(stats)
    let total = 0
    for (const reason in dropped) total += dropped[reason as keyof typeof dropped]
    if (stats.pushed !== this.#points.all.length) {
      this.fail(`pushed is ${stats.pushed}, but ${this.#points.all.length} points were pushed`)
    }
    if (stats.pushed !== stats.sent + total + stats.queued + stats.inFlight || total !== stats.droppedTotal) {
      this.fail(`the law does not hold: ${JSON.stringify(stats)}`)
    }
    if (stats.queued > settings.queueCapacity) this.fail(`queued ${stats.queued}, capacity ${settings.queueCapacity}`)
    const held = settings.senders * (settings.batchSize + 1)
    if (stats.inFlight < 0 || stats.inFlight > held) this.fail(`in flight ${stats.inFlight}, the senders hold ${held}`)
    if (stats.sendersBusy < 0 || stats.sendersBusy > settings.senders) this.fail(`${stats.sendersBusy} senders busy`)
    for (const reason of shedReasons) {
      if (dropped[reason] === this.#shed[reason]) continue
      this.fail(`${dropped[reason]} points shed (${reason}), but ${this.#shed[reason]} had to be`)
    }
    if (settings.queueBytes !== undefined) this.#checkBytes(stats.queuedBytes)
    if (dropped.invalid !== this.#taken.invalid) {
      this.fail(`${dropped.invalid} points invalid, but ${this.#taken.invalid} bad points were taken`)
    }
    if (dropped.oversize !== this.#taken.oversize) {
      this.fail(`${dropped.oversize} points oversize, but ${this.#taken.oversize} points too large were taken`)
    }
    if (!this.isClosing && dropped.shutdown > 0) this.fail("points are counted as shutdown in an open database")
    this.fates.check(stats)
    if (isIdle) this.#checkIdle(stats)
  }

  /** Time is about to pass: nothing may wait for it needlessly. */
  #checkIdle(stats: InfluxDatabase.Stats): void {
    for (const flush of this.#flushes) {
      // By now it has started, and so it waits for no later points.
      const latest = flush.latest ??= this.#points.next
      const isPending = (point: Known) => point.number < latest && point.place !== "gone"
      if (!this.#points.all.some(isPending)) {
        this.fail(`all points before ${latest} are settled, but a flush does not end`)
      }
    }
    if (stats.queued < this.settings.batchSize || this.isClosed) return
    const free = this.#connections.filter((connection) => connection.isFree)
    if (stats.sendersBusy === 0 && free.length === this.settings.senders) {
      this.fail(`${stats.queued} points wait, which is a batch, though all senders are free`)
    }
  }

  #checkBytes(queued: number): void {
    const expected = this.#queue.waiting.reduce((sum, { bytes }) => sum + bytes, 0)
    if (queued !== expected) this.fail(`${queued} bytes are queued, but it must be ${expected}`)
    if (queued > this.settings.queueBytes!) this.fail(`${queued} bytes queued, at most ${this.settings.queueBytes}`)
  }

  /** Checks what must hold after the close, when no fiber of the database runs. */
  checkEnd(): void {
    if (this.openConnections !== 0) this.fail(`${this.openConnections} connections are open after closing`)
    if (this.#database === undefined) return
    this.check(false)
    const stats = this.stats!
    if (stats.queued !== 0 || stats.inFlight !== 0) this.fail(`points are left after closing: ${JSON.stringify(stats)}`)
    if (stats.sendersBusy !== 0) this.fail(`${stats.sendersBusy} senders are busy after closing`)
    this.fates.checkEnd(stats)
    if (this.isCalm && stats.dropped.shutdown !== this.#late) {
      this.fail(`${stats.dropped.shutdown - this.#late} points dropped (shutdown), though there was time to send them`)
    }
    if (this.isCalm && this.#flushes.size > 0) this.fail("a flush did not end")
    this.#points.checkTimestamps()
  }

  /** A connection was opened. `answers` is what it reports about an interrupted send. */
  connect(answers: Answers): Connected {
    const connected = new Connected(this, answers)
    // A payload, and a split point that continues after it, may be in doubt at the close.
    if (answers === "unknown") this.fates.doubt(this.settings.batchSize + 1)
    this.#connections.push(connected)
    return connected
  }

  disconnect(connected: Connected): void {
    this.#connections.splice(this.#connections.indexOf(connected), 1)
  }

  get openConnections(): number {
    return this.#connections.length
  }

  /** The documented token bucket. Payloads of senders that wake up late may leave it together. */
  #checkPace(bytes: number): void {
    const { pacing, senders } = this.settings
    if (pacing === "none") return
    const now = this.#run.now()
    const credit = (now - this.#paceAt) * pacing.packetsPerSecond / 1000
    this.#tokens = Math.min(pacing.burst, this.#tokens + credit) - Math.ceil(bytes / 1432)
    this.#paceAt = now
    // In the simulation, waits are whole milliseconds and never shorter.
    if (this.#tokens < -senders) this.fail(`payloads are sent faster than ${pacing.packetsPerSecond} a second`)
  }

  /** Checks a payload of the transport, and returns the numbers of the points that end in it. */
  receive(payload: Uint8Array, points: number | undefined, newest: number): Received {
    const { settings } = this
    if (payload.length > settings.maxPayloadBytes) this.fail(`a payload of ${payload.length} bytes`)
    this.#checkPace(payload.length)
    this.#follow(this.#database!.statsUnsafe())
    const received = this.#points.read(payload, newest)
    const { numbers } = received
    if (points !== undefined && numbers.length !== points) {
      this.fail(`${numbers.length} points end in a payload, said to be ${points}`)
    }
    if (numbers.length > settings.batchSize) {
      this.fail(`${numbers.length} points in a payload, batchSize ${settings.batchSize}`)
    }
    return received
  }

  /** Adds new self-reports to the reference queue, and removes what the senders have taken. */
  #follow(stats: InfluxDatabase.Stats): void {
    if (this.settings.selfReport !== undefined) {
      while (this.#points.all.length < stats.pushed) this.#enqueue(this.#addReport())
    }
    let points = this.#queue.waiting.length - stats.queued
    if (points === 0) return
    if (points < 0) this.fail(`${stats.queued} points are queued, but only ${points + stats.queued} can be`)
    if (this.isClosing && stats.queued === 0) {
      // The rest was not taken but discarded. The counters of bad points show how many.
      while (points > 0 && !this.#explains(stats, points)) points--
    }
    for (const { number } of this.#queue.take(points)) {
      const point = this.#points.get(number)
      this.#taken[point.fate]++
      point.place = point.fate === "sendable" ? "taken" : "gone"
    }
    for (const { number } of this.#queue.take(this.#queue.waiting.length - stats.queued)) {
      this.#points.get(number).place = "gone"
    }
  }

  #explains(stats: InfluxDatabase.Stats, points: number): boolean {
    const taken = this.#queue.waiting.slice(0, points).map(({ number }) => this.#points.get(number).fate)
    const count = (fate: string) => taken.filter((other) => other === fate).length
    return stats.dropped.invalid === this.#taken.invalid + count("invalid") &&
      stats.dropped.oversize === this.#taken.oversize + count("oversize")
  }
}
