import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { gzipSync } from "node:zlib"
import { StrictV2, StrictV3 } from "../src/index.ts"

interface Ask {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Uint8Array
}

const ask = (url: string, { body, headers, method = "POST" }: Ask = {}) =>
  Effect.promise(async () => {
    const response = await fetch(url, { method, headers: { ...headers }, ...(body === undefined ? {} : { body }) })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text, json: () => JSON.parse(text) }
  })

const v2 = Effect.gen(function*() {
  const server = yield* StrictV2.make({ token: "t0", org: "o", buckets: ["b"] })
  const write = (query: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
    ask(`${server.url}/api/v2/write?${query}`, {
      body,
      headers: { authorization: "Token t0", "content-type": "text/plain; charset=utf-8", ...headers }
    })
  const query = (body: unknown, headers: Record<string, string> = {}) =>
    ask(`${server.url}/api/v2/query?org=o`, {
      body: JSON.stringify(body),
      headers: { authorization: "Token t0", "content-type": "application/json", ...headers }
    })
  return { server, write, query }
})

describe("StrictV2", () => {
  it.effect("stores what is documented, and has nothing to complain about", () =>
    Effect.gen(function*() {
      const { server, write } = yield* v2
      assert.strictEqual((yield* write("org=o&bucket=b&precision=ms", "m,t=a v=1,i=2i,u=3u 1700000000123")).status, 204)
      const zipped = yield* write("org=o&bucket=b", gzipSync("m,t=a v=\"x\ny\" 5"), { "content-encoding": "gzip" })
      assert.strictEqual(zipped.status, 422)
      assert.deepStrictEqual(zipped.json(), {
        code: "unprocessable entity",
        message: "failure writing points to database: partial write: field type conflict: input field \"v\" on "
          + "measurement \"m\" is type string, already exists as type float dropped=1"
      })
      assert.deepStrictEqual(server.violations, [])
      assert.deepStrictEqual(server.points("b").map(({ measurement, timestamp }) => [measurement, timestamp]), [
        ["m", 1700000000123000000n]
      ])
    }))

  it.effect("keeps the latest of each field where series and timestamp are equal", () =>
    Effect.gen(function*() {
      const { server, write } = yield* v2
      yield* write("org=o&bucket=b", "m,t=a v=1,w=1 5\nm,t=a v=2 5\nm v=3 5")
      assert.strictEqual(server.points("b").length, 3)
      assert.deepStrictEqual(server.stored("b"), [
        { measurement: "m", tags: { t: "a" }, fields: { v: 2, w: 1 }, timestamp: 5n },
        { measurement: "m", tags: {}, fields: { v: 3 }, timestamp: 5n }
      ])
    }))

  it.effect("refuses a whole batch for a malformed line, and names the line", () =>
    Effect.gen(function*() {
      const { server, write } = yield* v2
      const answer = yield* write("org=o&bucket=b", "m v=1 5\nm v=\nm v=2 6")
      assert.strictEqual(answer.status, 400)
      assert.include(answer.json().message, "unable to parse 'm v='")
      assert.deepStrictEqual(server.points("b"), [])
    }))

  it.effect("answers as documented where the client did nothing wrong", () =>
    Effect.gen(function*() {
      const { server, write } = yield* v2
      const wrongToken = yield* write("org=o&bucket=b", "m v=1", { authorization: "Token other" })
      assert.deepStrictEqual([wrongToken.status, wrongToken.body], [
        401,
        "{\"code\":\"unauthorized\",\"message\":\"unauthorized access\"}"
      ])
      const noBucket = yield* write("org=o&bucket=none", "m v=1")
      assert.deepStrictEqual([noBucket.status, noBucket.json().code], [404, "not found"])
      server.answerNext(StrictV2.error(503, "unavailable", "busy", { "retry-after": "7" }))
      const busy = yield* write("org=o&bucket=b", "m v=1 1")
      assert.deepStrictEqual([busy.status, busy.headers.get("retry-after")], [503, "7"])
      assert.deepStrictEqual(server.violations, [])
    }))

  const wrong: ReadonlyArray<readonly [string, string, string | Uint8Array, Record<string, string>]> = [
    ["there is no query parameter \"db\"", "org=o&bucket=b&db=x", "m v=1", {}],
    ["the query parameter \"precision\" can't be \"n\"", "org=o&bucket=b&precision=n", "m v=1", {}],
    ["the query parameter \"bucket\" is missing", "org=o", "m v=1", {}],
    ["the query parameter \"org\" occurs 2 times", "org=o&org=o&bucket=b", "m v=1", {}],
    ["neither the query parameter \"org\" nor \"orgID\" is there", "bucket=b", "m v=1", {}],
    ["the authorization header is not \"Token …\"", "org=o&bucket=b", "m v=1", { authorization: "Bearer t0" }],
    ["the content type \"application/json\" is not one of text/plain", "org=o&bucket=b", "m v=1", {
      "content-type": "application/json"
    }],
    ["the content encoding can't be \"br\"", "org=o&bucket=b", "m v=1", { "content-encoding": "br" }],
    ["the body is not gzip and UTF-8", "org=o&bucket=b", "m v=1", { "content-encoding": "gzip" }],
    ["the body is not gzip and UTF-8", "org=o&bucket=b", gzipSync("m v=1").subarray(0, 20), {
      "content-encoding": "gzip"
    }],
    ["the body is not UTF-8", "org=o&bucket=b", Uint8Array.of(0x6d, 0xff), {}],
    ["the body is empty", "org=o&bucket=b", "\n", {}],
    ["of the types in \"accept: text/html\" the API has none", "org=o&bucket=b", "m v=1", { accept: "text/html" }],
    ["the query parameter \"token\" shows a credential", "org=o&bucket=b&token=t0", "m v=1", {}]
  ]
  it.effect.each(wrong)("records a write in which %s", ([problem, query, body, headers]) =>
    Effect.gen(function*() {
      const { server, write } = yield* v2
      const { status } = yield* write(query, body, headers)
      assert.isAbove(status, 399)
      assert.isTrue(
        server.violations.some((violation) => violation.startsWith(`POST /api/v2/write: ${problem}`)),
        server.violations.join("\n")
      )
      assert.deepStrictEqual(server.points("b"), [])
    }))

  it.effect("records paths and methods that do not exist", () =>
    Effect.gen(function*() {
      const { server } = yield* v2
      assert.strictEqual((yield* ask(`${server.url}/write?db=x`, { body: "m v=1" })).status, 404)
      assert.strictEqual((yield* ask(`${server.url}/api/v2/write`, { method: "GET" })).status, 405)
      assert.deepStrictEqual(server.violations, [
        "POST /write: there is no such path",
        "GET /api/v2/write: the path has no such method"
      ])
    }))

  it.effect("answers queries with annotated CSV, with the annotations that were asked for", () =>
    Effect.gen(function*() {
      const { query, server, write } = yield* v2
      yield* write("org=o&bucket=b", "m,t=a\\,b i=9223372036854775807i,s=\"q\\\"\n2\" 1700000000123456789")
      const annotated = yield* query({
        query: "from(bucket: \"b\") |> range(start: 0)",
        type: "flux",
        dialect: { header: true, delimiter: ",", annotations: ["datatype", "group", "default"], commentPrefix: "#" }
      })
      assert.deepStrictEqual(annotated.body.split("\r\n"), [
        "#datatype,string,long,dateTime:RFC3339,long,string,string,string",
        "#group,false,false,false,false,true,true,true",
        "#default,_result,,,,,,",
        ",result,table,_time,_value,_field,_measurement,t",
        ",,0,2023-11-14T22:13:20.123456789Z,9223372036854775807,i,m,\"a,b\"",
        "",
        "#datatype,string,long,dateTime:RFC3339,string,string,string,string",
        "#group,false,false,false,false,true,true,true",
        "#default,_result,,,,,,",
        ",result,table,_time,_value,_field,_measurement,t",
        ",,1,2023-11-14T22:13:20.123456789Z,\"q\"\"\n2\",s,m,\"a,b\"",
        ""
      ])
      const plain = yield* query({ query: "from(bucket: \"none\")" })
      assert.deepStrictEqual([plain.status, plain.body], [200, ""])
      assert.strictEqual((yield* query({ query: "nonsense" })).status, 400)
      assert.deepStrictEqual(server.violations, [])
    }))

  it.effect("records a query that is not as documented", () =>
    Effect.gen(function*() {
      const { query, server } = yield* v2
      const body = { query: "from(bucket: \"b\")" }
      yield* query({ ...body, db: "x" })
      yield* query({ ...body, dialect: { annotations: ["types"] } })
      yield* query({ ...body, type: "influxql" })
      yield* query({ ...body, params: [1] })
      yield* query(body, { "content-type": "text/plain" })
      assert.deepStrictEqual(server.violations.map((violation) => violation.slice("POST /api/v2/query: ".length)), [
        "the query has no \"db\"",
        "\"annotations\" are not of group, datatype and default",
        "\"type\" is not \"flux\"",
        "\"params\" is not an object",
        "the content type \"text/plain\" is not one of application/json, application/vnd.flux"
      ])
    }))

  it.effect("says its health and version, and knows its open connections", () =>
    Effect.gen(function*() {
      const { server } = yield* v2
      const health = yield* ask(`${server.url}/health`, { method: "GET" })
      assert.deepStrictEqual([health.status, health.json().status], [200, "pass"])
      const ping = yield* ask(`${server.url}/ping`, { method: "GET" })
      assert.deepStrictEqual([ping.status, ping.headers.get("x-influxdb-version")], [204, "v2.7.12"])
      assert.deepStrictEqual(server.exchanges.map(({ path, status }) => [path, status]), [["/health", 200], [
        "/ping",
        204
      ]])
      assert.isAtLeast(server.connections.open, 1)
      assert.deepStrictEqual(server.violations, [])
    }))
})

const v3 = Effect.gen(function*() {
  const server = yield* StrictV3.make({ token: "t0", maxBodyBytes: 1000 })
  const write = (query: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
    ask(`${server.url}/api/v3/write_lp?${query}`, { body, headers: { authorization: "Bearer t0", ...headers } })
  const query = (language: string, body: unknown) =>
    ask(`${server.url}/api/v3/query_${language}`, {
      body: JSON.stringify(body),
      headers: { authorization: "Bearer t0", "content-type": "application/json" }
    })
  return { server, write, query }
})

describe("StrictV3", () => {
  it.effect("keeps the good lines, and names the bad ones by number", () =>
    Effect.gen(function*() {
      const { server, write } = yield* v3
      const body =
        "home,room=a temp=96 5\nhome,room=a temp=\"hi\" 6\n\nhome,room=a temp= 7\nhome,room=b s=\"x\ny\" 8\nhome,temp=a v=1 9"
      const answer = yield* write("db=sensors&precision=nanosecond", body)
      assert.strictEqual(answer.status, 400)
      const parsed = answer.json()
      assert.strictEqual(parsed.error, "partial write of line protocol occurred")
      assert.deepStrictEqual(parsed.data.map((line: { line_number: number }) => line.line_number), [2, 4, 7])
      assert.deepStrictEqual(parsed.data[0], {
        original_line: "home,room=a temp=\"hi\" 6",
        line_number: 2,
        error_message: "invalid column type for column 'temp', expected iox::column_type::field::float, "
          + "got iox::column_type::field::string"
      })
      assert.deepStrictEqual(server.points("sensors").map(({ fields, timestamp }) => [fields, timestamp]), [
        [{ temp: 96 }, 5n],
        [{ s: "x\ny" }, 8n]
      ])
      assert.deepStrictEqual(server.violations, [])
    }))

  it.effect("keeps nothing where partial writes are not accepted", () =>
    Effect.gen(function*() {
      const { server, write } = yield* v3
      const answer = yield* write("db=d&accept_partial=false&no_sync=true", "m v=1 5\nm v=\"x\" 6")
      assert.deepStrictEqual([answer.status, answer.json().error], [400, "parsing failed for write_lp endpoint"])
      assert.strictEqual(answer.json().data.line_number, 2)
      assert.deepStrictEqual(server.points("d"), [])
    }))

  it.effect("reads a unit, or guesses it for each line", () =>
    Effect.gen(function*() {
      const { server, write } = yield* v3
      yield* write("db=a", "m v=1 1700000000\nm v=1 1700000000123\nm v=1 1700000000123456\nm v=1 1700000000123456789")
      yield* write("db=b&precision=millisecond", "m v=1 5")
      assert.deepStrictEqual(server.points("a").map(({ timestamp }) => timestamp), [
        1700000000000000000n,
        1700000000123000000n,
        1700000000123456000n,
        1700000000123456789n
      ])
      assert.deepStrictEqual(server.points("b").map(({ timestamp }) => timestamp), [5_000_000n])
    }))

  const wrong: ReadonlyArray<readonly [string, string, string, Record<string, string>, number]> = [
    ["the query parameter \"precision\" can't be \"ns\"", "db=d&precision=ns", "m v=1", {}, 400],
    ["there is no query parameter \"bucket\"", "bucket=d", "m v=1", {}, 400],
    ["the query parameter \"db\" can't be \"a b\"", "db=a%20b", "m v=1", {}, 400],
    ["the query parameter \"accept_partial\" can't be \"1\"", "db=d&accept_partial=1", "m v=1", {}, 400],
    ["the authorization header is neither \"Bearer …\" nor \"Token …\"", "db=d", "m v=1", { authorization: "t0" }, 400]
  ]
  it.effect.each(wrong)(
    "records a write in which %s",
    ([problem, query, body, headers, status]) =>
      Effect.gen(function*() {
        const { server, write } = yield* v3
        assert.strictEqual((yield* write(query, body, headers)).status, status)
        assert.isTrue(
          server.violations.some((violation) => violation.startsWith(`POST /api/v3/write_lp: ${problem}`)),
          server.violations.join("\n")
        )
        assert.deepStrictEqual(server.points("d"), [])
      })
  )

  it.effect("answers as documented where the client did nothing wrong", () =>
    Effect.gen(function*() {
      const { query, server, write } = yield* v3
      const wrongToken = yield* write("db=d", "m v=1", { authorization: "Bearer other" })
      assert.deepStrictEqual([wrongToken.status, wrongToken.json().error], [401, "the request was not authenticated"])
      assert.strictEqual((yield* write("db=d", `m s="${"x".repeat(1000)}"`)).status, 413)
      const missing = yield* query("sql", { db: "none", q: "SELECT * FROM m" })
      assert.deepStrictEqual([missing.status, missing.json().error], [404, "query error: database not found: none"])
      assert.deepStrictEqual(server.violations, [])
    }))

  it.effect("answers queries in each format, exactly", () =>
    Effect.gen(function*() {
      const { query, server, write } = yield* v3
      yield* write(
        "db=d&precision=nanosecond",
        "m,t=a i=9223372036854775807i,u=18446744073709551615u,f=2,b=t 155\nm f=0.5,s=\"a,\\\"b\" 1700000000123000000"
      )
      const jsonl = yield* query("sql", { db: "d", q: "SELECT * FROM m", format: "jsonl" })
      assert.deepStrictEqual(jsonl.body.split("\n"), [
        "{\"t\":\"a\",\"i\":9223372036854775807,\"u\":18446744073709551615,\"f\":2.0,\"b\":true,\"time\":\"1970-01-01T00:00:00.000000155\"}",
        "{\"f\":0.5,\"s\":\"a,\\\"b\",\"time\":\"2023-11-14T22:13:20.123\"}",
        ""
      ])
      assert.strictEqual(jsonl.headers.get("content-type"), "application/jsonl")
      const csv = yield* query("influxql", { db: "d", q: "SELECT * FROM m", format: "csv" })
      assert.deepStrictEqual(csv.body.split("\n"), [
        "iox::measurement,t,i,u,f,b,time,s",
        "m,a,9223372036854775807,18446744073709551615,2.0,true,1970-01-01T00:00:00.000000155,",
        "m,,,,0.5,,2023-11-14T22:13:20.123,\"a,\"\"b\"",
        ""
      ])
      const asked = new URLSearchParams({ db: "d", q: "SELECT * FROM none", params: "{\"a\":1}" })
      const json = yield* ask(`${server.url}/api/v3/query_sql?${asked}`, {
        method: "GET",
        headers: { authorization: "Token t0" }
      })
      assert.deepStrictEqual([json.status, json.body, json.headers.get("content-type")], [
        200,
        "[]",
        "application/json"
      ])
      assert.deepStrictEqual(server.violations, [])
    }))

  it.effect("records a query that is not as documented", () =>
    Effect.gen(function*() {
      const { query, server } = yield* v3
      yield* query("sql", { q: "SELECT 1" })
      yield* query("sql", { db: "d", query: "SELECT 1" })
      yield* query("sql", { db: "d", q: "SELECT 1", format: "ndjson" })
      yield* query("sql", { db: "d", q: "SELECT 1", params: { a: { b: 1 } } })
      assert.deepStrictEqual(server.violations.map((violation) => violation.slice("POST /api/v3/query_sql: ".length)), [
        "\"db\" is missing",
        "the query has no \"query\"",
        "\"q\" is not a text",
        "\"format\" can't be \"ndjson\"",
        "the parameter \"a\" is not a string, a number, a boolean or null"
      ])
    }))

  it.effect("says its health and version to those who sign in", () =>
    Effect.gen(function*() {
      const { server } = yield* v3
      const headers = { authorization: "Bearer t0" }
      assert.strictEqual((yield* ask(`${server.url}/health`, { method: "GET", headers })).body, "OK")
      const ping = yield* ask(`${server.url}/ping`, { method: "GET", headers })
      assert.deepStrictEqual([ping.status, ping.json().version], [200, "3.8.0"])
      assert.deepStrictEqual(server.violations, [])
    }))
})
