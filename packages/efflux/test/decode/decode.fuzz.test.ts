/** Whatever the bytes, the decoder answers: it never throws, and chunks make no difference. */
import { assert, describe, it } from "@effect/vitest"
import { type Below, below } from "@efflux/testkit/SeededRandom"
import { Effect, Result, Stream } from "effect"
import { Dialect, LineProtocol, type Point } from "efflux"
import { KeyCache } from "../../src/internal/decode/KeyCache.ts"
import { LineDecoder, MORE, POINT } from "../../src/internal/decode/LineDecoder.ts"
import { decoderTexts } from "../support/decoderTexts.ts"
import { plain } from "../support/rows.ts"

const dialects = Dialect.all
const texts = decoderTexts

const seed = Number(process.env.EFFLUX_SEED ?? Math.floor(Math.random() * 2 ** 31))

const hot = new TextEncoder().encode(",, ==\"\"\\\\\\\n\n\r\t\0#-+.0123456789eEiutfTF\u00e9\u{1f600}")

const mutate = (random: Below): Uint8Array => {
  const bytes = [...texts[random(texts.length)]]
  if (random(4) === 0) bytes.push(10, ...texts[random(texts.length)])
  for (let n = random(6); n > 0; n--) {
    const byte = random(3) === 0 ? random(256) : hot[random(hot.length)]
    const at = random(bytes.length + 1)
    switch (random(4)) {
      case 0:
        bytes.splice(at, 0, byte)
        break
      case 1:
        bytes.splice(at, 1 + random(3))
        break
      case 2:
        if (at < bytes.length) bytes[at] = byte
        break
      case 3:
        bytes.splice(at, 0, ...bytes.slice(at, at + random(12)))
    }
  }
  return Uint8Array.from(bytes)
}

const chunksOf = (bytes: Uint8Array, random: Below): Array<Uint8Array> => {
  const chunks: Array<Uint8Array> = []
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + random(9))
    chunks.push(bytes.slice(at, end))
    at = end
  }
  return chunks
}

describe("mutated rows", () => {
  it("never make the decoder throw, in any dialect, and every line has its answer", () => {
    console.log(`decoder fuzz: 40000 texts, seed ${seed}`)
    const random = below(seed)
    for (let i = 0; i < 40_000; i++) {
      const bytes = mutate(random)
      const dialect = dialects[i % dialects.length]
      try {
        const { errors, failed, points } = LineProtocol.decodeAll(bytes, { dialect })
        const lines = bytes.filter((byte) => byte === 10).length + 1
        assert.strictEqual(errors.length, failed)
        assert.isAtMost(points.length + failed, lines)
        for (const error of errors) {
          assert.isTrue(error.line >= 1 && error.line <= lines && error.column >= 1 && error.column <= bytes.length + 1)
          assert.notMatch(error.message, /[\p{Cc}\ud800-\udfff]/u)
        }
        for (const point of points) {
          assert.isTrue(point.measurement.length > 0 && Object.keys(point.fields).length > 0)
        }
        LineProtocol.decode(bytes, { dialect })
      } catch (cause) {
        throw new Error(`seed ${seed}, text ${i}: ${JSON.stringify([...bytes])}`, { cause })
      }
    }
  })

  it.effect("decode to the same in whatever chunks they come", () =>
    Effect.gen(function*() {
      const random = below(seed + 1)
      for (let i = 0; i < 3000; i++) {
        const bytes = mutate(random)
        const options = {
          dialect: dialects[i % dialects.length],
          maxLineBytes: random(3) === 0 ? random(60) : undefined
        }
        const whole = yield* Stream.runCollect(LineProtocol.decodeStream(options)(Stream.make(bytes)))
        const cut = yield* Stream.runCollect(
          LineProtocol.decodeStream(options)(Stream.fromIterable(chunksOf(bytes, random)))
        )
        const all = LineProtocol.decodeAll(bytes, options)
        const note = `seed ${seed}, text ${i}: ${JSON.stringify([...bytes])}`
        assert.deepStrictEqual(plain(cut), plain(whole), note)
        assert.strictEqual(whole.filter(Result.isSuccess).length, all.points.length, note)
      }
    }))
})

/** Lines whose series, keys and faults come again, never again, or both in turn. */
const mixOf = (random: Below): Uint8Array => {
  const known = 1 + random([4, 60, 600, 3000][random(4)])
  let fresh = 0
  const name = (text: string) => ["", "", "", "", "\\ ", "\\,", "\\\\", "\\=", "\"", "é"][random(10)] + text
  const names = Array.from({ length: 40 }, (_, i) => name(`n${i}`))
  let rare = 30
  const key = () => random(rare) === 0 ? name(`k${fresh++}`) : names[random(names.length)]
  const series = Array.from({ length: known }, (_, i) => {
    const tags = Array.from({ length: random(5) }, (_, n) => `,${names[n * 7 + random(7)]}=${name(`v${i}`)}`)
    return name(`m${i % 5}`) + tags.join("")
  })
  const newSeries = () => {
    const first = key()
    return `m,${first}=${name(`${fresh++}`)},${key()}=x${random(5) === 0 ? `,${first}=y` : ""}`
  }
  const lines: Array<string> = []
  while (lines.length < 2000) {
    const share = [0, 1, 10, 10, 19, 20][random(6)] // of 20 lines, how many are of a series that comes again
    rare = [1, 2, 30][random(3)]
    for (let n = 1 + random(400); n > 0; n--) {
      if (rare === 1 && random(9) === 0) rare = 2
      const tags = random(20) < share
        ? series[lines.length % 3 === 0 ? random(known) : lines.length % known]
        : newSeries()
      const values = ["1", "2i", "\"a b\"", "\"\\\"é\"", "true", "1u", "x", "\"\n\""]
      const fields = Array.from({ length: 1 + random(4) }, () => `${key()}=${values[random(random(9) === 0 ? 8 : 5)]}`)
      const comment = random(25) === 0 ? `#${["", " a=\"", "\\", "\t", " \"", "\r"][random(6)]}${n}\n` : ""
      lines.push(`${comment}${tags} ${fields.join(",")}${random(4) === 0 ? "" : ` ${1e18 + n}`}`)
    }
  }
  return new TextEncoder().encode(lines.join("\n"))
}

describe("a decoder that remembers keys and series", () => {
  it("reads what one without a memory reads, in chunks and whole", () => {
    const random = below(seed + 2)
    const read = (cache: KeyCache, dialect: LineProtocol.Dialect, chunks: ReadonlyArray<Uint8Array>) => {
      const lines = new LineDecoder({ dialect }, cache)
      const results: Array<Result.Result<Point.Point, LineProtocol.DecodeError>> = []
      chunks.forEach((chunk, i) => {
        lines.feed(chunk)
        if (i === chunks.length - 1) lines.end()
        for (let outcome = lines.step(); outcome !== MORE; outcome = lines.step()) {
          results.push(outcome === POINT ? Result.succeed(lines.point!) : Result.fail(lines.error!))
        }
      })
      return plain(results)
    }
    for (const dialect of dialects) {
      const remembers = new KeyCache()
      let points = 0
      const mixes = Array.from({ length: 8 }, () => mixOf(random))
      for (const [i, bytes] of [...mixes, ...texts, ...texts, ...texts].entries()) {
        const expected = read(new KeyCache({ keyBytes: 0, places: 1, seriesBytes: 0 }), dialect, [bytes])
        const note = `seed ${seed}, ${dialect}, text ${i}`
        assert.deepStrictEqual(read(remembers, dialect, [bytes]), expected, note)
        assert.deepStrictEqual(read(remembers, dialect, chunksOf(bytes, (n) => random(30 * n))), expected, note)
        points += expected.length
      }
      assert.isAbove(points, 8 * 1000)
    }
  })
})
