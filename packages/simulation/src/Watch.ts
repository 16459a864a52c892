/**
 * What watches one database: it pushes the points, sees what its transport is
 * given, and compares both with the counters and with the {@link ReferenceQueue}
 * after every step of the world.
 */
import type { SeededRandom } from "@efflux/testkit/SeededRandom"
import { Effect } from "effect"
import type { InfluxDatabase, Transport } from "efflux"
import type { Settings } from "efflux/DatabaseConfig"
import { Connected, type Received } from "./Connected.ts"
import { ReferenceQueue, shedReasons, type Waiting } from "./ReferenceQueue.ts"
import { selfReport, type SomePoint, somePoint } from "./SomePoint.ts"

// Numbers of the points of one database, so that a point of another one is noticed.
const numbersPerDatabase = 1000

/** What is known of each pushed point. */
interface Known extends SomePoint, Waiting {
  readonly measurement: string | undefined
  readonly bytes: number
  place: "waiting" | "taken" | "gone"
  /** Fields that were given to the transport, and the timestamp that they had. */
  readonly attempted: Set<string>
  timestamp: bigint | undefined
}

export interface Run {
  /** Milliseconds since the start. */
  readonly now: () => number
  readonly fail: (message: string) => never
  /** `undefined` unless somebody reads along. */
  readonly trace: ((what: string) => void) | undefined
}

export class Watch {
  readonly settings: Settings
  readonly name: string
  readonly #run: Run
  readonly #random: SeededRandom
  readonly #queue: ReferenceQueue
  /** The share of points that are pushed with high priority. */
  readonly #highs: number
  readonly #firstNumber: number
  readonly #points: Array<Known> = []
  #database: InfluxDatabase.Database | undefined
  /** Set before the intake stops. */
  isClosing = false
  /** Set once everything has ended. */
  isClosed = false
  /** Whether the transport neither hangs nor throws, so that every point is sent or fails in time. */
  readonly isCalm: boolean
  stats: InfluxDatabase.Stats | undefined
  readonly #connections: Array<Connected> = []
  /** Refusals that the transport was told of, and those of which it is known that they came through. */
  refusals = 0
  knownRefusals = 0
  #late = 0 // points pushed after the closing
  readonly #shed = { queue_full: 0, queue_full_high: 0, queue_bytes: 0, quota: 0 }
  #taken = { sendable: 0, invalid: 0, oversize: 0 }
  #delivered = 0
  // Points of payloads that were rejected in part; whether one of them was delivered is not known.
  #maybeDelivered = 0
  #rejected = 0
  #mostFailed = 0
  #mostUnknown = 0
  #leastUnknown = 0
  readonly #flushes = new Set<{ readonly target: number; latest: number | undefined }>()
  // Outcomes that a later payload of the same connection has confirmed to be known to the sender.
  #tokens = Number.MAX_SAFE_INTEGER
  #paceAt = 0
  #confirmedSent = 0
  #confirmedFailed = 0

  constructor(run: Run, random: SeededRandom, settings: Settings, index: number, isCalm: boolean) {
    this.#run = run
    this.#random = random
    this.settings = settings
    this.name = settings.name
    this.#queue = new ReferenceQueue(settings)
    this.#firstNumber = index * numbersPerDatabase
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

  #add(point: SomePoint, isHigh: boolean): Known {
    const number = this.#firstNumber + this.#points.length
    const known: Known = { ...point, number, isHigh, place: "waiting", attempted: new Set(), timestamp: undefined }
    this.#points.push(known)
    return known
  }

  #addReport(): Known {
    const reasons = Object.keys(this.#database!.statsUnsafe().dropped)
    return this.#add(selfReport(this.settings.name, reasons), false)
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
    const number = this.#firstNumber + this.#points.length
    const known = this.#add(somePoint(this.#random, number, this.settings), this.#random.chance(this.#highs))
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

  /** Puts a point into the reference queue as well, and what must go for it out. */
  #enqueue(known: Known): void {
    const shed = this.#queue.push(known)
    this.trace(() => {
      const kind = `${known.measurement} ${known.fate}${known.isHigh ? " high" : ""}, ${known.bytes} bytes`
      return `push ${known.number} (${kind})${shed.map(({ number, reason }) => `, ${reason}: ${number}`)}`
    })
    for (const { number, reason } of shed) {
      this.#shed[reason]++
      this.#known(number).place = "gone"
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
      const flush = { target: this.#firstNumber + this.#points.length, latest: undefined }
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
    for (const point of this.#points) {
      // A sender that gives up what it holds does not say which points these are.
      if (point.number >= target || point.place === "gone" || (point.place === "taken" && !this.isCalm)) continue
      this.fail(`a flush ended, but point ${point.number} is not settled`)
    }
  }

  /** Everything that must hold at any moment; and, when nothing can run until time passes, that nothing waits in vain. */
  check(isIdle: boolean): void {
    if (this.#database === undefined) return
    const stats = this.#database.statsUnsafe()
    this.stats = stats
    const { settings } = this
    const { dropped } = stats
    this.#follow(stats)
    let total = 0
    for (const reason in dropped) total += dropped[reason as keyof typeof dropped]
    if (stats.pushed !== this.#points.length) {
      this.fail(`pushed is ${stats.pushed}, but ${this.#points.length} points were pushed`)
    }
    if (stats.pushed !== stats.sent + total + stats.queued + stats.inFlight || total !== stats.droppedTotal) {
      this.fail(`the law does not hold: ${JSON.stringify(stats)}`)
    }
    if (stats.queued > settings.queueCapacity) this.fail(`queued ${stats.queued}, capacity ${settings.queueCapacity}`)
    const held = settings.senders * (settings.batchSize + 1)
    if (stats.inFlight < 0 || stats.inFlight > held) this.fail(`in flight ${stats.inFlight}, the senders hold ${held}`)
    if (stats.sendersBusy < 0 || stats.sendersBusy > settings.senders) this.fail(`${stats.sendersBusy} senders busy`)
    if (stats.refusals > this.refusals) this.fail(`${stats.refusals} refusals, but there were ${this.refusals}`)
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
    if (dropped.send_error > this.#mostFailed) {
      this.fail(`${dropped.send_error} points failed, but only ${this.#mostFailed} can have`)
    }
    if (dropped.rejected > this.#rejected) {
      this.fail(`${dropped.rejected} points rejected, but only ${this.#rejected} can have been`)
    }
    // A send that is interrupted at its very end was delivered, but counts as shutdown: nobody can know.
    if (dropped.unknown > this.#mostUnknown) {
      this.fail(`${dropped.unknown} points are of unknown fate, but only ${this.#mostUnknown} can be`)
    }
    if (stats.sent + stats.inFlight + dropped.shutdown + dropped.unknown < this.#delivered) {
      this.fail(`${this.#delivered} points delivered, but only ${stats.sent} counted as sent`)
    }
    if (stats.sent > this.#delivered + this.#maybeDelivered) {
      this.fail(`${stats.sent} points sent, but ${this.#delivered} delivered`)
    }
    if (isIdle) this.#checkIdle(stats)
  }

  /** Time is about to pass: nothing may wait for it in vain. */
  #checkIdle(stats: InfluxDatabase.Stats): void {
    for (const flush of this.#flushes) {
      // By now it has started, and so it waits for no later points.
      const latest = flush.latest ??= this.#firstNumber + this.#points.length
      const isPending = (point: Known) => point.number < latest && point.place !== "gone"
      if (!this.#points.some(isPending)) this.fail(`all points before ${latest} are settled, but a flush does not end`)
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

  /** What must hold when the database has closed and nothing of it runs any more. */
  checkEnd(): void {
    if (this.openConnections !== 0) this.fail(`${this.openConnections} connections are open after closing`)
    if (this.#database === undefined) return
    this.check(false)
    const stats = this.stats!
    if (stats.queued !== 0 || stats.inFlight !== 0) this.fail(`points are left after closing: ${JSON.stringify(stats)}`)
    if (stats.sendersBusy !== 0) this.fail(`${stats.sendersBusy} senders are busy after closing`)
    if (stats.sent < this.#confirmedSent) this.fail(`${this.#confirmedSent} points sent, only ${stats.sent} counted`)
    if (stats.dropped.send_error < this.#confirmedFailed) {
      this.fail(`${this.#confirmedFailed} points failed, only ${stats.dropped.send_error} counted`)
    }
    if (stats.dropped.unknown < this.#leastUnknown) {
      this.fail(`${this.#leastUnknown} points are of unknown fate, only ${stats.dropped.unknown} counted`)
    }
    if (stats.refusals < this.knownRefusals) {
      this.fail(`${this.knownRefusals} refusals were told, but only ${stats.refusals} are counted`)
    }
    if (this.isCalm && stats.dropped.shutdown !== this.#late) {
      this.fail(`${stats.dropped.shutdown - this.#late} points dropped (shutdown), though there was time to send them`)
    }
    if (this.isCalm && this.#flushes.size > 0) this.fail("a flush did not end")
    this.#checkTimestamps()
  }

  /** A connection was opened; with `asks` the sender must ask it what became of a send that was interrupted. */
  connect(asks = false): Connected {
    const connected = new Connected(this, asks)
    this.#connections.push(connected)
    return connected
  }

  disconnect(connected: Connected): void {
    this.#connections.splice(this.#connections.indexOf(connected), 1)
  }

  get openConnections(): number {
    return this.#connections.length
  }

  /** A token bucket as documented, from which the payloads of senders that wake up late may come together. */
  #checkPace(bytes: number): void {
    const { pacing, senders } = this.settings
    if (pacing === "none") return
    const now = this.#run.now()
    const credit = (now - this.#paceAt) * pacing.packetsPerSecond / 1000
    this.#tokens = Math.min(pacing.burst, this.#tokens + credit) - Math.ceil(bytes / 1432)
    this.#paceAt = now
    // Waits are whole milliseconds in this world, never shorter.
    if (this.#tokens < -senders) this.fail(`payloads are sent faster than ${pacing.packetsPerSecond} a second`)
  }

  /** Checks a payload that the transport is given, and returns the numbers of the points that end in it. */
  receive(payload: Uint8Array, points: number | undefined, newest: number): Received {
    const { settings } = this
    if (payload.length > settings.maxPayloadBytes) this.fail(`a payload of ${payload.length} bytes`)
    this.#checkPace(payload.length)
    this.#follow(this.#database!.statsUnsafe())
    const numbers: Array<number> = []
    let last = newest
    let ends = true
    const text = decoder.decode(payload)
    for (const line of text.split("\n")) {
      const match = linePattern.exec(line) ?? this.fail(`a strange line: ${line}`)
      const number = Number(match[1])
      const point = this.#known(number)
      if (point.place === "waiting") this.fail(`point ${number} is sent, but was not to be taken yet`)
      if (point.place === "gone") this.fail(`point ${number} is sent, but is gone already`)
      if (point.fate !== "sendable") this.fail(`point ${number} is sent, but is ${point.fate}`)
      if (number < last) this.fail(`point ${number} is sent after ${last}`)
      last = number
      if (point.attempted.has(match[2])) this.fail(`${match[2]} of point ${number} is sent twice`)
      point.attempted.add(match[2])
      this.#noteTimestamp(point, match[3])
      // The last field of a point comes with its last line.
      ends = line.includes("z=true")
      if (ends) numbers.push(number)
    }
    if (points !== undefined && numbers.length !== points) {
      this.fail(`${numbers.length} points end in a payload, said to be ${points}`)
    }
    if (numbers.length > settings.batchSize) {
      this.fail(`${numbers.length} points in a payload, batchSize ${settings.batchSize}`)
    }
    return { numbers, newest: last, broken: ends ? undefined : last }
  }

  deliver(numbers: ReadonlyArray<number>): void {
    this.#delivered += numbers.length
    for (const number of numbers) this.#known(number).place = "gone"
  }

  lose(received: Received, atMost: number): void {
    const points = received.numbers.length + (received.broken === undefined ? 0 : 1)
    this.#mostFailed += points + atMost
    for (const number of received.numbers) this.#known(number).place = "gone"
    if (received.broken !== undefined) this.#known(received.broken).place = "gone"
  }

  /** Opening a connection ended with a defect: the sender gives up what it holds, a line and a split point at most. */
  loseHeld(): void {
    this.#mostFailed += 2
  }

  /** A socket was closed underneath: what is written to it from now on fails without coming here. */
  loseUnseen(): void {
    this.#mostFailed = Number.POSITIVE_INFINITY
  }

  reject(received: Received, rejected: number): void {
    const broken = received.broken === undefined ? 0 : 1
    this.#rejected += rejected + broken
    this.#maybeDelivered += received.numbers.length - rejected
    for (const number of received.numbers) this.#known(number).place = "gone"
    if (received.broken !== undefined) this.#known(received.broken).place = "gone"
  }

  /** The transport says of each point of a payload what became of it. */
  settle(received: Received, { error, rejected = 0, send_error = 0, sent, unknown = 0 }: Transport.Outcome): void {
    const { numbers } = received
    const unnamed = numbers.length - sent - rejected - send_error - unknown
    this.#delivered += sent
    this.#rejected += rejected
    this.#mostUnknown += unknown
    this.#mostFailed += send_error + unnamed
    for (const number of numbers) this.#known(number).place = "gone"
    // A split point of which a part is lost is lost, for the worst of the reasons.
    if (received.broken === undefined) return
    // Of a payload of nothing but a part no number tells, only the error.
    const isPart = numbers.length === 0
    if (isPart ? error === undefined : sent === numbers.length) return
    this.#known(received.broken).place = "gone"
    if (isPart || unknown > 0) this.#mostUnknown++
    else if (send_error > 0 || rejected === 0) this.#mostFailed++
    else this.#rejected++
  }

  /** The sender was interrupted in a send, and asked what became of its points: at once, so that this is exact. */
  interrupt({ broken }: Received, sent: number, unknown: number): void {
    const lost = unknown + (unknown > 0 && broken !== undefined ? 1 : 0)
    this.#delivered += sent
    this.#mostUnknown += lost
    this.#leastUnknown += lost
  }

  confirm(sent: number, failed: number): void {
    this.#confirmedSent += sent
    this.#confirmedFailed += failed
  }

  /** Puts into the reference queue what the database has reported since, and takes out what the senders have taken. */
  #follow(stats: InfluxDatabase.Stats): void {
    if (this.settings.selfReport !== undefined) {
      while (this.#points.length < stats.pushed) this.#enqueue(this.#addReport())
    }
    let points = this.#queue.waiting.length - stats.queued
    if (points === 0) return
    if (points < 0) this.fail(`${stats.queued} points are queued, but only ${points + stats.queued} can be`)
    if (this.isClosing && stats.queued === 0) {
      // The rest of these were not taken but discarded; how many shows in what the bad ones were counted as.
      while (points > 0 && !this.#explains(stats, points)) points--
    }
    for (const { number } of this.#queue.take(points)) {
      const point = this.#known(number)
      this.#taken[point.fate]++
      point.place = point.fate === "sendable" ? "taken" : "gone"
    }
    for (const { number } of this.#queue.take(this.#queue.waiting.length - stats.queued)) {
      this.#known(number).place = "gone"
    }
  }

  #explains(stats: InfluxDatabase.Stats, points: number): boolean {
    const taken = this.#queue.waiting.slice(0, points).map(({ number }) => this.#known(number).fate)
    const count = (fate: string) => taken.filter((other) => other === fate).length
    return stats.dropped.invalid === this.#taken.invalid + count("invalid") &&
      stats.dropped.oversize === this.#taken.oversize + count("oversize")
  }

  #known(number: number): Known {
    return this.#points[number - this.#firstNumber] ?? this.fail(`a point ${number} was never pushed here`)
  }

  #noteTimestamp(point: Known, text: string | undefined): void {
    if ((text === undefined) === (point.isStamped || point.input.timestamp !== undefined)) {
      this.fail(`point ${point.number} has the timestamp ${text}`)
    }
    if (text === undefined) return
    const timestamp = BigInt(text)
    if (point.timestamp !== undefined && point.timestamp !== timestamp) {
      this.fail(`the lines of point ${point.number} have the timestamps ${point.timestamp} and ${timestamp}`)
    }
    point.timestamp = timestamp
  }

  /** At `ns` and `us` the timestamps of a database strictly increase in the order of the pushes. */
  #checkTimestamps(): void {
    if (this.settings.precision !== "ns" && this.settings.precision !== "us") return
    let last = -1n
    for (const { isStamped, number, timestamp } of this.#points) {
      if (!isStamped || timestamp === undefined) continue
      if (timestamp <= last) this.fail(`point ${number} has the timestamp ${timestamp}, after ${last}`)
      last = timestamp
    }
  }
}

const decoder = new TextDecoder()

const linePattern = /^[mk],n=(\d+) ([a-z]+)=[^ ]*(?: (-?\d+))?$/
