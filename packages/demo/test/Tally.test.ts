import { assert, describe, it } from "@effect/vitest"
import { Tally } from "../src/Tally.ts"

const bytes = (text: string) => new TextEncoder().encode(text)

describe("Tally", () => {
  it("counts a row once for each series and timestamp", () => {
    const tally = new Tally("r")
    tally.add(bytes("m,run=r a=1 1\nm,run=r a=1 2\nm,run=r b=2 1\nm,core=0,run=r a=1 1\nn,run=r a=1 1"))
    tally.add(bytes("m,run=r a=1 2\n"))
    assert.deepStrictEqual(tally.counts, { payloads: 2, points: 6, rows: 4, foreign: 0, errors: 0 })
  })

  it("takes the order of tags for no difference", () => {
    const tally = new Tally("r")
    tally.add(bytes("m,a=1,run=r v=1 1\nm,run=r,a=1 v=1 1"))
    assert.strictEqual(tally.counts.rows, 1)
  })

  it("keeps points of other runs apart", () => {
    const tally = new Tally("r")
    tally.add(bytes("m,run=other v=1 1\nm v=1 1\nm,run=r v=1 1"))
    assert.deepStrictEqual(tally.counts, { payloads: 1, points: 1, rows: 1, foreign: 2, errors: 0 })
  })

  it("counts lines that it can't read, beside those that it can", () => {
    const tally = new Tally("r")
    tally.add(bytes("m,run=r v=1 1\nno line protocol\nm,run=r v=1 2"))
    assert.deepStrictEqual(tally.counts, { payloads: 1, points: 2, rows: 2, foreign: 0, errors: 1 })
  })
})
