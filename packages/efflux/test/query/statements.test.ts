import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Result } from "effect"
import { Flux, InfluxQL, Point, Sql } from "efflux"
import * as FluxRenderer from "../../src/internal/query/FluxRenderer.ts"
import * as InfluxQLRenderer from "../../src/internal/query/InfluxQLRenderer.ts"
import * as SqlRenderer from "../../src/internal/query/SqlRenderer.ts"

const v1 = (statement: InfluxQL.Fragment) => Result.getOrThrow(InfluxQLRenderer.renderV1(statement))
const v3 = (statement: InfluxQL.Fragment) => Result.getOrThrow(InfluxQLRenderer.renderV3(statement))
const ql = (statement: InfluxQL.Fragment) => Result.getOrThrow(InfluxQLRenderer.renderText(statement))
const flux = (script: Flux.Fragment) => Result.getOrThrow(FluxRenderer.render(script)).text
const sql = (query: Sql.Fragment) => Result.getOrThrow(SqlRenderer.render(query))

const refusal = (rendered: Result.Result<unknown, string>): string =>
  Result.match(rendered, { onFailure: (reason) => reason, onSuccess: () => "rendered" })

const instant = new Date("2026-01-02T03:04:05.006Z")

describe("InfluxQL", () => {
  it("has a bind parameter for every value on InfluxDB 1", () => {
    assert.deepStrictEqual(
      v1(InfluxQL.query`SELECT ${InfluxQL.identifier("a\"b")} FROM m WHERE s = ${"it's"} AND i > ${5} AND b = ${true}
        AND f < ${1e21} AND n = ${9223372036854775807n} AND h =~ ${/^a\/b$/i} AND time > ${instant} - ${
        Duration.minutes(5)
      }`),
      {
        text: `SELECT $p0 FROM m WHERE s = $p1 AND i > $p2 AND b = $p3
        AND f < $p4 AND n = $p5 AND h =~ $p6 AND time > $p7 - $p8`,
        params: String.raw`{"p0":{"identifier":"a\"b"},"p1":"it's","p2":5,"p3":true,"p4":1.0e+21,` +
          String
            .raw`"p5":9223372036854775807,"p6":{"regex":"(?i)^a\\/b$"},"p7":1767323045006000000,"p8":{"duration":"5m"}}`
      }
    )
  })

  it("has parameters for strings only on InfluxDB 3", () => {
    assert.deepStrictEqual(
      v3(InfluxQL.query`SELECT ${InfluxQL.identifier("a\"\n\\")} FROM m WHERE s = ${"'"} LIMIT ${3}`),
      {
        text: `SELECT "a\\"\\n\\\\" FROM m WHERE s = $p0 LIMIT 3`,
        params: `{"p0":"'"}`
      }
    )
  })

  it("is the text alone where there are no values", () => {
    assert.deepStrictEqual(v1(InfluxQL.query`SHOW DATABASES`), { text: "SHOW DATABASES", params: undefined })
  })

  it("takes the text as it stands in the source", () => {
    assert.strictEqual(
      ql(InfluxQL.query`SELECT * FROM m WHERE h =~ /\d+\/x/ AND s = 'it\'s \`'`),
      String.raw`SELECT * FROM m WHERE h =~ /\d+\/x/ AND s = 'it\'s ` + "`'"
    )
  })

  it("is composed of fragments", () => {
    const where = InfluxQL.and([InfluxQL.isIn("host", ["a", "b"]), InfluxQL.query`value > ${1.5}`])
    assert.strictEqual(
      ql(
        InfluxQL.query`SELECT * FROM (SELECT * FROM m WHERE ${where}) GROUP BY ${
          ["host", "az"].map(InfluxQL.identifier)
        }`
      ),
      `SELECT * FROM (SELECT * FROM m WHERE (((("host" = 'a') OR ("host" = 'b'))) AND (value > 1.5))) GROUP BY "host", "az"`
    )
  })

  it.each<[InfluxQL.Value, string]>([
    [-0, "0"],
    [5e-324, `0.${"0".repeat(323)}5`],
    [-1.5e-7, "-0.00000015"],
    [1.7976931348623157e308, `17976931348623157${"0".repeat(292)}.0`],
    [2 ** 53, "9007199254740992.0"],
    [-(2n ** 63n), "-9223372036854775808"],
    [Point.uint(7n), "7"],
    ["", "''"],
    ["a\\'\n\"\t\u2028", "'a\\\\\\'\\n\"\t\u2028'"],
    [DateTime.makeUnsafe(instant), "1767323045006000000"],
    [new Date(-1), "-1000000"],
    [Duration.weeks(2), "2w"],
    [Duration.millis(1500), "1500ms"],
    [Duration.nanos(-7n), "-7ns"],
    [Duration.zero, "0w"],
    [/a\/[/]\\/, "/a\\x2f[\\x2f]\\x5c/"],
    [/\d+/gu, "/\\d+/"],
    [/a/is, "/(?is)a/"],
    [new RegExp("\n"), "/\\n/"],
    [new RegExp("\u2028\\u00e9\\ud83d\\ude00\\\\u0041"), "/\\x{2028}\\x{e9}\\x{1f600}\\x5cu0041/"],
    [/\u{1f600}\u002e/u, "/\\x{1f600}\\x{2e}/"],
    [new RegExp("u{2}\\u{2}"), "/u{2}\\u{2}/"],
    [new RegExp(InfluxQL.escapeRegex("a.b/c\\")), "/a\\.b\\x2fc\\x5c/"]
  ])("writes %s", (value, expected) => {
    assert.strictEqual(ql(InfluxQL.query`f(${value})`), `f(${expected})`)
  })

  it("is what its numbers were", () => {
    for (const value of [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -123456.789e-30, 1e21, 1e-7, 4.35]) {
      assert.strictEqual(Number(ql(InfluxQL.query`${value}`)), value)
      assert.strictEqual(JSON.parse(v1(InfluxQL.query`${value}`).params!).p0, value)
    }
  })

  it("keeps tokens apart that would become one", () => {
    assert.strictEqual(ql(InfluxQL.query`a -${-5}`), "a - -5")
    assert.strictEqual(ql(InfluxQL.query`a /${/x/}b${"y"}${"z"}1`), "a / /x/ b 'y' 'z' 1")
    assert.strictEqual(
      ql(InfluxQL.query`${InfluxQL.identifier("d")}.${InfluxQL.identifier("r")}.${InfluxQL.identifier("m")}::tag`),
      `"d"."r"."m"::tag`
    )
    assert.strictEqual(v1(InfluxQL.query`LIMIT ${1}0`).text, "LIMIT $p0 0")
  })

  it.each<[string, InfluxQL.Fragment]>([
    ["a string", InfluxQL.query`SELECT '${"x"}'`],
    ["a name", InfluxQL.query`SELECT "${"x"}"`],
    ["a string with an escaped quote", InfluxQL.query`SELECT 'it\'${"x"}'`],
    ["a string that another fragment begins", InfluxQL.query`SELECT ${InfluxQL.unsafe("'")}${"x"}'`],
    ["a comment", InfluxQL.query`SELECT 1 -- ${"x"}`],
    ["a block comment", InfluxQL.query`SELECT 1 /* ${"x"} */`],
    ["a regular expression", InfluxQL.query`SELECT * FROM m WHERE h =~ /^${"x"}$/`],
    ["a regular expression behind a word", InfluxQL.query`SELECT * FROM /${"x"}/`]
  ])("refuses a value within %s", (_, statement) => {
    for (const render of [InfluxQLRenderer.renderV1, InfluxQLRenderer.renderV3, InfluxQLRenderer.renderText]) {
      assert.match(refusal(render(statement)), /value 1: it stands in /)
    }
  })

  it("takes values behind strings, comments, divisions and regular expressions", () => {
    const text = ql(
      InfluxQL.query`SELECT a / 2, "b" / 2, (c) / ${2}, 'it''s' -- it's
        , /* ' */ d FROM /a'b/ WHERE x =~ /'/ AND y = ${1} / 2 AND z = ${2} -- '`
    )
    assert.include(text, "/ 2 AND z = 2 -- '")
  })

  it.each<[string, unknown]>([
    ["an object of a type", {}],
    ["an object of a type", { language: "InfluxQL", parts: ["; DROP DATABASE d"] }],
    ["an object that can't be read", JSON.parse(`{"~effect/Duration":1,"value":{"_tag":"Nanos","nanos":"5"}}`)],
    ["null", null],
    ["undefined", undefined],
    ["a symbol", Symbol("x")],
    ["a function", () => "x"],
    ["not finite", Number.NaN],
    ["64 bits", 2n ** 64n],
    ["above 2⁶³−1", Point.uint(2n ** 63n)],
    ["lone surrogate", "a\ud800"],
    ["lone surrogate", /\ud800/],
    ["with a flag", /a/v],
    ["invalid Date", new Date(Number.NaN)],
    ["outside of what InfluxDB stores", new Date("9999-01-01")],
    ["not finite", Duration.infinity],
    ["292 years", Duration.weeks(20_000)],
    ["empty list", []],
    ["a fragment of Flux", Flux.query`x`],
    ["a fragment of SQL", Sql.identifier("x")],
    ["an empty name", InfluxQL.identifier("")],
    ["not a string", InfluxQL.identifier({} as string)],
    ["lone surrogate", InfluxQL.identifier("\ud800")],
    ["lone surrogate", InfluxQL.unsafe("x\ud800")],
    ["not a bigint", InfluxQL.time(1 as unknown as bigint)],
    ["empty list", InfluxQL.or([])],
    ["empty list", InfluxQL.isIn("host", [])]
  ])("refuses %s", (expected, value) => {
    const message = refusal(InfluxQLRenderer.renderV1(InfluxQL.query`SELECT ${value as InfluxQL.Value}`))
    assert.include(message, expected)
    assert.include(message, "value 1 is ")
  })

  it("refuses to be called as a function", () => {
    const tag = InfluxQL.query as unknown as (text: unknown) => InfluxQL.Fragment
    assert.include(refusal(InfluxQLRenderer.renderV1(tag(["DROP DATABASE d"]))), "called as a function")
    assert.include(refusal(InfluxQLRenderer.renderV1(tag("DROP DATABASE d"))), "called as a function")
  })

  it("does not show values in its messages or as text", () => {
    const secret = "s3cr3t horse"
    const statement = InfluxQL.query`SELECT ${secret} FROM '${secret}'`
    const message = refusal(InfluxQLRenderer.renderV1(statement))
    assert.notInclude(message + String(statement) + JSON.stringify(statement), secret)
    assert.strictEqual(String(statement), "SELECT ? FROM '?'")
  })

  it("can't write what its parser ends at", () => {
    assert.include(refusal(InfluxQLRenderer.renderText(InfluxQL.query`${"a\0"}`)), "NUL")
    assert.include(refusal(InfluxQLRenderer.renderV3(InfluxQL.query`${InfluxQL.identifier("a\r")}`)), "carriage return")
    assert.strictEqual(v1(InfluxQL.query`${"a\0\r"}`).params, `{"p0":"a\\u0000\\r"}`)
  })
})

describe("Flux", () => {
  it("has a literal for every value", () => {
    assert.strictEqual(
      flux(Flux.query`f(b: ${"x"}, s: -${Duration.hours(1)}, t: ${instant}, l: ${["a", 1, true]}, e: ${[]}, i: ${-5n},
        u: ${Point.uint(2n ** 64n - 1n)}, m: ${-(2n ** 63n)}, f: ${0.5}, w: ${Flux.float(2)}, r: ${/a\/b/}, n: ${
        Flux.time(-1n)
      })`),
      `f(b: "x", s: - 1h, t: 2026-01-02T03:04:05.006000000Z, l: ["a", 1, true], e: [], i: -5,
        u: uint(v: "18446744073709551615"), m: int(v: "-9223372036854775808"), f: 0.5, w: 2.0, r: /a\\x2fb/, n: 1969-12-31T23:59:59.999999999Z)`
    )
  })

  it("writes strings that begin no expression and end nowhere else", () => {
    assert.strictEqual(
      flux(Flux.query`${"\"\\${r}\n\r\t\0\x7f\u2028"}`),
      String.raw`"\x22\x5c\x24{r}\x0a\x0d\x09\x00\x7f` + "\u2028\""
    )
  })

  it.each<[string, Flux.Fragment]>([
    ["a string", Flux.query`r.host == "${"x"}"`],
    ["a string with an expression", Flux.query`r.host == "${Flux.unsafe("${r[\"")}${"x"}`],
    ["a comment", Flux.query`x // ${"x"}`],
    ["a regular expression", Flux.query`r.host =~ /^${"x"}/`]
  ])("refuses a value within %s", (_, script) => {
    assert.match(refusal(FluxRenderer.render(script)), /value \d: it stands in |not closed/)
  })
})

describe("SQL", () => {
  it("has parameters for values, and writes names, times and durations", () => {
    assert.deepStrictEqual(
      sql(
        Sql.query`SELECT ${Sql.identifier("a\"b")} FROM t WHERE s IN (${["x", "it's"]}) AND f > ${1e300} AND i = ${
          Point.uint(2n ** 64n - 1n)
        } AND r ~ ${/x/i} AND time > ${Sql.time(-1n)} - ${Duration.millis(1500)} LIMIT ${10}`
      ),
      {
        text: `SELECT "a""b" FROM t WHERE s IN ($p0, $p1) AND f > $p2 AND i = $p3 AND r ~ $p4 ` +
          `AND time > TIMESTAMP '1969-12-31T23:59:59.999999999Z' - INTERVAL '1500 milliseconds' LIMIT $p5`,
        params: `{"p0":"x","p1":"it's","p2":1.0e+300,"p3":18446744073709551615,"p4":"(?i)x","p5":10}`
      }
    )
  })

  it.each<[string, Sql.Fragment]>([
    ["a string", Sql.query`SELECT '${"x"}'`],
    ["a string with a quote", Sql.query`SELECT 'it''s ${"x"}'`],
    ["a string of another kind", Sql.query`SELECT E'it\'s', ${"x"}`],
    ["dollars", Sql.query`SELECT $$it's$$, ${"x"}`],
    ["a name", Sql.query`SELECT "${"x"}"`],
    ["a comment", Sql.query`SELECT -- ${"x"}`],
    ["a comment in a comment", Sql.query`SELECT /* /* */ ${"x"} */`]
  ])("refuses a value within %s", (_, query) => {
    assert.match(refusal(SqlRenderer.render(query)), /value 1: it stands in /)
  })

  it("keeps strings apart that would become one", () => {
    assert.strictEqual(
      sql(Sql.query`SELECT 'a'${Sql.identifier("b")}${Sql.identifier("c")}'d'`).text,
      `SELECT 'a' "b" "c" 'd'`
    )
  })
})
