import { assert, describe, it } from "@effect/vitest"
import { ByteCache } from "../../src/internal/decode/ByteCache.ts"

const equals = 61

const look = (cache: ByteCache, text: string) => {
  const bytes = new TextEncoder().encode(`${text}1234`)
  const view = new DataView(bytes.buffer)
  const found = cache.find(view, 0, bytes.length)
  if (found === undefined) cache.keep(view, 0, bytes.length - 4, `read ${text}`)
  return found
}

describe("a cache of bytes", () => {
  it("knows bytes from the third time on, up to a stop byte that is not escaped", () => {
    const cache = new ByteCache(64, 32, equals)
    for (
      const text of [
        "=",
        "a=",
        "abc=",
        "abcd=",
        "a\\=b=",
        "\\=\\=\\=\\=x=",
        "key_of_17_letters=",
        "ä=",
        `${"x".repeat(31)}=`
      ]
    ) {
      assert.deepStrictEqual([1, 2, 3, 4].map(() => look(cache, text)?.text), [
        undefined,
        undefined,
        `read ${text}`,
        `read ${text}`
      ])
    }
    for (const text of ["abd=", "abcde=", "a\\=c=", "x"]) assert.isUndefined(look(cache, text))
    for (let again = 0; again < 4; again++) assert.isUndefined(look(cache, `${"x".repeat(32)}=`))
  })

  it("keeps no more than it has slots for, and never confuses two", () => {
    const slots = 16
    const cache = new ByteCache(slots, 32, equals)
    const texts = Array.from({ length: 5000 }, (_, i) => `${i * 7919}=`)
    for (const text of texts) for (let again = 0; again < 3; again++) look(cache, text)
    const found = texts.map((text) => {
      const { buffer, length } = new TextEncoder().encode(`${text}1234`)
      return cache.find(new DataView(buffer), 0, length)
    })
    assert.isAtMost(found.filter((entry) => entry !== undefined).length, slots)
    found.forEach((entry, i) => entry === undefined || assert.strictEqual(entry.text, `read ${texts[i]}`))
  })

  it("still learns what comes again after very many that never did", () => {
    const cache = new ByteCache(64, 32, equals)
    for (let i = 0; i < 5000; i++) look(cache, `${i}=`)
    const found = Array.from({ length: 100 }, () => ["a=", "b=", "c="].map((text) => look(cache, text)?.text))
    assert.deepStrictEqual(found.at(-1), ["read a=", "read b=", "read c="])
  })

  it("finds again within a few look-ups what it knew before very many that never came again", () => {
    const cache = new ByteCache(1024, 32, equals)
    for (let i = 0; i < 50; i++) look(cache, `known ${i % 5}=`)
    for (let i = 0; i < 20_000; i++) look(cache, `${i}=`)
    const found = Array.from({ length: 200 }, (_, i) => look(cache, `known ${i % 5}=`)?.text)
    assert.isAtMost(found.findIndex((text) => text !== undefined), 32)
    assert.isAtLeast(found.filter((text) => text !== undefined).length, 160)
  })

  for (const [texts, least] of [[100, 0.99], [700, 0.85], [1024, 0.7], [5000, 0.03]]) {
    it(`finds ${100 * least} % of ${texts} that come in turn in 1024 slots`, () => {
      const cache = new ByteCache(1024, 32, equals)
      const turn = () => {
        let found = 0
        for (let i = 0; i < texts; i++) if (look(cache, `text ${i * 7919}=`) !== undefined) found++
        return found / texts
      }
      for (let i = 0; i < 20_000; i++) look(cache, `${i}=`)
      const turns = Array.from({ length: 100 }, turn)
      assert.isAtLeast(Math.min(...turns.slice(80)), least)
    })
  }

  it("finds what comes again among a third as many that do not", () => {
    const cache = new ByteCache(1024, 32, equals)
    const found = Array.from({ length: 4000 }, (_, i) => {
      if (i % 3 === 0) look(cache, `${i}=`)
      return look(cache, `known ${i % 50}=`)
    })
    assert.isAbove(found.slice(2000).filter((entry) => entry !== undefined).length, 1980)
  })

  it("says of an entry that was overwritten that it is dead", () => {
    const cache = new ByteCache(4, 32, equals)
    const texts = Array.from({ length: 20 }, (_, i) => `${i}=`)
    const entries = texts.flatMap((text) => Array.from({ length: 20 }, () => look(cache, text)))
    assert.isAtMost(new Set(entries.filter((entry) => entry?.alive)).size, 4)
    assert.isAbove(entries.filter((entry) => entry?.alive === false).length, 0)
  })
})
