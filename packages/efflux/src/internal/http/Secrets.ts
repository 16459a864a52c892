/**
 * Hides credentials in messages of servers.
 *
 * Some servers and proxies repeat the request in an error: cut off, in another case, encoded, or escaped for JSON, HTML
 * or a URL, even several times over. A text is searched as it is and after each round of unescaping.
 *
 * @since 0.1.0
 */
import * as Base64 from "effect/encoding/Base64"
import * as Hex from "effect/encoding/Hex"
import { constFalse } from "effect/Function"
import * as Redacted from "effect/Redacted"
import { escape } from "effect/RegExp"
import type { Credentials } from "../config/DatabaseSettings.ts"

// A shorter secret may be part of any word. It is hidden only where a credential is announced. Hiding it everywhere
// would make a message unreadable, and reveal the letters of the secret.
const shortestAnywhere = 6

// The length from which a part of a secret is hidden: so long that a message does not have it by chance.
const partLength = (secret: number): number => Math.min(12, Math.max(8, Math.ceil(2 * secret / 3)))

// A part that a message may have by chance: a word or two, a number or a date.
const isCommon = (part: string): boolean => part.length < 40 && common.test(part)

const word = String.raw`(?:\p{Lu}?\p{Ll}*|\p{Lu}*|\p{N}(?:[\p{N}.:/-]*\p{N})?)`
const separator = String.raw`[^\p{L}\p{N}]`
const common = new RegExp(`^${separator}*${word}(?:${separator}+${word})?${separator}*$`, "u")

const announcement =
  /(?:\b(?:password|passwd|pass|pwd|p|token|authorization|credentials?|basic|bearer)\b["'`:=\s([{<]*|\w:)$/i

/** Whether a credential is announced there, and is no part of a longer word. */
const announcedIn = (text: string) => (start: number, end: number): boolean =>
  announcement.test(text.slice(Math.max(0, start - 32), start)) && !/^[\p{L}\p{N}]/u.test(text.slice(end, end + 2))

// Rounds of unescaping: a proxy may escape what a server has escaped.
const rounds = 3

// The number of characters of a server's text that are searched and can be shown.
const maxCharacters = 16 * 1024

/**
 * The value of the header `Authorization`, without its scheme.
 *
 * @internal
 */
export const authorizationOf = (credentials: Credentials): string =>
  credentials.scheme === "Basic"
    ? Base64.encode(userAndPassword(credentials))
    : Redacted.value(credentials.token)

const userAndPassword = ({ password, username }: Extract<Credentials, { scheme: "Basic" }>): string =>
  `${username}:${Redacted.value(password)}`

/**
 * A function that hides the credentials and other secrets in a text, of which it
 * keeps the first 16 Ki characters.
 *
 * @internal
 */
export const scrubber = (
  credentials: Credentials | undefined,
  others: ReadonlyArray<string> = []
): (text: string) => string => {
  // Few programs see an error.
  let sought: Sought | undefined
  return (text) => hide(text.slice(0, maxCharacters), sought ??= seek(credentials, others))
}

/** What is hidden. All of it is folded. */
interface Sought {
  /** Forms that are hidden only where a credential is announced. */
  readonly short: ReadonlySet<string>
  readonly whole: ReadonlySet<string>
  /** Parts, by their length. */
  readonly parts: ReadonlyMap<number, ReadonlySet<string>>
  /** Matches every text that has a form or a part. Few texts have one, and to look for each is slow. */
  readonly any: RegExp
}

const seek = (credentials: Credentials | undefined, others: ReadonlyArray<string>): Sought => {
  const short = new Set<string>()
  const whole = new Set<string>()
  const parts = new Map<number, Set<string>>()
  const seeds = new Set<string>()
  const addWhole = (form: string) => {
    if (form.length < shortestAnywhere) short.add(form)
    else {
      whole.add(form)
      seeds.add(form.slice(0, shortestAnywhere))
    }
  }
  const add = (forms: ReadonlyArray<string>) => {
    for (const form of forms.map(fold)) {
      addWhole(form)
      // Every part begins at most two characters before one of these.
      for (let at = 0; at + shortestAnywhere <= form.length; at += 3) seeds.add(form.slice(at, at + shortestAnywhere))
      const length = partLength(form.length)
      if (form.length <= length) continue
      const known = parts.get(length) ?? new Set()
      parts.set(length, known)
      for (let at = 0; at + length <= form.length; at++) known.add(form.slice(at, at + length))
    }
  }
  const addEncoded = (texts: Iterable<string>) => {
    const once = Array.from(texts).flatMap(encodings)
    add(once)
    for (const twice of once.flatMap(encodings)) addWhole(fold(twice))
  }
  if (credentials?.scheme === "Basic") addEncoded([userAndPassword(credentials)])
  const own = credentials && (credentials.scheme === "Basic" ? credentials.password : credentials.token)
  for (const secret of own === undefined ? others : [Redacted.value(own), ...others]) {
    // A round also removes what looks like an escape within the secret.
    let decoded: Decoded | undefined = { text: secret, starts: [], ends: [] }
    for (let round = 0; round <= rounds && decoded !== undefined; round++) {
      const { text } = decoded
      if (text !== "") {
        add(spellings(text))
        addEncoded(new Set([text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text.toWellFormed())]))
      }
      const wrapped = withoutBlanks(decoded)?.text ?? ""
      if (wrapped.length >= shortestAnywhere) add([wrapped])
      decoded = decode(decoded)
    }
  }
  return { short, whole, parts, any: new RegExp(Array.from(seeds, escape).sort().join("|")) }
}

// A secret in capitals, and in the encodings of which the decoder of a text, or a name like `&eacute;`, leaves a
// replacement character.
const spellings = (secret: string): ReadonlyArray<string> => [
  secret,
  secret.toUpperCase(),
  Array.from(encoder.encode(secret), (byte) => String.fromCharCode(byte)).join(""),
  secret.replace(/[^\0-\x7f]/gu, "\ufffd")
]

// Hexadecimal digits, lists of bytes, and base 64 with any alphabet, without its end and with other bytes around.
const encodings = (text: string): ReadonlyArray<string> => {
  const bytes = encoder.encode(text)
  const hexadecimal = Hex.encode(bytes)
  const whole = Base64.encode(bytes)
  // The characters that are of these bytes alone.
  const within = [0, 1, 2].map((before) =>
    Base64.encode(Uint8Array.of(...Array(before).fill(0), ...bytes))
      .slice(Math.ceil(before * 8 / 6), Math.floor((before + bytes.length) * 8 / 6))
  ).filter((form) => form.length >= shortestAnywhere)
  const base64 = [whole, whole.replace(/=+$/, ""), ...within]
  return [
    hexadecimal,
    hexadecimal.toUpperCase(),
    hexadecimal.replace(/..(?!$)/g, "$&:"),
    bytes.join(" "),
    bytes.join(),
    ...base64,
    ...base64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"))
  ]
}

const encoder = new TextEncoder()

/**
 * A text of the same length, without differences of case, of the alphabets of base 64, and of the spaces of a form.
 */
const fold = (text: string): string =>
  text.replaceAll("\u0130", "i").toLowerCase().replaceAll("\u03c2", "\u03c3").replace(/[+-]/g, " ").replaceAll("_", "/")

/** A text, with the position of each UTF-16 unit in the text from which it was decoded. */
interface Decoded {
  readonly text: string
  readonly starts: ReadonlyArray<number>
  readonly ends: ReadonlyArray<number>
}

const hide = (text: string, sought: Sought): string => {
  const found: Array<readonly [start: number, end: number]> = []
  const search = ({ ends, starts, text }: Decoded, isAnnounced: (start: number, end: number) => boolean): void => {
    for (const [start, end] of findIn(text, sought, isAnnounced)) {
      found.push([starts[start] ?? start, (ends[end - 1] ?? end - 1) + 1])
    }
  }
  let decoded: Decoded | undefined = { text, starts: [], ends: [] }
  for (let round = 0; round <= rounds && decoded !== undefined; round++) {
    search(decoded, announcedIn(decoded.text))
    for (const other of [withoutBlanks(decoded), unquoted(decoded)]) {
      // It does not show where words end.
      if (other !== undefined) search(other, constFalse)
    }
    decoded = decode(decoded)
  }
  if (found.length === 0) return text
  let hidden = ""
  let position = 0
  for (const [start, end] of found.sort((a, b) => a[0] - b[0])) {
    if (start >= position) hidden += `${text.slice(position, start)}<redacted>`
    position = Math.max(position, end)
  }
  return hidden + text.slice(position)
}

/** Where secrets and parts of them are in a text. */
function* findIn(
  text: string,
  { any, parts, short, whole }: Sought,
  isAnnounced: (start: number, end: number) => boolean
): Iterable<readonly [start: number, end: number]> {
  const folded = fold(text)
  for (const secret of short) {
    for (const [start, end] of occurrences(folded, secret)) if (isAnnounced(start, end)) yield [start, end]
  }
  if (!any.test(folded)) return
  let rest = folded
  for (const secret of whole) {
    yield* occurrences(folded, secret)
    rest = rest.replaceAll(secret, "\0".repeat(secret.length))
  }
  for (const [length, known] of parts) {
    const isPart = (at: number) => known.has(rest.slice(at, at + length))
    for (let at = 0; at + length <= rest.length;) {
      const start = at++
      if (!isPart(start)) continue
      // With the parts that overlap.
      let end = start + length
      for (; at < end; at++) if (isPart(at)) end = at + length
      if (!isCommon(text.slice(start, end)) || isAnnounced(start, end)) yield [start, end]
    }
  }
}

function* occurrences(text: string, secret: string): Iterable<readonly [start: number, end: number]> {
  for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + secret.length)) {
    yield [at, at + secret.length]
  }
}

const singles: Record<string, string> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" }

// The names that HTML has for ASCII characters and for spaces. Those of other characters become a replacement character.
const entities: Record<string, string> = Object.fromEntries(
  ("tab:\t newline:\n excl:! quot:\" num:# dollar:$ percnt:% amp:& apos:' lpar:( rpar:) ast:* midast:* plus:+ comma:, "
    + "hyphen:- dash:- period:. sol:/ colon:: semi:; lt:< equals:= gt:> quest:? commat:@ lsqb:[ lbrack:[ bsol:\\ rsqb:] "
    + "rbrack:] hat:^ lowbar:_ underbar:_ grave:` diacriticalgrave:` lcub:{ lbrace:{ verbar:| vert:| verticalline:| rcub:} "
    + "rbrace:}").split(" ").map((entry) => entry.split(/:(.*)/s, 2))
)
entities["nbsp"] = entities["nonbreakingspace"] = " "

// Browsers read numbers, and some names, without the semicolon.
const names = [
  ...Object.keys(entities).sort((a, b) => b.length - a.length),
  "[a-z](?:acute|cedil|circ|grave|ring|tilde|uml)"
]
const escapes = new RegExp(
  String.raw`(?:\\|%)u(?:([0-9a-f]{4})|\{([0-9a-f]{1,6})\})|\\x([0-9a-f]{2})|\\([0-3][0-7]{2})|\\([^])|`
    + String.raw`((?:%[0-9a-f]{2})+)|`
    + String.raw`&(?:#0*(\d{1,7})|#x0*([0-9a-f]{1,6})|(${names.join("|")})|[a-z]\w{1,31}(?=;));?`,
  "gi"
)

// Line breaks of a wrapped text, and invisible characters.
const blanks = /[\s\p{Cc}\p{Cf}]+/gu

// Quoted-printable. It is no round of unescaping, because what follows an equals sign is more often no escape.
const unquoted = (decoded: Decoded): Decoded | undefined =>
  replace(decoded, /(?:=(?:[\da-f]{2}|\r?\n))+/gi, ([quoted]) => fromHex(quoted))

const withoutBlanks = (decoded: Decoded): Decoded | undefined => replace(decoded, blanks, () => "")

// Removes one round of escapes from a text; `undefined` if it has none.
const decode = (decoded: Decoded): Decoded | undefined =>
  replace(decoded, escapes, ([, unit, point, byte, octal, single, percents, decimal, hex, name]) => {
    const code = unit ?? point ?? byte ?? hex
    return code !== undefined
      ? character(parseInt(code, 16))
      : octal !== undefined
      ? character(parseInt(octal, 8))
      : decimal !== undefined
      ? character(Number(decimal))
      : percents !== undefined
      ? fromHex(percents)
      : single !== undefined
      ? singles[single.toLowerCase()] ?? single
      : entities[name?.toLowerCase()] ?? "\ufffd"
  })

// Replaces matches and keeps the original positions; `undefined` if nothing matches.
const replace = (
  { ends, starts, text }: Decoded,
  pattern: RegExp,
  by: (match: RegExpExecArray) => string
): Decoded | undefined => {
  const to = { text: "", starts: [] as Array<number>, ends: [] as Array<number> }
  const add = (piece: string, from: number, length: number, isReplaced: boolean) => {
    to.text += piece
    for (let i = 0; i < piece.length; i++) {
      const first = isReplaced ? from : from + i
      const last = isReplaced ? from + length - 1 : first
      to.starts.push(starts[first] ?? first)
      to.ends.push(ends[last] ?? last)
    }
  }
  let position = 0
  for (const match of text.matchAll(pattern)) {
    add(text.slice(position, match.index), position, 0, false)
    add(by(match), match.index, match[0].length, true)
    position = match.index + match[0].length
  }
  if (position === 0) return undefined
  add(text.slice(position), position, 0, false)
  return to
}

/** The text of bytes, whose digits are among other characters. */
const fromHex = (escaped: string): string =>
  utf8.decode(Uint8Array.from(escaped.match(/[\da-f]{2}/gi) ?? [], (digits) => parseInt(digits, 16)))

const character = (code: number): string => code > 0x10ffff ? "\ufffd" : String.fromCodePoint(code)

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })
