/**
 * The checkers are checked: each of these faults, put into the database on
 * purpose, must make the simulation fail within a few hundred seeds.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Queue from "effect/Queue"
import { Custody } from "../src/Custody.ts"
import type { DropReason } from "../src/Ledger.ts"
import { Packer } from "../src/Packer.ts"
import { simulate, Violation } from "./simulation/simulate.ts"

const original = {
  offer: Custody.prototype.offer,
  settleSent: Custody.prototype.settleSent,
  settleDropped: Custody.prototype.settleDropped,
  discard: Custody.prototype.discard,
  next: Packer.prototype.next
}

const faults: Record<string, Partial<typeof original>> = {
  "drops the newest point instead of the oldest": {
    offer(entry) {
      if (!Queue.isFullUnsafe(this.queue)) return original.offer.call(this, entry)
      this.ledger.pushed++
      this.ledger.dropped.queue_full++
    }
  },
  "forgets what an interrupted sender holds": {
    settleDropped(points: number, reason: DropReason) {
      if (reason !== "shutdown") original.settleDropped.call(this, points, reason)
    }
  },
  "counts payloads instead of points": {
    settleSent(points: number) {
      this.ledger.inFlight -= points
      this.ledger.sent += 1
    }
  },
  "settles a payload twice": {
    settleSent(points: number) {
      original.settleSent.call(this, points)
      original.settleSent.call(this, points)
    }
  },
  "loses the queue at the close": {
    discard() {
      const { shutdown } = this.ledger.dropped
      original.discard.call(this)
      this.ledger.dropped.shutdown = shutdown
    }
  },
  "swallows an error of the transport": {
    settleDropped(points: number, reason: DropReason) {
      if (reason === "send_error") original.settleSent.call(this, points)
      else original.settleDropped.call(this, points, reason)
    }
  },
  "sends a payload again": {
    next() {
      const { points } = this
      original.next.call(this)
      this.points += points
    }
  }
}

const seeds = 500

const firstViolation = (run: (seed: number) => unknown): Violation | undefined => {
  for (let seed = 1; seed <= seeds; seed++) {
    try {
      run(seed)
    } catch (error) {
      if (error instanceof Violation) return error
      throw error
    }
  }
  return undefined
}

describe("mutants", () => {
  it.each(Object.entries(faults))("is noticed: a database that %s", (_name, fault) => {
    Object.assign(Custody.prototype, fault)
    if (fault.next !== undefined) Packer.prototype.next = fault.next
    try {
      assert.instanceOf(firstViolation(simulate), Violation)
    } finally {
      const { next, ...custody } = original
      Object.assign(Custody.prototype, custody)
      Packer.prototype.next = next
    }
  })

  it("is noticed: a queue that holds one point more", () => {
    const mutate: Parameters<typeof simulate>[1] = (settings) => ({
      ...settings,
      queueCapacity: settings.queueCapacity + 1
    })
    assert.instanceOf(firstViolation((seed) => simulate(seed, mutate)), Violation)
  })

  it("without a fault the same seeds pass", () => {
    assert.isUndefined(firstViolation(simulate))
  })
})
