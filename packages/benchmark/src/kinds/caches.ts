/** What each cache of the decoder saves: kinds of lines that it was made for and others, with the cache and without. */
import { KeyCache } from "../../../efflux/src/internal/decode/KeyCache.ts"
import { LineDecoder, MORE } from "../../../efflux/src/internal/decode/LineDecoder.ts"
import { type Effort, measure, ratioOf } from "../Measure.ts"
import { figure, type Section } from "../Report.ts"
import type { DecodeKind } from "./decode.ts"
import { warm } from "./Kind.ts"

const caches = [
  { without: "", make: () => new KeyCache() },
  { without: "without series", make: () => new KeyCache({ seriesBytes: 0 }) },
  { without: "without expected keys", make: () => new KeyCache({ places: 1 }) },
  { without: "without keys", make: () => new KeyCache({ keyBytes: 0 }) }
]

const chosen = [
  "plain",
  "an ever new tag value",
  "ever new tag values, all four",
  "1000 series in turn",
  "2000 series in turn",
  "5000 series in turn",
  "every other line of a new series",
  "20 new series, then a known one",
  "keys in one of 48 orders",
  "10 fields in random order",
  "10 floats",
  "100 fields",
  "20 tags"
]

export const cacheSection = async (kinds: ReadonlyArray<DecodeKind>, effort: Effort): Promise<Section> => {
  const some = kinds.filter(({ kind }) => chosen.includes(kind))
  const rungs = some.flatMap(({ bytes, decoding, kind }) =>
    caches.map(({ make, without }) => {
      const cache = make()
      return {
        name: `${kind} ${without}`,
        points: bytes,
        ...decoding((text) => {
          const lines = new LineDecoder({}, cache)
          lines.feed(text)
          lines.end()
          const points = []
          while (lines.step() !== MORE) points.push(lines.point)
          return points
        })
      }
    })
  )
  await warm(rungs, effort)
  const measured = await measure(rungs, effort)
  return {
    title: "Kinds of lines: decoding without a cache",
    note: "Nanoseconds per byte with all caches, then the time without each of them, relative to that.",
    table: {
      heads: ["", "with all", ...caches.slice(1).map(({ without }) => without)],
      rows: some.map(({ kind }, i) => {
        const [all, ...others] = measured.slice(i * caches.length, (i + 1) * caches.length)
        return [kind, figure(all.nanos), ...others.map((other) => ratioOf(other, all).toFixed(2))]
      })
    }
  }
}
