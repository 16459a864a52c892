import { assert, describe, it } from "@effect/vitest"
import * as RetryAfter from "../../src/internal/http/RetryAfter.ts"

const now = Date.UTC(2026, 10, 24, 14, 0, 0)

const cases: ReadonlyArray<readonly [header: string, millis: number | undefined]> = [
  ["30", 30_000],
  [" 1 ", 1000],
  ["0", 0],
  ["0.5", 500],
  ["-5", 0],
  ["1000000000", 60_000],
  ["1e9", undefined],
  ["99999999999999999999999999", 60_000],
  ["Tue, 24 Nov 2026 14:00:20 GMT", 20_000],
  ["Tue, 24 Nov 2026 13:00:20 GMT", 0],
  ["Tuesday, 24-Nov-26 14:00:20 GMT", 20_000],
  ["Tue, 24 Nov 2999 14:00:20 GMT", 60_000],
  ["Tue, 99 Nov 2026 14:00:20 GMT", undefined],
  ["30 s", undefined],
  ["soon", undefined],
  ["", undefined],
  ["NaN", undefined],
  ["Infinity", undefined],
  ["2026", 60_000]
]

describe("RetryAfter", () => {
  for (const [header, millis] of cases) {
    it(`${JSON.stringify(header)} is ${millis === undefined ? "not understood" : `${millis} ms`}`, () => {
      assert.strictEqual(RetryAfter.parse(header, now), millis)
    })
  }
})
