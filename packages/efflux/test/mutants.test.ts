/**
 * The checkers are checked: each of these faults, put into the database on
 * purpose, must make the simulation fail within a few hundred seeds.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Queue from "effect/Queue"
import { Custody } from "../src/Custody.ts"
import type { Settings } from "../src/DatabaseConfig.ts"
import { Packer } from "../src/Packer.ts"
import { simulate, Violation } from "./simulation/simulate.ts"

const original = {
  offer: Custody.prototype.offer,
  settleSent: Custody.prototype.settleSent,
  settleDropped: Custody.prototype.settleDropped,
  discard: Custody.prototype.discard,
  next: Packer.prototype.next
}

/** Methods of the custody, of the packer, and the settings, each changed for the worse. */
interface Fault {
  readonly custody?: Partial<Pick<Custody, "offer" | "settleSent" | "settleDropped" | "discard">> & ThisType<Custody>
  readonly packer?: Partial<Pick<Packer, "next">> & ThisType<Packer>
  readonly settings?: (settings: Settings) => Settings
}

const faults: Record<string, Fault> = {
  "drops the newest point instead of the oldest": {
    custody: {
      offer(entry, high) {
        if (!Queue.isFullUnsafe(this.queue)) return original.offer.call(this, entry, high)
        this.ledger.pushed++
        this.ledger.dropped.queue_full++
      }
    }
  },
  "forgets what an interrupted sender holds": {
    custody: {
      settleDropped(points, reason) {
        if (reason !== "shutdown") original.settleDropped.call(this, points, reason)
      }
    }
  },
  "forgets the points whose fate nobody knows": {
    custody: {
      settleDropped(points, reason) {
        if (reason !== "unknown") original.settleDropped.call(this, points, reason)
      }
    }
  },
  "counts payloads instead of points": {
    custody: {
      settleSent(points) {
        this.ledger.inFlight -= points
        this.ledger.sent += 1
      }
    }
  },
  "settles a payload twice": {
    custody: {
      settleSent(points) {
        original.settleSent.call(this, points)
        original.settleSent.call(this, points)
      }
    }
  },
  "loses the queue at the close": {
    custody: {
      discard() {
        const { shutdown } = this.ledger.dropped
        original.discard.call(this)
        this.ledger.dropped.shutdown = shutdown
      }
    }
  },
  "swallows an error of the transport": {
    custody: {
      settleDropped(points, reason) {
        if (reason === "send_error") original.settleSent.call(this, points)
        else original.settleDropped.call(this, points, reason)
      }
    }
  },
  "sends a payload again": {
    packer: {
      next() {
        const { points } = this
        original.next.call(this)
        this.points += points
      }
    }
  },
  "has a queue that holds one point more": {
    settings: (settings) => ({ ...settings, queueCapacity: settings.queueCapacity + 1 })
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
  it.each(Object.entries(faults))("is noticed: a database that %s", (_name, { custody, packer, settings }) => {
    const { next, ...sound } = original
    Object.assign(Custody.prototype, custody)
    Object.assign(Packer.prototype, packer)
    try {
      assert.instanceOf(firstViolation((seed) => simulate(seed, settings)), Violation)
    } finally {
      Object.assign(Custody.prototype, sound)
      Packer.prototype.next = next
    }
  })

  it("without a fault the same seeds pass", () => {
    assert.isUndefined(firstViolation((seed) => simulate(seed)))
  })
})
