/** The mutants: each is a mistake that the library could have, and that a check must notice. */
import type { CheckName } from "./Check.ts"
import type { Edit, Mutant } from "./Mutant.ts"

const mutant = (name: string, check: CheckName, module: string, ...edits: ReadonlyArray<Edit>): Mutant => ({
  name,
  check,
  module,
  edits
})

const at = (place: string | undefined, find: string, put: string): Edit => ({ in: place, find, put })

// What stands in the place of a statement that is left out.
const nothing = "void 0"

export const mutants: ReadonlyArray<Mutant> = [
  mutant(
    "drops the newest point instead of the oldest",
    "simulation",
    "PointQueue.ts",
    at("SlidingQueue.offer", "Queue.offerUnsafe(queue, point)", "isFull || $&")
  ),
  mutant(
    "forgets to count what an interrupted sender holds",
    "simulation",
    "SenderPool.ts",
    at(
      "Sender.#abandon",
      "this.#buffer.settleDropped($held, reason)",
      "reason === \"shutdown\" ? this.#buffer.ledger.inFlight -= $held : $&"
    )
  ),
  mutant(
    "counts batches, not points",
    "simulation",
    "PointBuffer.ts",
    at("PointBuffer.settleSent", "this.ledger.sent += points", "this.ledger.sent++")
  ),
  mutant(
    "settles a payload twice",
    "simulation",
    "SenderPool.ts",
    at("Sender.#sent", "this.#buffer.settleSent($points)", "($&, $&)")
  ),
  mutant(
    "loses the queue at the close",
    "simulation",
    "PointBuffer.ts",
    at("PointBuffer.discard", "this.ledger.dropped.shutdown += this.size", nothing)
  ),
  mutant(
    "has a queue that holds one point more",
    "simulation",
    "Database.ts",
    at("make", "Queue.sliding($capacity)", "Queue.sliding($capacity + 1)")
  ),
  mutant(
    "has a queue that chooses what it sheds and holds one point more",
    "simulation",
    "SelectiveQueue.ts",
    at(undefined, "this.#capacity = limits.queueCapacity", "$& + 1")
  ),
  mutant(
    "swallows the error of a socket's callback",
    "simulation",
    "UdpTransport.ts",
    at(undefined, "if (!isRefusal(error)) return failed(error)", "if (!isRefusal(error)) return Effect.void")
  ),
  mutant(
    "skips one escape",
    "codec",
    "Escape.ts",
    at(undefined, "flagsOf[EQUALS] = $flags", "flagsOf[EQUALS] = ($flags) & ~ESCAPE_KEY")
  ),
  mutant(
    "skips the escape of a quote in a string",
    "codec",
    "Escape.ts",
    at(undefined, "flagsOf[QUOTE] = $flags", "flagsOf[QUOTE] = ($flags) & ~ESCAPE_STRING")
  ),
  mutant(
    "takes a point without booking it as in flight",
    "simulation",
    "PointBuffer.ts",
    at("PointBuffer.take", "this.ledger.inFlight++", nothing)
  ),
  mutant(
    "leaks what is in flight at a defect",
    "simulation",
    "SenderPool.ts",
    at("Sender.#failed", "this.#abandon(\"send_error\")", "(this.#setBusy(false), this.#packer.reset())")
  ),
  mutant(
    "sends a failed payload again",
    "simulation",
    "SenderPool.ts",
    at("Sender.#next", "this.#packer.next()", "isClean && $&")
  ),
  mutant(
    "goes on with a split point of which a part is lost",
    "simulation",
    "SenderPool.ts",
    at("Sender.#settle", "$lost ? packer.breakSplit() : 0", "0")
  ),
  mutant(
    "counts points that the server took as rejected with the others",
    "simulation",
    "SenderPool.ts",
    at("Sender.#failed", "Math.min($named, points)", "points")
  ),
  mutant(
    "forgets the points whose fate nobody knows",
    "simulation",
    "SenderPool.ts",
    at("Sender.#settle", "buffer.settleDropped(points, reason)", "reason === \"unknown\" ? 0 : $&")
  ),
  mutant(
    "does not ask what became of an interrupted send",
    "simulation",
    "SenderPool.ts",
    at("Sender.#connected", "if (isStarted && connection.interrupted !== undefined) $ask", nothing)
  ),
  mutant(
    "asks what became of a send that it has not begun",
    "simulation",
    "SenderPool.ts",
    at("Sender.#connected", "isStarted && $asks", "$asks")
  ),
  mutant(
    "takes what is known of an interrupted send for shutdown",
    "simulation",
    "SenderPool.ts",
    at("Sender.#connected", "connection.interrupted()", "{ ...connection.interrupted(), sent: 0 }")
  ),
  mutant(
    "trusts a transport that names more points than it was given",
    "simulation",
    "SenderPool.ts",
    at("Sender.#settle", "Math.min(points, left)", "points")
  ),
  mutant(
    "says it is less full than it is",
    "simulation",
    "Pressure.ts",
    at("PressureMeter.look", "queued / queueCapacity", "queued / (queueCapacity + 1)")
  ),
  mutant(
    "waits for a close without end",
    "simulation",
    "Database.ts",
    at("make", "Effect.timeoutOption($flush, settings.drainTimeout)", "$flush")
  ),
  mutant(
    "takes points in after the close",
    "simulation",
    "PointBuffer.ts",
    at("PointBuffer.close", "this.#isClosed = true", nothing)
  ),
  mutant(
    "does not drain at the close",
    "simulation",
    "Database.ts",
    at("make", "Effect.timeoutOption($flush, settings.drainTimeout)", "Effect.void")
  ),
  mutant(
    "leaves its metrics behind when its start is interrupted",
    "simulation",
    "Database.ts",
    at(
      "make",
      "Effect.acquireRelease(Effect.sync($register), $release)",
      "Effect.tap(Effect.sync($register), (acquired) => Effect.addFinalizer(() => ($release)(acquired)))"
    )
  ),
  mutant(
    "ends a flush before what is in flight is settled",
    "simulation",
    "PointBuffer.ts",
    at("PointBuffer.checkFlushes", "Math.min(settled, holder.oldest)", "settled")
  ),
  mutant(
    "lets a flush wait for points that were shed",
    "simulation",
    "PointBuffer.ts",
    at("PointBuffer.#wakeAfterOffer", "!this.isShedding || $flushes", "!this.isShedding")
  ),
  mutant(
    "lets a flush wait for a point that was pushed later",
    "simulation",
    "Packer.ts",
    at("Packer.fill", "buffer.oldest", "(this.#hold($&), $&)")
  ),
  mutant(
    "does not wake its senders for a full batch",
    "simulation",
    "PointBuffer.ts",
    at("PointBuffer.#wake", "if (this.ready) this.gate.openUnsafe()", nothing)
  ),
  mutant(
    "drops points of high priority first",
    "simulation",
    "SelectiveQueue.ts",
    at("SelectiveQueue.offer", "high ? this.#high : this.#normal", "high ? this.#normal : this.#high")
  ),
  mutant(
    "sends points of high priority out of turn",
    "simulation",
    "SelectiveQueue.ts",
    at("SelectiveQueue.#first", "high.number < normal.number", "true")
  ),
  mutant(
    "does not apply the quota",
    "simulation",
    "SelectiveQueue.ts",
    at("SelectiveQueue.#enter", "this.#over.add(group)", nothing)
  ),
  mutant(
    "applies the quota one point too late",
    "simulation",
    "SelectiveQueue.ts",
    at("SelectiveQueue.#enter", "++group.points > this.#quota", "$& + 1")
  ),
  mutant(
    "keeps a measurement over its quota that is not any more",
    "simulation",
    "SelectiveQueue.ts",
    at("SelectiveQueue.#leave", "--group.points <= this.#quota", "--group.points < this.#quota")
  ),
  mutant(
    "ignores the limit in bytes",
    "simulation",
    "SelectiveQueue.ts",
    at(undefined, "this.#maxBytes = $limit", "this.#maxBytes = Number.MAX_SAFE_INTEGER")
  ),
  mutant(
    "forgets the bytes of a point that leaves the queue",
    "simulation",
    "SelectiveQueue.ts",
    at("SelectiveQueue.#remove", "this.bytes -= node.bytes", nothing)
  ),
  mutant(
    "counts one byte for each character of a text",
    "simulation",
    "PointSize.ts",
    at("textBytes", "beyondLatin1.test(value) ? 3 : longer.test(value) ? 2 : 1", "1")
  ),
  mutant(
    "gives two points one timestamp when the clock stands still",
    "simulation",
    "AutoTimestamps.ts",
    at("AutoTimestamps.#countOn", "++this.#sub === this.#unitsPerMilli", "this.#sub === this.#unitsPerMilli")
  ),
  mutant(
    "follows a clock that steps back a little",
    "simulation",
    "AutoTimestamps.ts",
    at("AutoTimestamps.give", "now >= this.#seen - longestWait", "now >= this.#seen")
  ),
  mutant(
    "gives a timestamp again that it gave before the clock stepped back",
    "simulation",
    "AutoTimestamps.ts",
    at("AutoTimestamps.#stepBack", "this.#first = $next", nothing)
  ),
  mutant(
    "measures pauses by the wall clock",
    "simulation",
    "monotonic.ts",
    at(undefined, "Number(clock.monotonicTimeNanosUnsafe()) / 1e6", "clock.currentTimeMillisUnsafe()")
  ),
  mutant(
    "sends without a pace",
    "simulation",
    "Pacer.ts",
    at("Pacer.reserve", "Math.max(0, $wait)", "0")
  ),
  mutant(
    "writes a payload one byte too long",
    "simulation",
    "Packer.ts",
    at("Packer.fill", "writer.position - 1 > this.#maxPayloadBytes", "writer.position - 2 > this.#maxPayloadBytes")
  ),
  mutant(
    "looks a name up twice at a time",
    "simulation",
    "UdpTransport.ts",
    at("makeDns", "Effect.forkScoped($lookUp)", "Effect.andThen($&, $&)")
  ),
  mutant(
    "looks a name up without a pause",
    "simulation",
    "UdpTransport.ts",
    at("lookUpForever", "const pause = Math.min(firstRetry, settings.resolveInterval)", "const pause = 1")
  ),
  mutant(
    "looks an address up",
    "simulation",
    "UdpTransport.ts",
    at("makeDns", "isIp(settings.host)", "false")
  ),
  mutant(
    "keeps a connection whose address is old",
    "simulation",
    "UdpTransport.ts",
    at(undefined, "target.generation !== generation", "false")
  ),
  mutant(
    "drops a refused datagram without a second try",
    "simulation",
    "UdpTransport.ts",
    at("connect", "return Effect.catch(write, failed)", "return failed(error)")
  ),
  mutant(
    "does not count a refusal",
    "simulation",
    "UdpTransport.ts",
    at("connect.send", "refused()", nothing)
  ),
  mutant(
    "calls a datagram shutdown that the operating system may have sent",
    "simulation",
    "UdpTransport.ts",
    at("connect", "({ sent: 0, unknown: sending })", "{ sent: 0 }")
  )
]

/** The mutant of a name. */
export const mutantNamed = (name: string): Mutant => {
  const mutant = mutants.find((mutant) => mutant.name === name)
  if (mutant === undefined) throw new Error(`no mutant has the name "${name}"`)
  return mutant
}
