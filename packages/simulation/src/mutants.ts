/** The mutants: each is a mistake that the library could have, and that a check must notice. */
import type { CheckName } from "./Check.ts"
import type { Edit, Mutant } from "./Mutant.ts"

/** The mutants that a check must notice: by module, what the faulty library does. */
const noticed = (
  check: CheckName,
  modules: { readonly [module: string]: { readonly [name: string]: Edit } }
): ReadonlyArray<Mutant> =>
  Object.entries(modules).flatMap(([module, faults]) =>
    Object.entries(faults).map(([name, edit]) => ({ name, check, module, edits: [edit] }))
  )

const at = (place: string | undefined, find: string, put: string): Edit => ({ in: place, find, put })

// What stands in the place of a statement that is left out.
const nothing = "void 0"

export const mutants: ReadonlyArray<Mutant> = [
  ...noticed("simulation", {
    "PointQueue.ts": {
      "drops the newest point instead of the oldest": at(
        "SlidingQueue.offer",
        "Queue.offerUnsafe(queue, point)",
        "isFull || $&"
      )
    },
    "SenderPool.ts": {
      "forgets to count what an interrupted sender holds": at(
        "Sender.#abandon",
        "this.#buffer.settleDropped($held, reason)",
        "reason === \"shutdown\" ? this.#buffer.ledger.inFlight -= $held : $&"
      ),
      "settles a payload twice": at("Sender.#sent", "this.#buffer.settleSent($points)", "($&, $&)"),
      "leaks what is in flight at a defect": at(
        "Sender.#failed",
        "this.#abandon(\"send_error\")",
        "(this.#setBusy(false), this.#packer.reset())"
      ),
      "sends a failed payload again": at("Sender.#next", "this.#packer.next()", "isClean && $&"),
      "goes on with a split point of which a part is lost": at(
        "Sender.#settle",
        "$lost ? packer.breakSplit() : 0",
        "0"
      ),
      "counts points that the server took as rejected with the others": at(
        "Sender.#failed",
        "Math.min($named, points)",
        "points"
      ),
      "forgets the points whose fate nobody knows": at(
        "Sender.#settle",
        "buffer.settleDropped(points, reason)",
        "reason === \"unknown\" ? 0 : $&"
      ),
      "does not ask what became of an interrupted send": at(
        "Sender.#connected",
        "if (isStarted && connection.interrupted !== undefined) $ask",
        nothing
      ),
      "asks what became of a send that it has not begun": at("Sender.#connected", "isStarted && $asks", "$asks"),
      "takes what is known of an interrupted send for shutdown": at(
        "Sender.#connected",
        "connection.interrupted()",
        "{ ...connection.interrupted(), sent: 0 }"
      ),
      "trusts a transport that names more points than it was given": at(
        "Sender.#settle",
        "Math.min(points, left)",
        "points"
      )
    },
    "PointBuffer.ts": {
      "counts batches, not points": at("PointBuffer.settleSent", "this.ledger.sent += points", "this.ledger.sent++"),
      "loses the queue at the close": at("PointBuffer.discard", "this.ledger.dropped.shutdown += this.size", nothing),
      "takes a point without booking it as in flight": at("PointBuffer.take", "this.ledger.inFlight++", nothing),
      "takes points in after the close": at("PointBuffer.close", "this.#isClosed = true", nothing),
      "ends a flush before what is in flight is settled": at(
        "PointBuffer.checkFlushes",
        "Math.min(settled, holder.oldest)",
        "settled"
      ),
      "lets a flush wait for points that were shed": at(
        "PointBuffer.#wakeAfterOffer",
        "!this.isShedding || $flushes",
        "!this.isShedding"
      ),
      "does not wake its senders for a full batch": at(
        "PointBuffer.#wake",
        "if (this.ready) this.gate.openUnsafe()",
        nothing
      )
    },
    "Database.ts": {
      "has a queue that holds one point more": at("make", "Queue.sliding($capacity)", "Queue.sliding($capacity + 1)"),
      "waits for a close without end": at("make", "Effect.timeoutOption($flush, settings.drainTimeout)", "$flush"),
      "does not drain at the close": at("make", "Effect.timeoutOption($flush, settings.drainTimeout)", "Effect.void"),
      "leaves its metrics behind when its start is interrupted": at(
        "make",
        "Effect.acquireRelease(Effect.sync($register), $release)",
        "Effect.tap(Effect.sync($register), (acquired) => Effect.addFinalizer(() => ($release)(acquired)))"
      )
    },
    "SelectiveQueue.ts": {
      "has a queue that chooses what it sheds and holds one point more": at(
        undefined,
        "this.#capacity = limits.queueCapacity",
        "$& + 1"
      ),
      "drops points of high priority first": at(
        "SelectiveQueue.offer",
        "high ? this.#high : this.#normal",
        "high ? this.#normal : this.#high"
      ),
      "sends points of high priority out of turn": at("SelectiveQueue.#first", "high.number < normal.number", "true"),
      "does not apply the quota": at("SelectiveQueue.#enter", "this.#over.add(group)", nothing),
      "applies the quota one point too late": at("SelectiveQueue.#enter", "++group.points > this.#quota", "$& + 1"),
      "keeps a measurement over its quota that is not any more": at(
        "SelectiveQueue.#leave",
        "--group.points <= this.#quota",
        "--group.points < this.#quota"
      ),
      "ignores the limit in bytes": at(
        undefined,
        "this.#maxBytes = $limit",
        "this.#maxBytes = Number.MAX_SAFE_INTEGER"
      ),
      "forgets the bytes of a point that leaves the queue": at(
        "SelectiveQueue.#remove",
        "this.bytes -= node.bytes",
        nothing
      )
    },
    "UdpTransport.ts": {
      "swallows the error of a socket's callback": at(
        undefined,
        "if (!isRefusal(error)) return failed(error)",
        "if (!isRefusal(error)) return Effect.void"
      ),
      "looks a name up twice at a time": at("makeDns", "Effect.forkScoped($lookUp)", "Effect.andThen($&, $&)"),
      "looks a name up without a pause": at(
        "lookUpForever",
        "const pause = Math.min(firstRetry, settings.resolveInterval)",
        "const pause = 1"
      ),
      "looks an address up": at("makeDns", "isIp(settings.host)", "false"),
      "keeps a connection whose address is old": at(undefined, "server.generation !== generation", "false"),
      "drops a refused datagram without a second try": at(
        "connect",
        "return Effect.catch(write, failed)",
        "return failed(error)"
      ),
      "does not count a refusal": at("connect.send", "refused()", nothing),
      "calls a datagram shutdown that the operating system may have sent": at(
        "connect",
        "({ sent: 0, unknown: sending })",
        "{ sent: 0 }"
      )
    },
    "Pressure.ts": {
      "says it is less full than it is": at(
        "PressureMeter.look",
        "queued / queueCapacity",
        "queued / (queueCapacity + 1)"
      )
    },
    "Packer.ts": {
      "lets a flush wait for a point that was pushed later": at("Packer.fill", "buffer.oldest", "(this.#hold($&), $&)"),
      "writes a payload one byte too long": at(
        "Packer.fill",
        "writer.position - 1 > maxPayloadBytes",
        "writer.position - 2 > maxPayloadBytes"
      )
    },
    "PointSize.ts": {
      "counts one byte for each character of a text": at(
        "textBytes",
        "beyondLatin1.test(value) ? 3 : longer.test(value) ? 2 : 1",
        "1"
      )
    },
    "AutoTimestamps.ts": {
      "gives two points one timestamp when the clock stands still": at(
        "AutoTimestamps.#countOn",
        "++this.#sub === this.#unitsPerMilli",
        "this.#sub === this.#unitsPerMilli"
      ),
      "follows a clock that steps back a little": at(
        "AutoTimestamps.give",
        "now >= this.#seen - maxStepBackMillis",
        "now >= this.#seen"
      ),
      "gives a timestamp again that it gave before the clock stepped back": at(
        "AutoTimestamps.#stepBack",
        "this.#first = $next",
        nothing
      )
    },
    "monotonic.ts": {
      "measures pauses by the wall clock": at(
        undefined,
        "Number(clock.monotonicTimeNanosUnsafe()) / 1e6",
        "clock.currentTimeMillisUnsafe()"
      )
    },
    "Pacer.ts": {
      "sends without a pace": at("Pacer.reserve", "Math.max(0, $wait)", "0")
    }
  }),
  ...noticed("codec", {
    "Escape.ts": {
      "skips one escape": at(undefined, "flagsOf[EQUALS] = $flags", "flagsOf[EQUALS] = ($flags) & ~ESCAPE_KEY"),
      "skips the escape of a quote in a string": at(
        undefined,
        "flagsOf[QUOTE] = $flags",
        "flagsOf[QUOTE] = ($flags) & ~ESCAPE_STRING"
      )
    }
  })
]

/** The mutant of a name. */
export const mutantNamed = (name: string): Mutant => {
  const mutant = mutants.find((mutant) => mutant.name === name)
  if (mutant === undefined) throw new Error(`no mutant has the name "${name}"`)
  return mutant
}
