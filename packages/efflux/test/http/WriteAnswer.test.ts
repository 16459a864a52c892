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
    [
      "v1",
      `{"error":"partial write: unable to parse 'x v=1u 5': invalid number\\nunable to parse 'y v=1u': invalid number dropped=0"}`,
      2,
      /invalid number/
    ],
    ["v1", `{"error":"unable to parse 'bad': missing fields"}`, 10, /missing fields/],
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
    ["v3", `{"error":"partial write of line protocol occurred","data":"?"}`, 10, /^partial write/]
  ]
  it.each(answers)("%s %s: of 10 points %i are rejected", (_, body, rejected, detail) => {
    const verdict = refusal(400, body, 10)
    assert.strictEqual(verdict.lines, rejected)
    assert.match(verdict.rejected.detail, detail)
    assert.strictEqual(verdict.rejected.status, 400)
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

  describe("W3: the number is the one that the server names", () => {
    const named: ReadonlyArray<readonly [body: string, of: number, rejected: number]> = [
      [`{"code":"invalid","message":"partial write error (5 accepted): 1 out of 6 points rejected"}`, 6, 1],
      [
        `{"message":"write failed: partial write error (5 accepted): 1 out of 6 points rejected (check retention)"}`,
        6,
        1
      ],
      [`{"message":"3 of 6 points rejected"}`, 6, 3],
      [
        `{"message":"failed to parse line protocol: errors encountered on line(s): error parsing line 2 (1-based): A generic parsing error occurred: TakeWhile1"}`,
        6,
        1
      ],
      [`{"message":"error parsing line 2 (1-based): x\\nerror parsing line 4 (1-based): line 2 again"}`, 6, 2],
      [`{"error":"gateway: partial write: field type conflict: input field \\"v\\" is type float dropped=2"}`, 6, 2],
      [`{"message":"unexpected error writing points to database: partial write: x dropped=3"}`, 6, 3],
      [
        `{"error":"partial write of line protocol occurred","data":[{"error_message":"a","line_number":3,"original_line":"b},{"}]}`,
        6,
        1
      ],
      // The text of a line is nobody's number.
      [`{"error":"unable to parse 'm s=\\"(5 accepted) partial write dropped=1\\"': missing fields"}`, 6, 6],
      [`{"error":"unable to parse 'm s=\\"error parsing line 2 (1-based)\\"': bad number"}`, 6, 6]
    ]
    it.each(named)("%s: of %i points %i", (body, of, rejected) => {
      assert.strictEqual(refusal(400, body, of).lines, rejected)
    })
  })

  describe("W3: a line that was not sent is no line of the payload", () => {
    const entry = (line: number) => ({ error_message: "no", line_number: line, original_line: "bad" })
    const partial = "partial write of line protocol occurred"
    it.each([
      [{ message: "error parsing line 9 (1-based): bad" }, 1],
      [{ message: "errors encountered on line(s): line 0: bad" }, 1],
      [{ message: "error parsing line 7 (1-based): bad; error parsing line 8 (1-based): bad" }, 2],
      [{ error: partial, data: [entry(7)] }, 1],
      [{ error: partial, data: [entry(0), entry(2)] }, 2],
      [{ error: partial, data: [entry(-1)] }, 1]
    ])("%j: of 6 points %i, nobody knows which", (body, rejected) => {
      const { lines, numbers } = refusal(400, JSON.stringify(body), 6)
      assert.deepStrictEqual([lines, numbers], [rejected, undefined])
    })

    it.each([
      [{ message: "error parsing line 6 (1-based): bad" }, [6]],
      [{ error: partial, data: [entry(1), entry(6)] }, [1, 6]],
      [{ error: partial, data: [entry(2), entry(2)] }, [2]]
    ])("%j: of 6 points %j", (body, expected) => {
      const { lines, numbers } = refusal(400, JSON.stringify(body), 6)
      assert.deepStrictEqual([lines, numbers], [expected.length, expected])
    })
  })

  describe("W1: a success is what the API defines as one", () => {
    it.each([[204, ""], [200, ""], [200, "\n"], [201, ""], [204, " \r\n"]] as const)("%i %j: taken", (status, body) => {
      assert.strictEqual(read(status, body, 3)._tag, "Taken")
    })

    const refusing: ReadonlyArray<readonly [status: number, body: string, rejected: number]> = [
      [201, `{"code":"invalid","message":"partial write has occurred, errors encountered on line(s): line 2: bad"}`, 1],
      [201, `{"error":"partial write: x dropped=1"}`, 1],
      [
        200,
        `{"error":"partial write of line protocol occurred","data":[{"error_message":"a","line_number":2,"original_line":"b"}]}`,
        1
      ],
      [200, `{"error":"database not found: \\"x\\""}`, 2],
      [200, `{"error":"unable to parse 'a': missing fields"}`, 2]
    ]
    it.each(refusing)("%i %s: refused, by no status", (status, body, rejected) => {
      const { lines, rejected: { status: refusing } } = refusal(status, body, 2)
      assert.deepStrictEqual([lines, refusing], [rejected, undefined])
    })

    const other = [
      "<!doctype html><html><title>InfluxDB</title></html>",
      "{}",
      "[]",
      "OK",
      `{"results":[{"statement_id":0}]}`,
      `{"authorizations":"/api/v2/authorizations","buckets":"/api/v2/buckets"}`,
      `{"message":"welcome"}`
    ]
    it.each(other)("200 %s: no write endpoint", (body) => {
      const verdict = read(200, body, 2)
      assert(verdict._tag === "Unclear", verdict._tag)
      assert.include(verdict.error.message, "no answer of a write endpoint; see the option url")
      assert.isFalse(verdict.error.isRetryable)
    })
  })

  describe("W2: a failure that is about the points is final, any other is not", () => {
    const final: ReadonlyArray<readonly [status: number, body: string, rejected: number]> = [
      [500, `{"error":"partial write: field type conflict: input field \\"v\\" is type float dropped=1"}`, 1],
      [500, `{"error":"unable to parse 'm v=': missing field value"}`, 5],
      [500, `{"error":"partial write: unable to parse 'm v=': missing field value dropped=0"}`, 1],
      [500, `{"error":"write failed: field type conflict: input field \\"v\\""}`, 5],
      [500, `{"error":"partial write: max-series-per-database limit exceeded: (1000000) dropped=2"}`, 2],
      [
        502,
        `{"message":"failure writing points to database: partial write: points beyond retention policy dropped=5"}`,
        5
      ],
      // As a proxy passes it on.
      [502, "unable to parse 'm v=': missing field value", 5],
      [504, "  partial write: points beyond retention policy dropped=3\n", 3],
      [503, "write failed: field type conflict", 5],
      // JSON has control characters only escaped.
      [500, "{\"error\":\"unable to parse 'm\u0001\t v=':\nmissing field value\"}", 5],
      [500, "{\"code\":\"x\",\"message\":\"partial write: \\\\\u0007 dropped=2\"}", 2]
    ]
    it.each(final)("%i %s: %i are rejected", (status, body, rejected) => {
      const { lines, rejected: { status: refusing } } = refusal(status, body, 5)
      assert.deepStrictEqual([lines, refusing], [rejected, status])
    })

    it.each([
      `{"error":"hinted handoff queue not empty"}`,
      `{"error":"write failed: hinted handoff queue not empty"}`,
      `{"error":"hinted handoff queue full"}`,
      `{"error":"partial write"}`
    ])("500 %s: a part of the cluster has them", (body) => {
      assert.strictEqual(read(500, body, 5)._tag, "Unclear")
    })

    it.each(
      [
        [500, `{"error":"timeout"}`],
        [500, `{"error":"engine is closed"}`],
        [500, ""],
        [502, "<html>partial write</html>"],
        [502, "Bad gateway"],
        [504, "upstream request timeout"],
        [500, "{\"error\":\"engine is\u0001 closed\"}"],
        [503, `{"error":"unavailable"}`],
        [503, ""],
        [429, `{"error":"partial write: dropped=1"}`],
        [404, `{"error":"database not found"}`],
        [401, `{"error":"partial write: dropped=1"}`]
      ] as const
    )("%i %s: the status says what it is", (status, body) => {
      assert.strictEqual(read(status, body, 5)._tag, "Failed")
    })
  })

  it("Q6: an answer of millions of objects is walked through, and none of them is made", () => {
    const body = encoder.encode(`{"error":"x","data":[${"{},".repeat(4_000_000)}{}]}`)
    const before = process.memoryUsage().heapUsed
    const { lines, rejected } = refusal(400, body, 5000)
    assert.strictEqual(lines, 5000)
    assert.strictEqual(rejected.detail, "x")
    // A parser makes 4 million objects of it.
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
