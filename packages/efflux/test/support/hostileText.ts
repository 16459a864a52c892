/** Texts that want to be more than a value. */
import { SeededRandom } from "@efflux/testkit/SeededRandom"

/** A source of random numbers, whose seed stands in `EFFLUX_SEED` or is printed. */
export const seeded = (): SeededRandom => {
  const seed = Number(process.env.EFFLUX_SEED ?? Math.floor(Math.random() * 0x7fffffff))
  // oxlint-disable-next-line no-console -- a failure has to be repeatable
  console.log(`EFFLUX_SEED=${seed}`)
  return new SeededRandom(seed)
}

const pieces = [
  ..."'\"\\`/#;$}\n\r\t\0\x1a\x7f\u0085\u2028\ufeffé😀ａ＇ ,=()[].*%_aB0",
  ..."'' \\\\ \\' \\\" \\/ // /* */ -- ${ $p0 \\x22 \\n \r\n".split(" "),
  ..."__proto__ constructor time SELECT null true".split(" "),
  "|> drop()",
  "x OR 1=1",
  ") OR (1=1",
  "' OR 'a'='a",
  "\" FROM other; --",
  "'; DROP MEASUREMENT kept; --",
  "\"; DROP DATABASE kept; --",
  "\\'; DROP MEASUREMENT kept; --",
  " UNION SELECT * FROM kept"
]

/** Up to eight pieces, now and then a long one; always well-formed, never empty. */
export const hostileText = (random: SeededRandom): string => {
  const length = random.integer(1, random.chance(0.02) ? 200 : 8)
  let text = ""
  for (let n = 0; n < length; n++) text += random.pick(pieces)
  return text
}
