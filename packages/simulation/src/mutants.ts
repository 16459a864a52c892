/** The mutants: mistakes that the library could contain, and that a check must notice. */
import type { CheckName } from "./Check.ts"
import type { Mutant } from "./Mutant.ts"

/**
 * By check and module: what the faulty library does, where to search (`-` is the whole module), what to find, and the
 * replacement (`-` removes the statement); see `Mutant.ts`.
 */
const table = String.raw`
simulation PointQueue.ts
  drops the newest point instead of the oldest | SlidingQueue.offer | Queue.offerUnsafe(queue, point) | isFull || $&
simulation SenderPool.ts
  forgets to count what an interrupted sender holds | Sender.#abandon | this.#buffer.settleDropped($holder, $held, reason) | reason === "shutdown" ? this.#buffer.ledger.inFlight -= $held : $&
  settles a payload twice | Sender.#settle | buffer.settleSent(holder, $points) | ($&, $&)
  leaks what is in flight at a defect | Sender.run | this.#abandon(this.#isClosedBy(used) ? $closed : $otherwise) | (this.#setBusy(false), this.#packer.reset())
  sends a failed payload again | Sender.#useConnection | packer.next() | fate.isClean && $&
  goes on with a split point of which a part is lost | Sender.#settle | $lost ? this.#packer.breakSplit() : 0 | 0
  forgets the points whose fate nobody knows | Sender.#settle | buffer.settleDropped(holder, $points, reason) | reason === "unknown" ? 0 : $&
  does not ask what became of an interrupted send | Sender.run | this.#askWhatWasSent() | void 0
  asks what became of a send that it has not begun | Sender.#useConnection | const payload = $payload | const payload = (this.#sending = connection, $payload)
  takes what is known of an interrupted send for shutdown | Sender.#askWhatWasSent | connection.interrupted() | { ...connection.interrupted(), sent: 0 }
  takes a transport that interrupts itself for a close | Sender.#isClosedBy | this.#isClosing && $interrupts | $interrupts
simulation SendOutcome.ts
  counts points that the server took as rejected with the others | ofError | Math.min($named, points) | points
  trusts a transport that names more points than it was given | ofOutcome.take | Math.min($named, left) | $named
simulation PointBuffer.ts
  counts batches, not points | PointBuffer.settleSent | this.ledger.sent += points | this.ledger.sent++
  loses the queue at the close | PointBuffer.discard | this.ledger.dropped.shutdown += this.size | -
  takes a point without booking it as in flight | PointBuffer.take | this.ledger.inFlight++ | -
  takes points in after the close | PointBuffer.close | this.#acceptedAtClose = this.#accepted | -
  ends a flush before what is in flight is settled | PointBuffer.checkFlushes | Math.min(settled, holder.oldest) | settled
  lets a flush wait for points that were shed | PointBuffer.#wakeAfterOffer | !this.shedding.isOpen() || $flushes | !this.shedding.isOpen()
  does not wake its senders for a full batch | PointBuffer.#wake | if (this.ready) this.gate.openUnsafe() | -
simulation Database.ts
  has a queue that holds one point more | make | Queue.sliding<$point>($capacity) | Queue.sliding($capacity + 1)
  waits for a close without end | make | Effect.timeoutOption($flush, settings.drainTimeout) | $flush
  does not drain at the close | make | Effect.timeoutOption($flush, settings.drainTimeout) | Effect.void
  leaves its metrics behind when its start is interrupted | make | Effect.acquireRelease(Effect.sync($register), $release) | Effect.tap(Effect.sync($register), (acquired) => Effect.addFinalizer(() => ($release)(acquired)))
simulation SelectiveQueue.ts
  has a queue that chooses what it sheds and holds one point more | - | this.#capacity = limits.queueCapacity | $& + 1
  drops points of high priority first | SelectiveQueue.offer | high ? this.#high : this.#normal | high ? this.#normal : this.#high
  sends points of high priority out of turn | SelectiveQueue.#first | high.number < normal.number | true
  does not apply the quota | SelectiveQueue.#enter | this.#over.add(group) | -
  applies the quota one point too late | SelectiveQueue.#enter | ++group.points > this.#quota | $& + 1
  keeps a measurement over its quota that is not any more | SelectiveQueue.#leave | --group.points <= this.#quota | --group.points < this.#quota
  ignores the limit in bytes | - | this.#maxBytes = $limit | this.#maxBytes = Number.MAX_SAFE_INTEGER
  forgets the bytes of a point that leaves the queue | SelectiveQueue.#remove | this.bytes -= node.bytes | -
simulation UdpTransport.ts
  swallows the error of a socket's callback | - | if (!isRefusal(error)) return failed(error) | if (!isRefusal(error)) return Effect.void
  looks a name up twice at a time | makeDns | Effect.forkScoped($lookUp) | Effect.andThen($&, $&)
  looks a name up without a pause | lookUpForever | const pause = Math.min(firstRetry, settings.resolveInterval) | const pause = 1
  looks an address up | makeDns | isIp(settings.host) | false
  keeps a connection whose address is old | - | server.generation !== generation | false
  drops a refused datagram without a second try | connect | return Effect.catch(write, failed) | return failed(error)
  does not count a refusal | connect.send | refused() | -
  calls a datagram shutdown that the operating system may have sent | connect | ({ sent: 0, unknown: sending }) | { sent: 0 }
simulation Pressure.ts
  says it is less full than it is | PressureMeter.look | queued / queueCapacity | queued / (queueCapacity + 1)
simulation Packer.ts
  lets a flush wait for a point that was pushed later | Packer.fill | buffer.oldest | (this.#hold($&), $&)
  writes a payload one byte too long | Packer.fill | writer.position - 1 > maxPayloadBytes | writer.position - 2 > maxPayloadBytes
simulation PointSize.ts
  counts one byte for each character of a text | textBytes | beyondLatin1.test(value) ? 3 : longer.test(value) ? 2 : 1 | 1
simulation AutoTimestamps.ts
  gives two points one timestamp when the clock stands still | AutoTimestamps.#countOn | ++this.#sub === this.#unitsPerMilli | this.#sub === this.#unitsPerMilli
  follows a clock that steps back a little | AutoTimestamps.give | now >= this.#seen - maxStepBackMillis | now >= this.#seen
  gives a timestamp again that it gave before the clock stepped back | AutoTimestamps.#stepBack | this.#first = $next | -
simulation monotonic.ts
  measures pauses by the wall clock | - | Number(clock.monotonicTimeNanosUnsafe()) / 1e6 | clock.currentTimeMillisUnsafe()
simulation Pacer.ts
  sends without a pace | Pacer.reserve | Math.max(0, $wait) | 0
codec Escape.ts
  skips one escape | - | flagsOf[EQUALS] = $flags | flagsOf[EQUALS] = ($flags) & ~ESCAPE_KEY
  skips the escape of a quote in a string | - | flagsOf[QUOTE] = $flags | flagsOf[QUOTE] = ($flags) & ~ESCAPE_STRING
`

export const mutants: ReadonlyArray<Mutant> = table.trim().split(/\n(?! )/).flatMap((section) => {
  const [head, ...rows] = section.split("\n")
  const [check, module] = head.split(" ")
  return rows.map((row): Mutant => {
    const [name, place, find, put] = row.trim().split(" | ")
    if (put === undefined) throw new Error(`not a row of four cells: ${row}`)
    const edit = { in: place === "-" ? undefined : place, find, put: put === "-" ? "void 0" : put }
    return { name, check: check as CheckName, module, edit }
  })
})

/** The mutant with a name. */
export const mutantNamed = (name: string): Mutant => {
  const mutant = mutants.find((mutant) => mutant.name === name)
  if (mutant === undefined) throw new Error(`no mutant has the name "${name}"`)
  return mutant
}
