/** What the encoder writes, the decoder reads back as exactly the point. */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Result, Schema } from "effect"
import { LineProtocol, Point } from "efflux"
import { check, samePoint } from "./roundTrip.ts"

const newSeed = () => Number(process.env.EFFLUX_SEED ?? Math.floor(Math.random() * 2 ** 31))

describe("round trip", () => {
  it.live("every generated point reads back as itself, in every dialect and precision", () =>
    Effect.gen(function*() {
      const seed = newSeed()
      console.log(
        `round trip: 10000 points, seed ${seed} (more: node packages/efflux/test/encode/roundTrip.ts 1000000 ${seed})`
      )
      yield* check(10_000, seed)
    }))

  it.effect("the Schema codec gives back the point that it wrote", () =>
    Effect.gen(function*() {
      for (const dialect of ["influx-2", "influx-3"] as const) {
        const Line = LineProtocol.makeLine({ dialect })
        const seed = newSeed()
        const points = yield* Arbitrary.sampleEffect(Arbitrary.schema(Point.makeSchema(dialect)), { count: 300, seed })
        for (const point of points) {
          const line = yield* Schema.encodeEffect(Line)(point)
          assert.isTrue(samePoint(point, yield* Schema.decodeEffect(Line)(line)), `seed ${seed}: ${line}`)
        }
      }
    }))
})

describe("the Schema codec", () => {
  const decode = (line: string) => Schema.decodeUnknownResult(LineProtocol.Line)(line)

  it("says where and why a line can't be read", () => {
    const result = decode("cpu,host=a load=1.1.1")
    assert.isTrue(Result.isFailure(result))
    assert.include(String(Result.getFailure(result)), "line 1, column 17: expected a number, at \"1.1.1\"")
  })

  it("says why a point can't be written", () => {
    const result = Schema.encodeUnknownResult(LineProtocol.Line)({
      measurement: "m",
      tags: {},
      fields: { v: Point.uint(1n) }
    })
    assert.isTrue(Result.isFailure(result))
    assert.include(String(Result.getFailure(result)), "this dialect has no unsigned integers")
  })

  it("refuses lines whose point could not be written again", () => {
    for (const line of ["m,time=a v=1", "m,a=\u0001 v=1", "m,a\\\\ =b v=1"]) {
      assert.isTrue(Result.isSuccess(LineProtocol.decode(line)), line)
    }
    assert.isTrue(Result.isFailure(decode("m,time=a v=1")))
    assert.isTrue(Result.isFailure(decode("m,a=\u0001 v=1")))
  })
})
