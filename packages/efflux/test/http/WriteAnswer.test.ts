import { assert, describe, it } from "@effect/vitest"
import * as WriteAnswer from "../../src/internal/http/WriteAnswer.ts"
import { readRows } from "../support/rows.ts"

const encoder = new TextEncoder()

/**
 * An answer to a write of so many points, and what it says: how many the server refused, `by` which status of its own (null
 * for none), and which lines it names (null where nobody knows). The bodies of version 1 are those of InfluxDB 1.6.7; W2 has
 * what proxies pass on, and control characters as they are; the others are in the public documentation.
 */
interface Row {
  readonly id: string
  readonly status: number
  readonly body: string
  readonly points: number
  readonly expect: "Taken" | "Unclear" | "Failed" | {
    readonly refused: number
    readonly by?: number | null
    readonly lines?: ReadonlyArray<number> | null
    readonly detail?: string
  }
}

describe("WriteAnswer", () => {
  const rows = readRows<Row>(new URL("../conformance/writeAnswers.jsonl", import.meta.url))
  it.each(rows)("$id: $status $body of $points points", ({ body, expect, id, points, status }) => {
    const verdict = read(status, body, points)
    assert.strictEqual(verdict._tag, typeof expect === "string" ? expect : "Refused")
    if (id.startsWith("W1-no-write") && verdict._tag === "Unclear") {
      assert.include(verdict.error.message, "no answer of a write endpoint; see the option url")
      assert.isFalse(verdict.error.isRetryable)
    }
    if (typeof expect === "string" || verdict._tag !== "Refused") return
    assert.strictEqual(verdict.lines, expect.refused)
    assert.isAtMost(verdict.rejected.points ?? 0, points)
    assert.isAtLeast(verdict.rejected.points ?? 0, 0)
    if (expect.by !== undefined) assert.strictEqual(verdict.rejected.status, expect.by ?? undefined)
    if (expect.lines !== undefined) assert.deepStrictEqual(verdict.numbers, expect.lines ?? undefined)
    if (expect.detail !== undefined) assert.match(verdict.rejected.detail, new RegExp(expect.detail))
  })

  it("InfluxDB 3 names lines, of which the first 16 are kept, shortened", () => {
    const data = Array.from({ length: 100 }, (_, i) => ({
      error_message: "no",
      line_number: i + 1,
      original_line: "x".repeat(1000)
    }))
    const body = JSON.stringify({ error: "partial write of line protocol occurred", data })
    const { lines, numbers, rejected } = refusal(400, body, 5000)
    assert.strictEqual(lines, 100)
    assert.deepStrictEqual(numbers, data.map(({ line_number }) => line_number))
    assert.strictEqual(rejected.lines!.length, 16)
    assert.deepStrictEqual(rejected.lines![1], { number: 2, line: "x".repeat(256), message: "no" })
  })

  const unparsed = (count: number) =>
    Array.from({ length: count }, (_, n) => `unable to parse 'm,h=${n} s="a\\"${"x".repeat(50)}': invalid boolean`)
      .join("\n")
  const long: ReadonlyArray<readonly [name: string, message: string, refused: number]> = [
    ["lines that it could not parse", `partial write: ${unparsed(3000)} dropped=0`, 3000],
    ["lines of both kinds", `partial write: ${unparsed(1500)} dropped=7`, 1507],
    ["a name that is long", `partial write: field type conflict: "${"f".repeat(70_000)}" is float dropped=37`, 37],
    ["lines by number", `partial write, errors encountered on line(s): line 3: ${"x".repeat(70_000)}\nline 4: y`, 2],
    ["without a number", `unable to parse '${"x".repeat(70_000)}': missing fields`, 5000]
  ]
  it.each(long)("W3: a message of any length gives its number: %s", (_, message, refused) => {
    for (
      const body of [
        JSON.stringify({ error: message }),
        `{"code":"invalid","line":1,"message":${JSON.stringify(message)}}`
      ]
    ) {
      assert.isAbove(body.length, 64 * 1024)
      assert.strictEqual(refusal(400, body, 5000).lines, refused)
      // If it breaks off, the number is not known.
      assert.strictEqual(refusal(400, body.slice(0, -5), 5000).lines, 5000)
    }
  })

  it("Q6: an answer of millions of objects is walked through, and none of them is made", () => {
    const body = encoder.encode(`{"error":"x","data":[${"{},".repeat(4_000_000)}{}]}`)
    const before = process.memoryUsage().heapUsed
    const { lines, rejected } = refusal(400, body, 5000)
    assert.strictEqual(lines, 5000)
    assert.strictEqual(rejected.detail, "x")
    // A parser would make 4 million objects.
    assert.isBelow(process.memoryUsage().heapUsed - before, 32 * 1024 * 1024)
  })
})

const read = (status: number, body: string | Uint8Array, lines: number) =>
  WriteAnswer.read({
    endpoint: "http://server",
    path: "/write",
    status,
    headers: {},
    body: typeof body === "string" ? encoder.encode(body) : body,
    withoutSecrets: (text) => text
  }, lines)

const refusal = (...args: Parameters<typeof read>) => {
  const verdict = read(...args)
  assert(verdict._tag === "Refused", verdict._tag)
  return verdict
}
