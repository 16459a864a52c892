import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { LineProtocol } from "efflux"
import { preview } from "../../src/internal/text/preview.ts"
import { hostile, point } from "../support/arbitraries.ts"
import { revoked } from "../support/hostile.ts"
import { told } from "../support/points.ts"

// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u001f\u007f-\u009f]/

describe("an EncodeError", () => {
  it.prop("is one short line, safe to log, whatever the point", [point], ([point]) => {
    const result = LineProtocol.encode(point)
    if (Result.isSuccess(result)) return
    assert.notMatch(result.failure.message, control)
    assert.isAtMost(result.failure.message.length, 1000)
  }, { arbitrary: { runs: 2000 } })

  it("stays short for a name of a megabyte", () => {
    const long = "a\n".repeat(500_000)
    const messages = [
      told({ measurement: long, fields: { f: 1 } }),
      told({ measurement: "m", tags: { [`${long}\\`]: "v" }, fields: { f: 1 } }),
      told({ measurement: "m", fields: { [long]: 1 } })
    ]
    for (const message of messages) assert.isAtMost(message.length, 1000)
  })
})

describe("preview", () => {
  it("is short, printable and quick, whatever the value, and never throws or calls it", () => {
    const hostile = { toString: () => assert.fail("called"), toJSON: () => assert.fail("called") }
    const values = [hostile, revoked, Symbol("a\nb\u001b[31m"), Object.create(null), () => 1, [], null, undefined, 1n]
    for (const value of [...values, "x".repeat(100_000), "\u202e\u2028", 2n ** 20_000_000n]) {
      assert.isBelow(preview(value).length, 200)
      assert.notMatch(preview(value), /[\p{Cc}\p{Cf}\u2028\u2029]/u)
    }
  })

  it.prop("quotes a string without control characters, shortened", [hostile], ([text]) => {
    assert.notMatch(preview(text), control)
    assert.isAtMost(preview(text).length, 6 * 65 + 2)
    if (text.length <= 64) assert.strictEqual(JSON.parse(preview(text)), text)
  }, { arbitrary: { runs: 2000 } })
})
