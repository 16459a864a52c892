/** The mutants: each a fault that the library could have, and that a check must notice. */
import type { Mutant } from "./Mutant.ts"

export const mutants: ReadonlyArray<Mutant> = [
  {
    name: "drops the newest point instead of the oldest",
    check: "simulation",
    module: "Custody.ts",
    edits: [[
      "    Queue.offerUnsafe(queue, entry)\n",
      "    if (size < queue.capacity) Queue.offerUnsafe(queue, entry)\n"
    ]]
  },
  {
    name: "forgets to count what an interrupted sender holds",
    check: "simulation",
    module: "SenderPool.ts",
    edits: [[
      "    this.#custody.settleDropped(this.#packer.held, reason)\n",
      "    if (reason === \"shutdown\") this.#custody.ledger.inFlight -= this.#packer.held\n" +
      "    else this.#custody.settleDropped(this.#packer.held, reason)\n"
    ]]
  },
  {
    name: "counts batches, not points",
    check: "simulation",
    module: "Custody.ts",
    edits: [["    this.ledger.sent += points\n", "    this.ledger.sent++\n"]]
  },
  {
    name: "settles a payload twice",
    check: "simulation",
    module: "SenderPool.ts",
    edits: [[
      "    this.#custody.settleSent(this.#packer.points)\n",
      "    this.#custody.settleSent(this.#packer.points)\n    this.#custody.settleSent(this.#packer.points)\n"
    ]]
  },
  {
    name: "loses the queue at the close",
    check: "simulation",
    module: "Custody.ts",
    edits: [["    this.ledger.dropped.shutdown += this.size\n", ""]]
  },
  {
    name: "has a queue that holds one point more",
    check: "simulation",
    module: "Database.ts",
    edits: [["Queue.sliding<Entry>(settings.queueCapacity)", "Queue.sliding<Entry>(settings.queueCapacity + 1)"]]
  },
  {
    name: "has a queue that chooses what it sheds and holds one point more",
    check: "simulation",
    module: "SelectiveQueue.ts",
    edits: [["this.#capacity = limits.queueCapacity", "this.#capacity = limits.queueCapacity + 1"]]
  },
  {
    name: "swallows the error of a socket's callback",
    check: "simulation",
    module: "UdpTransport.ts",
    edits: [["if (!isRefusal(error)) return failed(error)", "if (!isRefusal(error)) return Effect.void"]]
  },
  {
    name: "skips one escape",
    check: "codec",
    module: "Escape.ts",
    edits: [["flagsOf[EQUALS] = ESCAPE_KEY | NOT_AFTER_BACKSLASH", "flagsOf[EQUALS] = NOT_AFTER_BACKSLASH"]]
  },
  {
    name: "skips the escape of a quote in a string",
    check: "codec",
    module: "Escape.ts",
    edits: [["flagsOf[QUOTE] = NOT_AFTER_BACKSLASH | ESCAPE_STRING", "flagsOf[QUOTE] = NOT_AFTER_BACKSLASH"]]
  },
  {
    name: "takes a point without booking it as in flight",
    check: "simulation",
    module: "Custody.ts",
    edits: [[
      "return nothing\n    this.ledger.inFlight++\n    return exit.value",
      "return nothing\n    return exit.value"
    ]]
  },
  {
    name: "leaks what is in flight at a defect",
    check: "simulation",
    module: "SenderPool.ts",
    edits: [["      this.#abandon(\"send_error\")\n", "      this.#setBusy(false)\n      this.#packer.reset()\n"]]
  },
  {
    name: "sends a failed payload again",
    check: "simulation",
    module: "SenderPool.ts",
    edits: [["      if (wasBusy) this.#packer.next()\n", "      if (wasBusy && points === 0) this.#packer.next()\n"]]
  },
  {
    name: "goes on with a split point of which a part is lost",
    check: "simulation",
    module: "SenderPool.ts",
    edits: [["const broken = wasBusy ? this.#packer.breakSplit() : 0", "const broken = 0"]]
  },
  {
    name: "counts points that the server took as rejected with the others",
    check: "simulation",
    module: "SenderPool.ts",
    edits: [["Math.min(reason.points ?? points, points)", "Math.min(points, points)"]]
  },
  {
    name: "forgets the points whose fate nobody knows",
    check: "simulation",
    module: "SenderPool.ts",
    edits: [["    custody.settleDropped(unknown, \"unknown\")\n", ""]]
  },
  {
    name: "does not ask what became of an interrupted send",
    check: "simulation",
    module: "SenderPool.ts",
    edits: [[
      "          if (connection.interrupted !== undefined) this.#settle(connection.interrupted(), payload.length)\n",
      ""
    ]]
  },
  {
    name: "trusts a transport that names more points than it was given",
    check: "simulation",
    module: "SenderPool.ts",
    edits: [[
      "const taken = Number.isInteger(points) ? Math.max(0, Math.min(points, left)) : 0",
      "const taken = points"
    ]]
  },
  {
    name: "says it is less full than it is",
    check: "simulation",
    module: "Pressure.ts",
    edits: [["queued / queueCapacity, queueBytes", "queued / (queueCapacity + 1), queueBytes"]]
  },
  {
    name: "waits for a close without end",
    check: "simulation",
    module: "Database.ts",
    edits: [[
      "Effect.timeoutOption(Effect.interruptible(custody.flush), settings.drainTimeout)",
      "Effect.interruptible(custody.flush)"
    ]]
  },
  {
    name: "takes points in after the close",
    check: "simulation",
    module: "Custody.ts",
    edits: [["    this.#closed = true\n", ""]]
  },
  {
    name: "does not drain at the close",
    check: "simulation",
    module: "Database.ts",
    edits: [[
      "      yield* Effect.timeoutOption(Effect.interruptible(custody.flush), settings.drainTimeout)\n",
      ""
    ]]
  },
  {
    name: "leaves its metrics behind when its start is interrupted",
    check: "simulation",
    module: "Database.ts",
    edits: [
      ["const metrics = yield* Effect.acquireRelease(", "const metrics = yield* acquireThenRelease("],
      [
        "const pointsPerTurn = 4096\n",
        "const pointsPerTurn = 4096\n" +
        "const acquireThenRelease = (acquire, release) =>\n" +
        "  Effect.tap(acquire, (acquired) => Effect.addFinalizer(() => release(acquired)))\n"
      ]
    ]
  },
  {
    name: "ends a flush before what is in flight is settled",
    check: "simulation",
    module: "Custody.ts",
    edits: [["    for (const holder of this.#holders) settled = Math.min(settled, holder.oldest)\n", ""]]
  },
  {
    name: "lets a flush wait for points that were shed",
    check: "simulation",
    module: "Custody.ts",
    edits: [[
      "    if (!this.shedding.isOpen() || this.#flushes.size > 0) this.#wake()",
      "    if (!this.shedding.isOpen()) this.#wake()"
    ]]
  },
  {
    name: "lets a flush wait for a point that was pushed later",
    check: "simulation",
    module: "Packer.ts",
    edits: [[
      "      const start = writer.position\n",
      "      this.#hold(number)\n      const start = writer.position\n"
    ]]
  },
  {
    name: "does not wake its senders for a full batch",
    check: "simulation",
    module: "Custody.ts",
    edits: [[
      "      this.#waking = false\n      if (this.ready) this.gate.openUnsafe()\n      else",
      "      this.#waking = false\n"
    ]]
  },
  {
    name: "drops points of high priority first",
    check: "simulation",
    module: "SelectiveQueue.ts",
    edits: [[
      "const lane = high ? this.#high : this.#normal\n    lane.append",
      "const lane = high ? this.#normal : this.#high\n    lane.append"
    ]]
  },
  {
    name: "sends points of high priority out of turn",
    check: "simulation",
    module: "SelectiveQueue.ts",
    edits: [["(high !== undefined && high.number < normal.number)", "high !== undefined"]]
  },
  {
    name: "does not apply the quota",
    check: "simulation",
    module: "SelectiveQueue.ts",
    edits: [["if (++share.points > this.#quota) this.#over.add(share)", "++share.points"]]
  },
  {
    name: "applies the quota one point too late",
    check: "simulation",
    module: "SelectiveQueue.ts",
    edits: [["if (++share.points > this.#quota)", "if (++share.points > this.#quota + 1)"]]
  },
  {
    name: "keeps a measurement over its quota that is not any more",
    check: "simulation",
    module: "SelectiveQueue.ts",
    edits: [[
      "if (--share.points <= this.#quota) this.#over.delete(share)",
      "if (--share.points < this.#quota) this.#over.delete(share)"
    ]]
  },
  {
    name: "ignores the limit in bytes",
    check: "simulation",
    module: "SelectiveQueue.ts",
    edits: [[
      "this.#maxBytes = limits.queueBytes ?? Number.POSITIVE_INFINITY",
      "this.#maxBytes = Number.MAX_SAFE_INTEGER"
    ]]
  },
  {
    name: "forgets the bytes of a point that leaves the queue",
    check: "simulation",
    module: "SelectiveQueue.ts",
    edits: [["    this.bytes -= ticket.bytes\n", ""]]
  },
  {
    name: "gives two points one timestamp when the clock stands still",
    check: "simulation",
    module: "Stamper.ts",
    edits: [["++this.#sub === this.#unitsPerMilli", "this.#sub === this.#unitsPerMilli"]]
  },
  {
    name: "follows a clock that steps back",
    check: "simulation",
    module: "Stamper.ts",
    edits: [["now > this.#millis && now < maxMillis", "now !== this.#millis && now < maxMillis"]]
  },
  {
    name: "measures pauses by the wall clock",
    check: "simulation",
    module: "SenderPool.ts",
    edits: [["Number(this.#clock.monotonicTimeNanosUnsafe()) / 1e6", "this.#clock.currentTimeMillisUnsafe()"]]
  },
  {
    name: "sends without a pace",
    check: "simulation",
    module: "Pacer.ts",
    edits: [["return Math.max(0, this.#fullAt - this.#burstMillis - now)", "return 0"]]
  },
  {
    name: "writes a payload one byte too long",
    check: "simulation",
    module: "Packer.ts",
    edits: [["writer.position - 1 > this.#maxPayloadBytes", "writer.position - 2 > this.#maxPayloadBytes"]]
  },
  {
    name: "looks a name up twice at a time",
    check: "simulation",
    module: "UdpTransport.ts",
    edits: [[
      "    yield* Effect.forkScoped(lookUpForever(settings, target, events.onFailure))\n",
      "    yield* Effect.forkScoped(lookUpForever(settings, target, events.onFailure))\n" +
      "    yield* Effect.forkScoped(lookUpForever(settings, target, events.onFailure))\n"
    ]]
  },
  {
    name: "looks a name up without a pause",
    check: "simulation",
    module: "UdpTransport.ts",
    edits: [["const pause = Math.min(firstRetry, settings.resolveInterval)", "const pause = 1"]]
  },
  {
    name: "looks an address up",
    check: "simulation",
    module: "UdpTransport.ts",
    edits: [["if (literal === undefined) {", "if (true) {"]]
  },
  {
    name: "keeps a connection whose address is old",
    check: "simulation",
    module: "UdpTransport.ts",
    edits: [["isStale: () => target.generation !== generation", "isStale: () => false"]]
  },
  {
    name: "drops a refused datagram without a second try",
    check: "simulation",
    module: "UdpTransport.ts",
    edits: [[
      "        refused()\n        return Effect.catch(write, failed)",
      "        refused()\n        return failed(error)"
    ]]
  },
  {
    name: "does not count a refusal",
    check: "simulation",
    module: "UdpTransport.ts",
    edits: [[
      "        refused()\n        return Effect.catch(write, failed)",
      "        return Effect.catch(write, failed)"
    ]]
  }
]

/** The mutant of a name. */
export const mutantNamed = (name: string): Mutant => {
  const mutant = mutants.find((mutant) => mutant.name === name)
  if (mutant === undefined) throw new Error(`no mutant has the name "${name}"`)
  return mutant
}
