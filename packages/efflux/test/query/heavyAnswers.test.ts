/** Small answers that expand to a lot of memory. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { BadAnswer } from "../../src/internal/query/BadAnswer.ts"
import * as JsonReader from "../../src/internal/query/JsonReader.ts"
import * as QueryRequest from "../../src/internal/query/QueryRequest.ts"
import { maxRows } from "../../src/internal/query/Row.ts"
import { cases, run } from "./heavyAnswers.ts"

// The memory of a process is read from Linux.
describe.skipIf(process.platform !== "linux")("an answer that becomes much more than it weighs", () => {
  it.live.each(Object.entries(cases))(
    "ends as it should, in bounded memory: %s",
    ([name, { outcome }]) =>
      Effect.gen(function*() {
        const fared = yield* Effect.promise(() => run(name))
        assert.match(fared.outcome, outcome)
        // 256 MiB of rows by default, and what the collector has not collected yet.
        assert.isBelow(fared.grown, 600)
      })
  )
})

describe("the work between two turns of the event loop", () => {
  const bytes = (text: string) => new TextEncoder().encode(text)

  it("is a piece of so many rows at most, however many there are in a line or in what has arrived", () => {
    const rows = 4 * maxRows
    const line = `{"results":[{"series":[{"columns":["n"],"values":[${Array(rows).fill("[0]").join()}]}]}]}\n`
    for (
      const pieces of [
        JsonReader.documents(2 ** 24).read(bytes(line)),
        JsonReader.rows(2 ** 24).read(bytes("{}\n".repeat(rows)))
      ]
    ) {
      const counts = Array.from(pieces, (piece) => piece instanceof BadAnswer ? -1 : piece.rows.length).filter((n) =>
        n !== 0
      )
      assert.deepStrictEqual(counts, [maxRows, maxRows, maxRows, maxRows])
    }
  })

  it("is a piece of so many values at most, however wide its rows are", () => {
    const columns = Array.from({ length: 1000 }, (_, n) => `"c${n}"`).join()
    const row = `[${Array(1000).fill(0).join()}]`
    const line = `{"results":[{"series":[{"columns":[${columns}],"values":[${Array(300).fill(row).join()}]}]}]}\n`
    const counts = Array.from(
      JsonReader.documents(2 ** 24).read(bytes(line)),
      (piece) => piece instanceof BadAnswer ? Infinity : piece.rows.length
    )
    assert.strictEqual(counts.reduce((sum, count) => sum + count, 0), 300)
    assert.isAtMost(Math.max(...counts), 35)
  })

  it.live("is that of one arrived chunk, though all of them are there", () =>
    Effect.gen(function*() {
      let turns = 0
      const turn = () => {
        turns++
        immediate = setImmediate(turn)
      }
      let immediate = setImmediate(turn)
      const chunk = bytes(`{"n":1}\n`.repeat(1000))
      const read = QueryRequest.read(
        { version: 3, maxLineBytes: 1000 } as Parameters<typeof QueryRequest.read>[0],
        { language: "SQL", measurement: undefined } as Parameters<typeof QueryRequest.read>[1],
        {
          endpoint: "test",
          path: "/",
          status: 200,
          headers: { "content-type": "application/jsonl" },
          body: Stream.fromIterable(Array.from({ length: 200 }, () => chunk)),
          withoutSecrets: (text) => text
        }
      )
      const rows = yield* Stream.runFold(read, () => 0, (all, piece) => all + piece.rows.length)
      clearImmediate(immediate)
      assert.strictEqual(rows, 200_000)
      assert.isAtLeast(turns, 195)
    }))
})
