/** How answers are read, however they are cut into pieces. */
import { assert, describe, it } from "@effect/vitest"
import { ExactJson, MsgPack } from "@efflux/testkit"
import * as AnswerReader from "../../src/internal/query/AnswerReader.ts"
import { BadAnswer } from "../../src/internal/query/BadAnswer.ts"
import * as CsvReader from "../../src/internal/query/CsvReader.ts"
import * as JsonReader from "../../src/internal/query/JsonReader.ts"
import * as MsgPackReader from "../../src/internal/query/MsgPackReader.ts"
import { outOfRange } from "../../src/internal/query/PullParser.ts"
import { maxRows, type Rows } from "../../src/internal/query/Row.ts"
import * as Instant from "../../src/internal/text/Instant.ts"
import { seeded } from "../support/hostileText.ts"
import { readRows } from "../support/rows.ts"

describe("JSON", () => {
  it.each<[string, unknown]>([
    ["9007199254740991", 9007199254740991],
    ["9007199254740993", 9007199254740993n],
    ["-9223372036854775808", -9223372036854775808n],
    ["18446744073709551615", 18446744073709551615n],
    ["18446744073709551616", 18446744073709552000],
    ["500000000000000000000", 5e20],
    ["1e+21", 1e21],
    ["9007199254740993.5", Number("9007199254740993.5")],
    ["9007199254740993e2", 900719925474099300],
    ["0.9007199254740993", 0.9007199254740993],
    ["1234567890.1234567890123456", Number("1234567890.1234567890123456")],
    ["1e-9007199254740993", 0],
    ["0000", BadAnswer],
    ["09007199254740993", BadAnswer],
    ["9007199254740993x", BadAnswer],
    ["\"9007199254740993", BadAnswer]
  ])("has %s exactly, also in lists, objects and beside strings of digits", (text, expected) => {
    const wraps: ReadonlyArray<readonly [before: string, after: string, wrap: (value: unknown) => unknown]> = [
      ["", "", (value) => value],
      [" [ ", " ,1] ", (value) => [value, 1]],
      [`{"a":`, "}", (a) => ({ a })],
      [
        `[[["9007199254740993",`,
        `,"\\"9007199254740993,"]]]`,
        (v) => [[["9007199254740993", v, "\"9007199254740993,"]]]
      ],
      [`["\\u00009007199254740993",`, "]", (value) => ["\u00009007199254740993", value]],
      [`{"__proto__":`, `,"a":"\\\\"}`, (value) => ({ ["__proto__"]: value, a: "\\" })]
    ]
    for (const [before, after, wrap] of wraps) {
      const parse = () => ExactJson.parse(before + text + after)
      if (expected === BadAnswer) assert.throws(parse, BadAnswer)
      else assert.deepStrictEqual(parse(), wrap(expected))
    }
  })

  it("is what a reviver makes of it", () => {
    const random = seeded()
    const scalar = (): string =>
      random.pick([
        () => String(BigInt(Math.floor(random.next() * 2 ** 53)) * BigInt(random.integer(-1200, 1200))),
        () => JSON.stringify(random.next() * 10 ** random.integer(-30, 30)),
        () => JSON.stringify(`,${random.integer(0, 9)}007199254740993,\u0000`.slice(0, random.integer(0, 20))),
        () => "null",
        () => "true"
      ])()
    const document = (depth: number): string =>
      depth === 0 || random.chance(0.3)
        ? scalar()
        : random.chance(0.5)
        ? `[${Array.from({ length: random.integer(0, 4) }, () => document(depth - 1)).join(random.pick([",", " , "]))}]`
        : `{${Array.from({ length: random.integer(0, 4) }, (_, n) => `"k${n}":${document(depth - 1)}`).join(",")}}`
    const reviver = (_: string, value: unknown, context?: { readonly source?: string }) => {
      const source = context?.source
      if (typeof value !== "number" || Number.isSafeInteger(value) || source === undefined) return value
      if (!/^-?\d+$/.test(source)) return value
      const integer = BigInt(source)
      return integer >= -(2n ** 63n) && integer < 2n ** 64n ? integer : value
    }
    for (let n = 0; n < 20_000; n++) {
      const text = document(4)
      assert.deepStrictEqual(ExactJson.parse(text), JSON.parse(text, reviver), text)
    }
  })

  it("is refused where JSON.parse refuses it, also where nothing of it is kept", () => {
    const random = seeded()
    const scalars = ["1", "-0.5e3", "null", "true", `"a"`, `"\\u0041\\n"`, `"more than a short text"`]
    const document = (depth: number): string =>
      depth === 0 || random.chance(0.3)
        ? random.pick(scalars)
        : random.chance(0.5)
        ? `[${
          Array.from({ length: random.integer(0, 3) }, () => document(depth - 1)).join(random.pick([",", "\t, "]))
        }]`
        : `{${Array.from({ length: random.integer(0, 3) }, (_, n) => `"k${n}" :${document(depth - 1)}`).join(",")}}`
    const marks = [..."[]{},:\"\\-+.01en \t\r\0\u0001\u000b\f\u001f\u007f\u00a0\u2028", ""]
    const broken = (text: string): string => {
      const at = random.integer(0, text.length)
      return text.slice(0, at) + random.pick(marks) + text.slice(at + random.integer(0, 1))
    }
    const isRead = (read: () => unknown): boolean => {
      try {
        read()
        return true
      } catch (error) {
        assert.isTrue(error instanceof BadAnswer || error instanceof SyntaxError, String(error))
        return false
      }
    }
    const counts = { read: 0, refused: 0 }
    for (let n = 0; n < 20_000; n++) {
      let text = document(4)
      for (let left = random.integer(0, 2); left > 0; left--) text = broken(text)
      const isJson = isRead(() => JSON.parse(text))
      assert.strictEqual(isRead(() => ExactJson.parse(text)), isJson, JSON.stringify(text))
      // A member that no answer has, of which its end may be a part of what is broken.
      const around = `{"results":[{}],"other":${text}}`
      assert.strictEqual(
        Array.isArray(read(v1(), `${around}\n`, 1000)),
        isRead(() => JSON.parse(around)),
        JSON.stringify(around)
      )
      counts[isJson ? "read" : "refused"]++
    }
    assert.isTrue(counts.read > 5000 && counts.refused > 5000, JSON.stringify(counts))
  })

  it.each<[string, string]>([
    ["it is not JSON", `{"results":[}]`],
    ["it is not JSON", `{"results":[],"other":{"a":[1}]}`],
    ["it is not JSON", `{"results":[],"other":[1 2]}`],
    ["it is not JSON", `{"results":[],\u0001"other":1}`],
    ["it is not JSON", `{"results":[],"other":"a\u0001"}`],
    ["it is not JSON", `{"error":{"code":3]}`],
    ["it is nested more than 10000 deep", `{"results":[],"other":${"[".repeat(10_001)}${"]".repeat(10_001)}}`]
  ])("in a member of an answer is refused, as %s: %.40s", (expected, text) => {
    assert.strictEqual(read(v1(100_000), `${text}\n`, 1000), `Unreadable: ${expected}`)
  })

  it("is read in a member that no answer has, up to 10000 deep", () => {
    for (const deep of [`${"[".repeat(10_000)}${"]".repeat(10_000)}`, `{"a":[{"b":"]"},{}]}`]) {
      assert.deepStrictEqual(read(v1(100_000), `{"other":${deep},"results":[{}]}\n`, 1000), [])
    }
  })

  it("has each name as it is written, whatever objects were read before", () => {
    // V8 itself reads the second of these as the first.
    for (const [first, second] of [["\\", "\""], ["a\\", "a\n"], ["\\u", "\u0000x"], ["\\\\", "\"\""]] as const) {
      for (const value of [1, 9007199254740993n, { [first]: [{ [second]: "\\" }] }]) {
        const text = (name: string) =>
          JSON.stringify({ last: "m", [name]: typeof value === "bigint" ? "?" : value, s: `"${name}":` })
            .replace("\"?\"", String(value))
        for (const name of [first, second, first]) {
          const expected = { last: "m", [name]: value, s: `"${name}":` }
          assert.deepStrictEqual(ExactJson.parse(text(name)), expected)
          assert.deepStrictEqual(Object.keys(ExactJson.parse(text(name)) as object), Object.keys(expected))
        }
      }
    }
    assert.deepStrictEqual(ExactJson.parse("{\"a\\\"\" : 1, \"a\\u0022\":2,\"__proto\\u005f_\":3}"), {
      "a\"": 2,
      ["__proto__"]: 3
    })
    assert.throws(() => ExactJson.parse("{\"\\x\":1}"), BadAnswer)
    assert.throws(() => ExactJson.parse("{\"\\\"\":1"), BadAnswer)
  })

  it("takes time in proportion to its length, also if it is broken", () => {
    // A list of 2 million characters whose string does not end: an expression that tries again would take for ever.
    const text = `[9007199254740993,"${"a1234567890123456\\\\".repeat(100_000)}`
    assert.throws(() => ExactJson.parse(text), BadAnswer)
    // A string could begin at each of these quotes.
    for (const end of ["", "\\", "\\\u2028\"]"]) {
      assert.throws(() => ExactJson.parse(`[9007199254740993,"${"\\\"".repeat(200_000)}${end}`), BadAnswer)
    }
  })

  it("has an integer of any number of digits, which beyond 64 bits is a float, as far as one reaches", () => {
    assert.deepStrictEqual(ExactJson.parse(`[${"9".repeat(100_000)},-${"9".repeat(21)}]`), [outOfRange, -1e21])
    assert.deepStrictEqual(ExactJson.parse(`["\\u0000",${"9".repeat(100_000)}]`), ["\u0000", outOfRange])
  })
})

describe("an instant", () => {
  it("is read like a Date where a Date can hold it", () => {
    const random = seeded()
    for (let n = 0; n < 20_000; n++) {
      const millis = random.integer(-9_223_372_036_854, 9_223_372_036_854)
      const text = new Date(millis).toISOString()
      assert.strictEqual(Instant.parse(text), BigInt(millis) * 1_000_000n, text)
      assert.strictEqual(Instant.parse(text.slice(0, -1)), BigInt(millis) * 1_000_000n, text)
    }
  })
})

/** What each format's answer is that is none, or an error, and what it says of itself. */
const refused = (format: string) =>
  readRows<{ readonly id: string; readonly body: string; readonly expect: string }>(
    new URL("../conformance/refusedAnswers.jsonl", import.meta.url)
  ).filter(({ id }) => id.startsWith(`${format}/`))

type Reader = AnswerReader.AnswerReader<Uint8Array>

/** What a reader makes of an answer that comes in pieces of a size: the rows by their results, or why there are none. */
const results = (reader: Reader, bytes: Uint8Array, size: number) => {
  const found: Record<string, Array<unknown>> = {}
  const take = (pieces: Iterable<Rows | BadAnswer>): string | undefined => {
    for (const piece of pieces) {
      if (piece instanceof BadAnswer) return `${piece.kind}: ${piece.detail}`
      ;(found[piece.result] ??= []).push(...piece.rows)
      assert.isAtMost(piece.rows.length, maxRows)
    }
    return undefined
  }
  for (let start = 0; start < bytes.length; start += size) {
    const problem = take(reader.read(bytes.subarray(start, start + size)))
    if (problem !== undefined) return problem
  }
  return take(reader.end()) ?? found
}

const read = (reader: Reader, text: string, size: number) => {
  const found = results(reader, new TextEncoder().encode(text), size)
  return typeof found === "string" ? found : Object.values(found).flat()
}

const v1 = (maxBytes = 10_000) => JsonReader.documents(maxBytes)
const v3 = () => JsonReader.rows(10_000)

const { encode, Time } = MsgPack

const sizes = [1, 2, 3, 7, 100, 100_000]

const partial = "Failed: the answer is partial: it has more rows than the server gives"

const sameName = (name: string) =>
  `Unreadable: two columns, or a column and a tag, are named ${name}; rename one of them with AS`

describe("an answer of InfluxDB 1 in JSON", () => {
  const document = (values: string, more = "") =>
    `{"results":[{"statement_id":0,"series":[{"name":"m","tags":{"host":"ä","none":""},"columns":["time","n"],"values":[${values}]}]${more}}]}\n`

  const series = (text: string) => `{"results":[{"series":[${text}]}]}\n`

  it.each(sizes)("is read in pieces of %i bytes", (size) => {
    const text = document(`["1970-01-01T00:00:00.000000001Z",1],["1970-01-01T00:00:01Z",null]`, `,"partial":true`) +
      document(`["1970-01-01T00:00:02Z",9007199254740993]`)
    assert.deepStrictEqual(read(v1(), text, size), [
      { time: 1n, n: 1, host: "ä" },
      { time: 1_000_000_000n, host: "ä" },
      { time: 2_000_000_000n, n: 9007199254740993n, host: "ä" }
    ])
  })

  it.each(refused("json"))("$expect: $id", ({ body, expect }) => {
    for (const size of sizes) assert.strictEqual(read(v1(), body, size), expect)
  })

  it("may repeat a tag in a column, and have an error that is null", () => {
    const text =
      `{"error":null,"results":[{"error":null,"series":[{"tags":{"host":"a"},"columns":["host","n"],"values":[["a",1]]}]}]}\n`
    assert.deepStrictEqual(read(v1(), text, 100), [{ host: "a", n: 1 }])
  })

  it("may have the name of its series as a column, unless there is one of that name", () => {
    const named = (column: string) => read(JsonReader.documents(10_000, column), document("[1,1]"), 100)
    assert.deepStrictEqual(named("about"), [{ time: 1n, n: 1, host: "ä", about: "m" }])
    assert.strictEqual(named("n"), sameName("n"))
    assert.strictEqual(named("host"), sameName("host"))
  })

  it("keeps the results of several statements apart, also those without rows", () => {
    const other = document("[1,2]").replace("\"statement_id\":0", "\"statement_id\":2")
    const text = document("[1,1]") + `{"results":[{"statement_id":1}]}\n` + other
    assert.deepStrictEqual(results(v1(), new TextEncoder().encode(text), 100), {
      0: [{ time: 1n, n: 1, host: "ä" }],
      1: [],
      2: [{ time: 1n, n: 2, host: "ä" }]
    })
  })

  it.each([
    `{"columns":["a"],"values":[[1]],"tags":{"h":"x"}}`,
    `{"values":[[1]],"columns":["a"]}`,
    `{"columns":["a"],"tags":{"h":"x"},"values":[[1]],"tags2":0,"columns":["a"]}`
  ])("is refused where rows come before what they belong to: %s", (text) => {
    assert.match(String(read(v1(), series(text), 100)), /^Unreadable: /)
    assert.match(
      String(read(JsonReader.documents(10_000, "m"), series(`{"columns":["a"],"values":[[1]],"name":"x"}`), 9)),
      /before/
    )
    assert.isArray(read(v1(), series(`{"columns":["a"],"values":[[1]],"name":"x","partial":false}`), 100))
  })

  it("may name its statement behind its rows only if it is the one that was expected", () => {
    const text = (id: number) => `{"results":[{"series":[{"columns":["a"],"values":[[1]]}],"statement_id":${id}}]}\n`
    assert.deepStrictEqual(read(v1(), text(0), 100), [{ a: 1 }])
    assert.strictEqual(read(v1(), text(1), 100), "Unreadable: the rows of a series come before what they belong to")
  })

  it("may have columns of any name", () => {
    const text = series(`{"name":"m","columns":["__proto__","toString"],"values":[[1,2]]}`)
    const [row] = read(v1(), text, 100) as ReadonlyArray<object>
    assert.deepStrictEqual(Object.entries(row!), [["__proto__", 1], ["toString", 2]])
    assert.strictEqual(Object.getPrototypeOf(row), Object.prototype)
  })

  it.each(sizes)("is refused if a line is too long, in pieces of %i bytes", (size) => {
    const text = document("[1,1]").repeat(3)
    const length = text.length / 3 + 1 // a byte more than a character
    assert.isArray(read(v1(length), text, size))
    assert.strictEqual(read(v1(100), text, size), "Unreadable: a line is longer than 100 bytes")
  })

  it("is refused if its tags, repeated in each row, would fill the memory", () => {
    const tags = JSON.stringify(Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`t${n}`, "v"])))
    const answer = (rows: number) =>
      `{"results":[{"series":[{"name":"m","tags":${tags},"columns":["n"],"values":[${Array(rows).fill("[1]")}]}]}]}\n`
    const whole = 100_000_000
    assert.lengthOf(read(v1(whole), answer(3), whole), 3)
    assert.strictEqual(
      read(v1(whole), answer(4001), whole),
      "Unreadable: the tags of its series, repeated in each of their rows, are too many"
    )
  })

  it("is refused if it is not UTF-8", () => {
    const bytes = Uint8Array.of(0x22, 0xff, 0x22, 10)
    for (const size of sizes) assert.strictEqual(results(v1(), bytes, size), "Unreadable: it is not UTF-8")
  })
})

describe("an answer of InfluxDB 3", () => {
  it.each(sizes)("is read in pieces of %i bytes", (size) => {
    const text =
      `{"time":"2026-01-01T00:00:00.000000001","n":9007199254740993,"s":"a\\nb"}\r\n{"n":null}\n\n{"error":"a column","n":1}`
    assert.deepStrictEqual(read(v3(), text, size), [
      { time: 1767225600000000001n, n: 9007199254740993n, s: "a\nb" },
      {},
      { error: "a column", n: 1n }
    ])
  })

  it.each(refused("jsonl"))("$expect: $id", ({ body, expect }) => {
    for (const size of sizes) assert.strictEqual(read(v3(), body, size), expect)
  })

  it("has a column `error` where one was asked for", () => {
    for (
      const text of [`{"error":"no"}`, `{"n":1}\n{"error":"no"}`, `{"error":"no","reference":1}`, `{"error":null}`]
    ) {
      const rows = text.split("\n").map((line) =>
        JSON.parse(
          line,
          (_, value: unknown) => typeof value === "number" ? BigInt(value) : value ?? undefined
        ) as object
      )
      assert.deepStrictEqual(read(v3(), text, 1), rows)
    }
  })

  it("gives the good rows before a bad line", () => {
    const pieces = [...v3().read(new TextEncoder().encode(`{"n":1}\n{"n":2}\nx\n{"n":3}\n`))]
    assert.deepStrictEqual(pieces.map((piece) => piece instanceof BadAnswer ? piece.detail : piece.rows), [
      [{ n: 1n }, { n: 2n }],
      "it is not JSON"
    ])
  })

  it("has integers as bigints and floats as numbers, whatever their size", () => {
    const text = `{"i":1,"f":1.0,"t":"2026-01-01T00:00:00"}
{"i":-9223372036854775808,"f":1e21}
{"i":18446744073709551615,"f":-0.0,"u":0,"none":null}
{"i":3,"f":9007199254740993.0,"u":9007199254740993,"none":null}
{"i":4,"none":7}`
    assert.deepStrictEqual(read(v3(), text, 10), [
      { i: 1n, f: 1, t: "2026-01-01T00:00:00" },
      { i: -9223372036854775808n, f: 1e21 },
      { i: 18446744073709551615n, f: -0, u: 0n },
      { i: 3n, f: 9007199254740992, u: 9007199254740993n },
      { i: 4n, none: 7n }
    ])
  })

  it("may have the same name in several rows, colons and quotes in strings, and many digits", () => {
    const text = `{"a":"x:\\"a\\":1","b":":"}\n{"a":"${"9".repeat(500)}","b":"\\\\"}\n{"a":1.${"3".repeat(300)}}\n`
    assert.deepStrictEqual(read(v3(), text, 10), [
      { a: "x:\"a\":1", b: ":" },
      { a: "9".repeat(500), b: "\\" },
      { a: 4 / 3 }
    ])
  })

  it("may be empty", () => {
    assert.deepStrictEqual(read(v3(), "", 1), [])
  })
})

describe("an answer of InfluxDB 2", () => {
  const csv = (...records: ReadonlyArray<string>) => {
    const reader = CsvReader.annotatedCsv()
    const rows: Array<unknown> = []
    for (const pieces of [() => reader.read(records.map((record) => record.split(","))), reader.end]) {
      for (const piece of pieces()) {
        if (piece instanceof BadAnswer) return `${piece.kind}: ${piece.detail}`
        rows.push(...piece.rows)
      }
    }
    return rows
  }
  const head = [
    "#datatype,string,long,dateTime:RFC3339,long,unsignedLong,double,boolean,string",
    "#group,false,false,false,false,false,false,false,true",
    "#default,_result,,,,,,,here",
    ",result,table,_time,i,u,f,b,s"
  ]

  it("has values of their types, defaults, and tables of several shapes", () => {
    assert.deepStrictEqual(
      csv(
        ...head,
        ",,0,2026-01-01T00:00:00.123456789Z,-9223372036854775808,18446744073709551615,1.5e3,true,x",
        ",,1,,,,NaN,false,",
        ",,1,,,,+Inf,,",
        ",,1,,,,Inf,,",
        ",,1,,,,-Inf,,",
        ",,1,,,,-0,,",
        "",
        "#datatype,string,long,string",
        "#group,false,false,false",
        "#default,_result,,",
        ",result,table,name",
        ",,2,y",
        ""
      ),
      [
        {
          _time: 1767225600123456789n,
          i: -9223372036854775808n,
          u: 18446744073709551615n,
          f: 1500,
          b: true,
          s: "x"
        },
        { f: Number.NaN, b: false, s: "here" },
        { f: Infinity, s: "here" },
        { f: Infinity, s: "here" },
        { f: -Infinity, s: "here" },
        { f: -0, s: "here" },
        { name: "y" }
      ]
    )
  })

  it("has columns named like those that lead its tables, and like those of an error", () => {
    const text = [
      "#datatype,string,long,string,long,string,string",
      "#group,false,false,false,false,false,false",
      "#default,_result,,,,,",
      ",result,table,result,table,error,reference",
      ",,0,mine,5,none,here"
    ]
    assert.deepStrictEqual(csv(...text), [{ result: "mine", table: 5n, error: "none", reference: "here" }])
  })

  it("keeps the results of several yields apart, by their names", () => {
    const reader = CsvReader.annotatedCsv()
    const table = (name: string, v: number) => [
      "#datatype,string,long,long",
      "#group,false,false,false",
      `#default,${name},,`,
      ",result,table,v",
      `,,0,${v}`,
      ""
    ]
    const records = [...table("a", 1), ...table("b", 2), ...table("b", 3)].map((record) => record.split(","))
    assert.deepStrictEqual(
      [...reader.read(records)].map((piece) => piece instanceof BadAnswer ? piece : [piece.result, piece.rows]),
      [["a", [{ v: 1n }]], ["b", [{ v: 2n }, { v: 3n }]]]
    )
  })

  it.each(refused("csv"))("$expect: $id", ({ body, expect }) => {
    assert.strictEqual(csv(...body.split("\n")), expect)
  })

  it.each<[type: string, text: string, value: unknown]>([
    ["long", "9223372036854775807", 9223372036854775807n],
    ["long", "-9223372036854775808", -9223372036854775808n],
    ["long", "9223372036854775808", undefined],
    ["long", "-9223372036854775809", undefined],
    ["long", "18446744073709551615", undefined],
    ["unsignedLong", "18446744073709551615", 18446744073709551615n],
    ["unsignedLong", "18446744073709551616", undefined],
    ["unsignedLong", "-1", undefined],
    ["unsignedLong", "99999999999999999999", undefined],
    ["double", "9223372036854775808", 9223372036854775808]
  ])("has a %s %s only if it has 64 bits", (type, text, value) => {
    const read = csv(
      `#datatype,string,long,${type}`,
      "#group,false,false,false",
      "#default,,,",
      ",result,table,i",
      `,,0,${text}`
    )
    assert.deepStrictEqual(
      read,
      value === undefined ? "Unreadable: a value of the column i is not of its type" as never : [{ i: value }]
    )
  })

  it("has so many columns at most, counted as the bytes arrive", () => {
    const count = (...texts: ReadonlyArray<string>) => {
      const counter = CsvReader.text()
      try {
        for (const text of texts) counter(new TextEncoder().encode(text))
      } catch (problem) {
        return (problem as BadAnswer).detail
      }
      return undefined
    }
    const many = ",".repeat(AnswerReader.maxColumns - 1)
    assert.isUndefined(count(`${many}\n${many}\r\n`, many))
    assert.match(String(count(many, ",")), /more than 65536 columns/)
    assert.match(String(count(`a\n${many}`, "b", ",\n")), /more than 65536 columns/)
    assert.isUndefined(count(`a,"${many}`, `${many}""${many}`, `",b\n`))
    assert.match(String(count(`a,"b`, `",${many}`)), /more than 65536 columns/)
  })
})

describe("an answer of InfluxDB 1 in MessagePack", () => {
  const v1 = (measurement?: string) => MsgPackReader.documents(10_000, measurement)
  const series = (more: object = {}) => ({
    name: "m",
    tags: { host: "ä", none: "" },
    columns: ["time", "n"],
    values: [[new Time(1n), 1n], [new Time(1_000_000_000n), null]],
    ...more
  })
  const document = (...list: ReadonlyArray<object>) => encode({ results: [{ statement_id: 0n, series: list }] })

  it.each(sizes)("is read in pieces of %i bytes", (size) => {
    const partial = encode({
      results: [{
        statement_id: 0n,
        messages: [{ level: "info", text: [[{}]] }],
        series: [series({ partial: true })],
        partial: true
      }]
    })
    const rest = document(series({ columns: ["n", "s"], values: [[-9223372036854775808n, "x".repeat(300)], [2, "ß"]] }))
    assert.deepStrictEqual(results(v1(), Buffer.concat([partial, rest]), size), {
      0: [
        { time: 1n, n: 1n, host: "ä" },
        { time: 1_000_000_000n, host: "ä" },
        { n: -9223372036854775808n, s: "x".repeat(300), host: "ä" },
        { n: 2, s: "ß", host: "ä" }
      ]
    })
  })

  it("has every integer and float as what it is", () => {
    const integers = "0 127 128 255 256 65536 4294967296 18446744073709551615 -1 -32 -33 -129 -32769 -2147483649"
      .concat(" -9223372036854775808").split(" ").map(BigInt)
    const floats = [0, -0, 1, 1e21, 5e-324, Number.MAX_VALUE, Infinity, Number.NaN, 2 ** 53]
    for (const value of [...integers, ...floats, true, false, "", "\u0000", "a".repeat(70_000)]) {
      const bytes = document({ columns: ["v"], values: [[value]] })
      assert.deepStrictEqual(results(MsgPackReader.documents(100_000), bytes, 1000), { 0: [{ v: value }] })
    }
  })

  it("has instants to the nanosecond, before 1970 too", () => {
    for (const nanos of [0n, -1n, -9223372036854775806n, 9223372036854775806n]) {
      const bytes = document({ columns: ["time"], values: [[new Time(nanos)]] })
      assert.deepStrictEqual(results(v1(), bytes, 7), { 0: [{ time: nanos }] })
    }
  })

  it.each<[string, () => Uint8Array]>([
    ["Unreadable: it is empty", () => new Uint8Array(0)],
    ["Unreadable: it ends within a document", () => document(series()).subarray(0, -1)],
    ["Unreadable: it ends within a document", () => document(series()).subarray(0, 20)],
    ["Unreadable: it is not the MessagePack of a query", () => new TextEncoder().encode("<html>")],
    ["Unreadable: it is not the MessagePack of a query", () => encode([1n])],
    ["Unreadable: it is not the MessagePack of a query", () => encode({ results: 1n })],
    ["Unreadable: it is not the MessagePack of a query", () => document({ columns: [1n], values: [] })],
    ["Unreadable: it is not the MessagePack of a query", () => document(series({ values: [[1n]] }))],
    ["Unreadable: it is not the MessagePack of a query", () => document(series({ values: [[1n, 2n, 3n]] }))],
    ["Unreadable: it is not the MessagePack of a query", () => document(series({ values: [{}] }))],
    ["Unreadable: it is not the MessagePack of a query", () => Uint8Array.of(0x81, 0xc1)],
    ["Unreadable: it is not the MessagePack of a query", () => Uint8Array.of(0x81, 0xa1, 0xff, 0x01)],
    [
      "Unreadable: a value of the column n is a list or an object",
      () => document(series({ values: [[1n, [], 1n].slice(0, 2)] }))
    ],
    ["Failed: no", () => encode({ error: "no" })],
    ["Failed: no", () => encode({ results: [{ error: "no" }] })],
    ["Failed: no", () => Buffer.concat([document(series()), encode({ results: [{ statement_id: 1n, error: "no" }] })])],
    [partial, () => encode({ results: [{ statement_id: 0n, series: [series()], partial: true }] })],
    [partial, () => Buffer.concat([document(series({ partial: true })), encode({ results: [{ statement_id: 1n }] })])],
    [sameName("n"), () => document(series({ columns: ["n", "n"] }))],
    [sameName("host"), () => document(series({ columns: ["time", "host"], values: [[1n, "b"]] }))]
  ])("%s", (expected, bytes) => {
    for (const size of sizes) assert.strictEqual(results(v1(), bytes(), size), expected)
  })

  it("keeps the results of several statements apart, and names the series where it is asked for", () => {
    const bytes = Buffer.concat([
      encode({ results: [{ statement_id: 0n }] }),
      encode({ results: [{ statement_id: 1n, series: [series({ columns: ["n"], values: [[1n]] })] }] })
    ])
    assert.deepStrictEqual(results(v1("about"), bytes, 5), { 0: [], 1: [{ n: 1n, host: "ä", about: "m" }] })
  })

  it("is refused if a row is too long, or nested deeper than the call stack where that is passed over", () => {
    const long = document({ columns: ["v"], values: [["x".repeat(20_000)]] })
    assert.strictEqual(results(v1(), long, 1000), "Unreadable: a row is longer than 10000 bytes")
    const head = encode({ results: [{ statement_id: 0n }] })
    const deep = Buffer.concat([
      head,
      Uint8Array.of(0x82, 0xa1, 0x78),
      new Uint8Array(1_000_000).fill(0x91),
      Uint8Array.of(0),
      encode({ results: [] }).subarray(1)
    ])
    assert.deepStrictEqual(results(v1(), deep, 64_000), { 0: [] })
  })
})
