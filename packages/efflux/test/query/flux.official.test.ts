/** The Flux that Efflux writes, read by InfluxData's own parser. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Result } from "effect"
import { Flux, Point } from "efflux"
import * as FluxRenderer from "../../src/internal/query/FluxRenderer.ts"
import { load, type Node } from "../support/fluxParser.ts"
import { hostileText, seeded } from "../support/hostileText.ts"

const { is_valid_flux: isValid, parse } = await load()

const render = (script: Flux.Fragment) => Result.getOrThrow(FluxRenderer.render(script)).text

/** The one value that the script assigns to `a`, if it is that and then `b = 2`. */
const assigned = (value: Flux.Value): Node => {
  const text = render(Flux.query`a = ${value} // a comment
    b = 2`)
  const { body } = parse(text)
  assert.deepStrictEqual(
    body.map(({ id, type }) => [type, (id as { readonly name: string }).name]),
    [["VariableAssignment", "a"], ["VariableAssignment", "b"]],
    text
  )
  const init = body[0]!.init as Node
  assert.isUndefined(init.errors, text)
  return init
}

describe("the official parser of Flux", () => {
  it("reads 20 000 hostile strings as one literal each, with the value that was given", () => {
    const random = seeded()
    for (let n = 0; n < 20_000; n++) {
      const value = hostileText(random)
      const { type, value: read } = assigned(value)
      assert.deepStrictEqual([type, read], ["StringLiteral", value])
    }
  })

  it("reads 5 000 hostile texts in regular expressions as one literal each", () => {
    const random = seeded()
    for (let n = 0; n < 5_000; n++) {
      const value = hostileText(random)
      const { type, value: read } = assigned(new RegExp(Flux.escapeRegex(value)))
      assert.strictEqual(type, "RegexpLiteral")
      // What JavaScript makes of what the parser read: the same text is found, and nothing else.
      const expression = (read as string).replace(/\\x\{(\w+)\}/g, (_, code: string) => `\\u${code.padStart(4, "0")}`)
      const found = new RegExp(`^(?:${expression})$`).exec(value)
      assert.strictEqual(found?.[0], value)
    }
  })

  it.each<[Flux.Value, string, unknown]>([
    [-5, "UnaryExpression", undefined],
    [2n ** 63n - 1n, "IntegerLiteral", "9223372036854775807"],
    [5e-324, "FloatLiteral", 5e-324],
    [1.7976931348623157e308, "FloatLiteral", 1.7976931348623157e308],
    [Flux.float(3), "FloatLiteral", 3],
    [new Date(1), "DateTimeLiteral", "1970-01-01T00:00:00.001+00:00"],
    [Flux.time(1n), "DateTimeLiteral", "1970-01-01T00:00:00.000000001+00:00"],
    [Flux.time(-9223372036854775806n), "DateTimeLiteral", "1677-09-21T00:12:43.145224194+00:00"],
    [/\d[/]\/\\/i, "RegexpLiteral", "(?i)\\d[/]/\\\\"]
  ])("reads %s as what it is", (value, type, read) => {
    const node = assigned(value)
    assert.strictEqual(node.type, type)
    if (read !== undefined) assert.strictEqual(node.value, read)
  })

  it("finds nothing wrong in a script with values of every kind", () => {
    const script = render(Flux.query`from(bucket: ${"b\"${x}"})
      |> range(start: -${Duration.hours(1)}, stop: ${new Date(0)})
      |> filter(fn: (r) => r[${"a\"b"}] == ${"x"} and r.n > ${-(2n ** 63n)} and r.u < ${Point.uint(2n ** 64n - 1n)})
      |> filter(fn: (r) => r.host =~ ${/^a\/b$/} and contains(value: r.az, set: ${["a", "b"]}))
      |> window(every: ${Duration.millis(1500)})
      |> limit(n: ${10})`)
    assert.isTrue(isValid(script), script)
  })
})
