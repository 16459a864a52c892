import { assert, describe, it } from "@effect/vitest"
import * as WriteAnswer from "../../src/internal/http/WriteAnswer.ts"

const encoder = new TextEncoder()

describe("WriteAnswer", () => {
  // The bodies of version 1 are those of InfluxDB 1.6.7, the others are in the public documentation.
  const answers: ReadonlyArray<readonly [api: "v1" | "v2" | "v3", body: string, rejected: number, detail: RegExp]> = [
    ["v1", `{"error":"field type conflict"}`, 10, /^field type conflict$/],
    [
      "v1",
      `{"error":"partial write: field type conflict: input field \\"v\\" on measurement \\"a\\" is type integer, already exists as type float dropped=3"}`,
      3,
      /^partial write: field type conflict: input field "v"/
    ],
    ["v1", `{"error":"partial write: points beyond retention policy dropped=1"}`, 1, /beyond retention policy/],
    ["v1", `{"error":"partial write: unable to parse 'x v=1u 5': invalid number dropped=0"}`, 1, /invalid number/],
    [
      "v1",
      `{"error":"partial write: unable to parse 'x v=1u 5': invalid number\\nunable to parse 'y v=1u': invalid number dropped=0"}`,
      2,
      /invalid number/
    ],
    ["v1", `{"error":"unable to parse 'bad': missing fields"}`, 10, /missing fields/],
    ["v1", `{"error":"database is required"}`, 10, /database is required/],
    ["v1", `{"error":"partial write: x dropped=1000"}`, 10, /dropped=1000/],
    ["v1", "not JSON", 10, /^not JSON$/],
    ["v1", "", 10, /^$/],
    [
      "v2",
      `{"code":"unprocessable entity","message":"failure writing points to database: partial write: field type conflict: x dropped=4"}`,
      4,
      /^failure writing points/
    ],
    ["v2", `{"code":"invalid","message":"unable to parse 'a': missing fields"}`, 10, /missing fields/],
    [
      "v2",
      `{"code":"invalid","message":"partial write error (2 written): unable to parse 'air_sensor,service=S1,sensor=L1 temperature=\\"90.5\\",humidity=70.0 1632850122': schema: field type for field \\"temperature\\" not permitted by schema; got String but expected Float"}`,
      8,
      /^partial write error \(2 written\): unable to parse/
    ],
    ["v2", `{"code":"invalid","message":"partial write error (11 written): x"}`, 0, /11 written/],
    [
      "v2",
      `{"code":"invalid","message":"unable to parse 'a=\\"partial write error (2 written) dropped=0\\"': missing fields"}`,
      10,
      /missing fields$/
    ],
    [
      "v3",
      `{"error":"partial write of line protocol occurred","data":[{"error_message":"no fields","line_number":2,"original_line":"bad"},{"error_message":"no","line_number":5,"original_line":"bad2"}]}`,
      2,
      /^partial write of line protocol occurred$/
    ],
    [
      "v3",
      `{"error":"parsing failed for write_lp endpoint","data":{"error_message":"no fields","line_number":2,"original_line":"bad"}}`,
      10,
      /^parsing failed/
    ],
    ["v3", `{"error":"partial write of line protocol occurred","data":"?"}`, 10, /^partial write/],
    ["v3", `{"error":"invalid database name"}`, 10, /^invalid database name$/]
  ]
  it.each(answers)("%s %s: of 10 points %i are rejected", (api, body, rejected, detail) => {
    const rejection = WriteAnswer.rejection(api, encoder.encode(body), 10)
    assert.strictEqual(rejection.points, rejected)
    assert.match(rejection.detail, detail)
  })

  it("InfluxDB 3 names lines, of which the first 16 are kept, shortened", () => {
    const data = Array.from({ length: 100 }, (_, i) => ({
      error_message: "no",
      line_number: i + 1,
      original_line: "x".repeat(1000)
    }))
    const body = JSON.stringify({ error: "partial write of line protocol occurred", data })
    const { lines, points } = WriteAnswer.rejection("v3", encoder.encode(body), 5000)
    assert.strictEqual(points, 100)
    assert.strictEqual(lines!.length, 16)
    assert.deepStrictEqual(lines![1], { number: 2, line: "x".repeat(256), message: "no" })
  })
})
