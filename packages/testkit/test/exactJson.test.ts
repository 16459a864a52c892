import { assert, describe, it } from "@effect/vitest"
import { parse } from "../src/internal/exactJson.ts"

describe("exact JSON", () => {
  it("keeps integers that a number can't hold", () => {
    assert.deepStrictEqual(
      parse("[9007199254740993, -9223372036854775808, 18446744073709551615]"),
      [9007199254740993n, -9223372036854775808n, 18446744073709551615n]
    )
  })

  it("leaves everything else as JSON.parse gives it", () => {
    const text =
      "{\"a\":[1,-0,1.5,1e21,9007199254740991,100000000000000000000,\"9007199254740993\",null,true],\"__proto__\":2}"
    assert.deepStrictEqual(parse(text), JSON.parse(text))
    assert.isTrue(Object.hasOwn(parse(text) as object, "__proto__"))
  })
})
