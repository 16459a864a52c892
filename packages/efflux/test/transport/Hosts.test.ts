import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import { Hosts } from "../../src/internal/transport/Hosts.ts"

const make = (strategy: "failover" | "round-robin", names: ReadonlyArray<string> = ["a", "b", "c"]) =>
  Effect.map(Clock.Clock, (clock) => new Hosts(names, strategy, clock))

describe("Hosts", () => {
  it.effect("failover: the first that is well, and the first again once it has rested", () =>
    Effect.gen(function*() {
      const hosts = yield* make("failover")
      const a = hosts.next()
      assert.strictEqual(a.http, "a")
      hosts.failed(a, undefined)
      assert.isTrue(hosts.hasHealthy)
      const b = hosts.next()
      assert.strictEqual(b.http, "b")
      hosts.failed(b, undefined)
      assert.strictEqual(hosts.next().http, "c")
      yield* TestClock.adjust(1000)
      assert.strictEqual(hosts.next().http, "a")
    }))

  it.effect("round robin: one after the other of those that are well", () =>
    Effect.gen(function*() {
      const hosts = yield* make("round-robin")
      const turn = () => Array.from({ length: 6 }, () => hosts.next().http).join("")
      assert.strictEqual(turn(), "abcabc")
      hosts.failed(hosts.next(), undefined)
      const without = turn()
      assert.notInclude(without, "a")
      assert.include(without, "b")
      assert.include(without, "c")
      yield* TestClock.adjust(1000)
      assert.include(turn(), "a")
    }))

  it.effect("the rest doubles from 1 to 30 seconds, and an answer ends it", () =>
    Effect.gen(function*() {
      const hosts = yield* make("failover", ["a", "b"])
      const a = hosts.next()
      for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
        hosts.failed(a, undefined)
        hosts.failed(a, undefined)
        yield* TestClock.adjust(seconds * 1000 - 1)
        assert.strictEqual(hosts.next().http, "b", `${seconds} s`)
        yield* TestClock.adjust(1)
        assert.strictEqual(hosts.next().http, "a", `${seconds} s`)
      }
      hosts.answered(a)
      hosts.failed(a, undefined)
      yield* TestClock.adjust(1000)
      assert.strictEqual(hosts.next().http, "a")
    }))

  it.effect("a host rests as long as it asked for", () =>
    Effect.gen(function*() {
      const hosts = yield* make("failover", ["a", "b"])
      hosts.failed(hosts.next(), 5000)
      yield* TestClock.adjust(4999)
      assert.strictEqual(hosts.next().http, "b")
      yield* TestClock.adjust(1)
      assert.strictEqual(hosts.next().http, "a")
    }))

  it.effect("a host that asks for no rest gets one all the same", () =>
    Effect.gen(function*() {
      const hosts = yield* make("failover", ["a", "b"])
      for (let n = 0; n < 2; n++) hosts.failed(hosts.next(), 0)
      assert.isFalse(hosts.hasHealthy)
      yield* TestClock.adjust(1000)
      assert.strictEqual(hosts.next().http, "a")
    }))

  it.effect("if none is well, the one whose rest ends first", () =>
    Effect.gen(function*() {
      const hosts = yield* make("failover")
      for (const millis of [3000, 1000, 2000]) hosts.failed(hosts.next(), millis)
      assert.isFalse(hosts.hasHealthy)
      assert.strictEqual(hosts.next().http, "b")
    }))

  it.effect("a single host is asked whatever it answered, and never instead of itself at once", () =>
    Effect.gen(function*() {
      const hosts = yield* make("failover", ["a"])
      assert.isFalse(hosts.hasHealthy)
      hosts.failed(hosts.next(), undefined)
      assert.strictEqual(hosts.next().http, "a")
      assert.isFalse(hosts.hasHealthy)
    }))
})
