import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { LineProtocol, type Point } from "efflux"
import { preview } from "../../src/internal/text/preview.ts"
import { hostile, point } from "../support/arbitraries.ts"

const messageOf = (point: unknown): string => {
  const result = LineProtocol.encode(point as Point.Input)
  return Result.isFailure(result) ? result.failure.message : assert.fail("written")
}

// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u001f\u007f-\u009f]/

describe("an EncodeError", () => {
  it("names the part, the key, what is allowed and what was given", () => {
    const expected: ReadonlyArray<[unknown, string]> = [
      [
        { measurement: "m", tags: { host: "a\nb" }, fields: { f: 1 } },
        "tag value of \"host\": must not contain control characters (U+0000 to U+001F, U+007F) in tag values, got \"a\\nb\""
      ],
      [
        { measurement: "m", fields: { big: 2n ** 63n } },
        "field value of \"big\": must be a 64-bit integer (-2^63 to 2^63-1, unsigned 0 to 2^64-1), got 9223372036854775808n"
      ],
      [
        { measurement: "m", fields: { f: 1 }, timestamp: 1 },
        "timestamp: must be a bigint of nanoseconds, a Date or a DateTime, got 1"
      ],
      [{ measurement: "", fields: { f: 1 } }, "measurement: must not be empty, got \"\""],
      [{ measurement: "m", fields: {} }, "fields: a point needs at least one field with a finite value"],
      [
        { measurement: "m", tags: new Map(), fields: { f: 1 } },
        "tags: must be a plain object with a property for each, got a Map"
      ],
      [undefined, "point: a point must be an object with a measurement and fields"]
    ]
    for (const [point, message] of expected) assert.strictEqual(messageOf(point), message)
  })

  it.prop("is one short line, safe to log, whatever the point", [point], ([point]) => {
    const result = LineProtocol.encode(point)
    if (Result.isSuccess(result)) return
    assert.notMatch(result.failure.message, control)
    assert.isAtMost(result.failure.message.length, 1000)
  }, { arbitrary: { runs: 10_000 } })

  it("stays short for a name of a megabyte", () => {
    const long = "a\n".repeat(500_000)
    const messages = [
      messageOf({ measurement: long, fields: { f: 1 } }),
      messageOf({ measurement: "m", tags: { [`${long}\\`]: "v" }, fields: { f: 1 } }),
      messageOf({ measurement: "m", fields: { [long]: 1 } })
    ]
    for (const message of messages) assert.isAtMost(message.length, 1000)
  })
})

describe("preview", () => {
  it("is short, printable and quick, whatever the value, and never throws or calls it", () => {
    const hostile = { toString: () => assert.fail("called"), toJSON: () => assert.fail("called") }
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    const values = [
      hostile,
      revoked.proxy,
      Symbol("a\nb\u001b[31m"),
      Object.create(null),
      () => 1,
      [],
      null,
      undefined,
      1n
    ]
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

  it("shortens numbers that are long", () => {
    assert.isAtMost(preview(2n ** 10_000n).length, 64)
  })
})
