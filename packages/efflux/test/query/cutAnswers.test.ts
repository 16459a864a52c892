/** Answers in all formats, cut anywhere, in chunks of one byte, and with wrong bytes in them. */
import { assert, describe, it } from "@effect/vitest"
import { MsgPack } from "@efflux/testkit"
import { Cause, Effect, Exit, Result, Stream } from "effect"
import { Flux, type InfluxClient, InfluxError, InfluxQL, Sql } from "efflux"
import { check } from "../../src/internal/config/ClientSettings.ts"
import * as QueryRequest from "../../src/internal/query/QueryRequest.ts"
import { seeded } from "../support/hostileText.ts"

const documents: ReadonlyArray<Record<string, unknown>> = [
  {
    results: [
      {
        statement_id: 0,
        series: [
          { name: "c", tags: { h: "a" }, columns: ["time", "v", "ä"], values: [[1, 2.5, "x\"y"], [2, null, "é"]] },
          { name: "d", columns: ["𝄞"], values: [["\u0001"], ["𝄞"], [true]] }
        ]
      },
      { statement_id: 1, series: [{ columns: ["n"], values: [[1]], partial: true }], partial: true }
    ]
  },
  { results: [{ statement_id: 1, series: [{ columns: ["n"], values: [[12345], [-1e300]] }] }] }
]

const csv = `#datatype,string,long,dateTime:RFC3339,string,double
#group,false,false,false,true,false
#default,_result,,,,
,result,table,_time,h,_value
,,0,2020-01-01T00:00:00Z,"a,""b
",1.5
,,0,2020-01-01T00:00:01Z,ä,12345

#datatype,string,long,string
#group,false,false,false
#default,x,,
,result,table,s
,,1,z𝄞
`.replace(/\n/g, "\r\n")

const lines =
  `{"time":"2020-01-01T00:00:00","v":1.5,"s":"é\\"𝄞"}\n{"time":"2020-01-01T00:00:01","v":2.0}\n{"v":12345}\n`

const settings = {
  1: Result.getOrThrow(check({ version: 1, database: "d" })),
  2: Result.getOrThrow(check({ version: 2, org: "o" })),
  3: Result.getOrThrow(check({ version: 3, database: "d" }))
}
const statements = { 1: InfluxQL.query`SELECT 1`, 2: Flux.query`x`, 3: Sql.query`SELECT 1` }

interface Outcome {
  readonly rows: ReadonlyArray<readonly [result: string | number, row: InfluxClient.Row]>
  /** The tag of the reason, or `whole`. Anything else that goes wrong fails the test. */
  readonly end: string
}

const read = (version: 1 | 2 | 3, type: string, chunks: ReadonlyArray<Uint8Array>): Effect.Effect<Outcome> =>
  Effect.gen(function*() {
    const rows: Array<Outcome["rows"][number]> = []
    const asked = Result.getOrThrow(QueryRequest.make(settings[version], statements[version], {}))
    const exit = yield* Effect.exit(Stream.runForEach(
      QueryRequest.read(settings[version], asked, {
        endpoint: "test",
        path: "/",
        status: 200,
        headers: { "content-type": type },
        body: Stream.fromIterable(chunks),
        withoutSecrets: (text) => text
      }),
      (piece) => Effect.sync(() => rows.push(...piece.rows.map((row) => [piece.result, row] as const)))
    ))
    if (Exit.isSuccess(exit)) return { rows, end: "whole" }
    const error = Cause.squash(exit.cause)
    assert(error instanceof InfluxError.InfluxError, Cause.pretty(exit.cause))
    return { rows, end: error.reason._tag }
  })

const encoder = new TextEncoder()

/** Where a cut can't be seen in the body, but only in the frame of the answer. */
const formats = [
  {
    name: "JSON of version 1",
    version: 1,
    type: "application/json",
    body: encoder.encode(documents.map((document) => `${JSON.stringify(document)}\n`).join("")),
    isWhole: /\}$/
  },
  {
    name: "MessagePack",
    version: 1,
    type: "application/x-msgpack",
    body: Uint8Array.from(documents.flatMap((document) => [...MsgPack.encode(document)])),
    isWhole: undefined
  },
  { name: "CSV", version: 2, type: "text/csv", body: encoder.encode(csv), isWhole: /(?:^|\n)$/ },
  { name: "JSON lines", version: 3, type: "application/jsonl", body: encoder.encode(lines), isWhole: /(?:^|\}\n?)$/ }
] as const

describe.each(formats)("an answer in $name", ({ body, isWhole, type, version }) => {
  const whole = read(version, type, [body])

  it.effect("is the same in chunks of one byte", () =>
    Effect.gen(function*() {
      const { end, rows } = yield* whole
      assert.strictEqual(end, "whole")
      assert.isAbove(rows.length, 2)
      assert.deepStrictEqual(yield* read(version, type, Array.from(body, (byte) => Uint8Array.of(byte))), { end, rows })
    }))

  it.effect("that is cut anywhere gives only rows that it has, and then an error", () =>
    Effect.gen(function*() {
      const { rows: all } = yield* whole
      for (let length = 0; length < body.length; length++) {
        const start = body.subarray(0, length)
        const { end, rows } = yield* read(version, type, [start])
        const mayEnd = isWhole?.test(Buffer.from(start).toString()) === true
        if (!mayEnd) assert.notStrictEqual(end, "whole", `${length} bytes`)
        assert.deepStrictEqual(rows, all.slice(0, rows.length), `${length} bytes`)
      }
    }))

  it.effect("with wrong bytes in it gives rows or an error, and nothing else", () =>
    Effect.gen(function*() {
      const random = seeded()
      for (let n = 0; n < 2000; n++) {
        const wrong = body.slice()
        for (let bytes = random.integer(1, 3); bytes > 0; bytes--) {
          wrong[random.integer(0, body.length - 1)] = random.pick([random.integer(0, 255), random.pick([...body])])
        }
        const { end } = yield* read(version, type, [wrong.subarray(0, 50), wrong.subarray(50)])
        assert.include(["whole", "InvalidAnswer", "StatementFailed"], end)
      }
    }))
})
