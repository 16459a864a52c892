/** Whatever the suite creates is removed after use, however a test ends. */
import { assert, describe, it } from "@effect/vitest"
import { waitFor } from "@efflux/testkit"
import { Effect, Exit } from "effect"
import * as Fs from "node:fs"
import * as Host from "../src/Host.ts"
import * as Namespace from "../src/Namespace.ts"
import * as Receiver from "../src/Receiver.ts"
import { port } from "./support.ts"

describe("namespaces", () => {
  it.live("and their programs and files are gone when a test is over, fails or is interrupted", () =>
    Effect.gen(function*() {
      const made: Array<{ readonly name: string; readonly pid: number }> = []
      const use = Effect.gen(function*() {
        const { far, near } = yield* Namespace.pair
        yield* near.namespace.etc("hosts", "127.0.0.1 localhost\n")
        yield* near.namespace.slow(near.device, 1_000_000, 100_000)
        const filter = yield* far.namespace.filter({ hook: "input", port })
        assert.strictEqual(yield* filter.packets, 0)
        const receiver = yield* Receiver.start({ namespace: far.namespace, host: far.address, port })
        for (const { name } of [near.namespace, far.namespace]) made.push({ name, pid: receiver.program.pid })
        assert.include(yield* Host.run("ip netns list"), near.namespace.name)
      })
      const ends = [Effect.void, Effect.fail("a failure"), Effect.die("a defect"), Effect.interrupt]
      for (const end of ends) {
        const exit = yield* Effect.exit(Effect.scoped(Effect.andThen(use, end)))
        assert.strictEqual(Exit.isSuccess(exit), end === Effect.void)
      }
      assert.strictEqual(made.length, 2 * ends.length)
      const left = yield* Host.run("ip netns list")
      for (const { name, pid } of made) {
        assert.notInclude(left, name)
        assert.isFalse(Fs.existsSync(`/etc/netns/${name}`))
        yield* waitFor(Effect.sync(() => Fs.existsSync(`/proc/${pid}`)), (there) => !there, {
          what: "the end of a program"
        })
      }
    }))
})
