/** A linter finds what a decoder of each dialect finds by itself, however it shares the reading. */
import { assert, describe, it } from "@effect/vitest"
import { SeededRandom } from "@efflux/testkit/SeededRandom"
import { Dialect, LineProtocol } from "efflux"
import { decoderTexts } from "../../efflux/test/support/decoderTexts.ts"
import { Linter } from "../src/Linter.ts"

/** Errors and the dialects that see them, chunk by chunk. */
type Found = ReadonlyArray<ReadonlyArray<string>>

const decoders = Dialect.all.map((dialect) => ({ dialect, decoder: LineProtocol.makeDecoder({ dialect }) }))

const byDecoders = (chunks: ReadonlyArray<Uint8Array>): Found => {
  for (const { decoder } of decoders) decoder.restart()
  return [...chunks, undefined].map((chunk) =>
    decoders.flatMap(({ decoder, dialect }) => {
      const found: Array<string> = []
      if (chunk === undefined) decoder.end()
      else decoder.feed(chunk)
      for (let line = decoder.next(); line !== undefined; line = decoder.next()) {
        if (line._tag === "Failure") {
          found.push(said(dialect, line.failure.line, line.failure, decoder.excerpt(line.failure)))
        }
      }
      return found
    }).toSorted()
  )
}

const byLinter = (chunks: ReadonlyArray<Uint8Array>): Found => {
  const linter = new Linter(Dialect.all, "ns")
  return [...chunks, undefined].map((chunk) =>
    (chunk === undefined ? linter.end() : linter.read(chunk)).flatMap(({ dialects, error, excerpt, line }) =>
      dialects.map((dialect) => said(dialect, line, error, excerpt))
    ).toSorted()
  )
}

const said = (
  dialect: string,
  line: number,
  { column, hint, near, reason }: LineProtocol.DecodeError,
  excerpt: LineProtocol.Excerpt | undefined
) => JSON.stringify([dialect, line, column, reason, hint, near, excerpt])

const texts = [
  "\n m,t=a v=1 5\nn v=\"a b\",w=2i\n",
  "\nm,host=web u=0.5,used=1i,s=\"u=1u\"\n",
  "\n# a=\"b\"",
  "\n# ,x=\"a=b\"\n",
  "\n  m,t=\" v\"x=1\n",
  "\nm,t==a v=1\n",
  "\nm a=1,b,=\"x=y\" 5\n"
]
const tokens =
  "\n|m|m v=1|,t=|v=|a|1|1i|1u|5.|.5|T|\"|=\"|\" |\"a b\"|\"a=b\"| |  |,|=|\\|\t|\r\n|\0|\x7f|#|\u00e9|\ufeff| 1000|==|v=1,v=2"
const pieces = [...texts, ...tokens.split("|")].map((piece) => Buffer.from(piece)).concat(Buffer.of(0xff))

describe("Linter", () => {
  it("finds what five decoders find, whatever the text and its chunks", () => {
    const seed = Number(process.env.EFFLUX_SEED ?? Math.floor(Math.random() * 0x7fffffff))
    console.log(`EFFLUX_SEED=${seed}`)
    const random = new SeededRandom(seed)
    for (let n = 0; n < 1000; n++) {
      const parts = Array.from(
        { length: random.integer(1, 40) },
        () => random.pick(random.chance(0.1) ? decoderTexts : pieces)
      )
      const text = Buffer.concat(random.chance(0.3) ? parts.flatMap((part) => [part, Buffer.from("\n")]) : parts)
      const chunks: Array<Uint8Array> = []
      for (let at = 0; at < text.length;) chunks.push(text.subarray(at, at += random.integer(1, 200)))
      assert.deepStrictEqual(byLinter(chunks), byDecoders(chunks), JSON.stringify(text.toString("latin1")))
    }
  })

  it("finds what five decoders find in long lines, and counts what it passed", () => {
    const good = "cpu,host=a load=0.5,n=8i 1000\n"
    const name = (bytes: number) => `${good.repeat(10)}m,t=${"a".repeat(bytes)} v=1\n${good.repeat(10)}bad v=no\n`
    for (const bytes of [65_500, 65_526, 65_527, 65_528, 65_531, 65_540, 70_000, 1_100_000]) {
      const chunks = [Buffer.from(name(bytes)), Buffer.from(good + name(bytes) + good)]
      const found = byLinter(chunks)
      assert.deepStrictEqual(found, byDecoders(chunks))
      assert.include(found[1]!.join(), "\"victoria-metrics\",45,7")
    }
  })
})
