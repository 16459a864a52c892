/**
 * Hides credentials in messages of servers.
 *
 * Some servers and proxies repeat the request in an error, unchanged or escaped for JSON, HTML or a URL, even several
 * times over. A text is searched as it is and after each round of unescaping.
 *
 * @since 0.1.0
 */
import * as Base64 from "effect/encoding/Base64"
import * as Hex from "effect/encoding/Hex"
import * as Redacted from "effect/Redacted"
import type { Credentials } from "../config/DatabaseSettings.ts"

// A shorter secret may be part of any word. It is hidden only after a word that announces a credential. Hiding it
// everywhere would make a message unreadable, and reveal the letters of the secret.
const shortestAnywhere = 6

const announced =
  /(?:\b(?:password|passwd|pass|pwd|p|token|authorization|credentials?|basic|bearer)\b|:)["'`:=\s([{<]*$/i

// Rounds of unescaping: a proxy may escape what a server has escaped.
const rounds = 3

// The number of characters of a server's text that are searched and can be shown.
const maxCharacters = 64 * 1024

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
 * keeps the first 64 Ki characters.
 *
 * @internal
 */
export const scrubber = (
  credentials: Credentials | undefined,
  others: ReadonlyArray<string> = []
): (text: string) => string => {
  const own = credentials === undefined
    ? []
    : credentials.scheme === "Basic"
    ? [...base64Of(userAndPassword(credentials)), Redacted.value(credentials.password)]
    : [Redacted.value(credentials.token)]
  const secrets = new Set<string>()
  for (const secret of [...own, ...others]) {
    // A round also removes what looks like an escape within the secret.
    let decoded: Decoded | undefined = { text: secret, starts: [], ends: [] }
    for (let round = 0; round <= rounds && decoded !== undefined; round++) {
      if (decoded.text !== "") { for (const form of formsOf(decoded.text)) secrets.add(form) }
      const { text = "" } = withoutBlanks(decoded) ?? {}
      if (text.length >= shortestAnywhere) secrets.add(text.replaceAll("+", " "))
      decoded = decode(decoded)
    }
  }
  return (text) => hide(text.slice(0, maxCharacters), secrets)
}

// The forms of a secret that are no escapes: those of other encodings, of which the decoder of a text, and a name like
// `&eacute;`, leave a replacement character, hexadecimal digits, and base 64 with any alphabet and without its end.
const formsOf = (secret: string): ReadonlyArray<string> => {
  const bytes = new TextEncoder().encode(secret)
  return [
    secret,
    Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""),
    secret.replace(/[^\0-\x7f]/gu, "\ufffd"),
    ...hexadecimal(bytes),
    ...base64Of(bytes)
  ].map((form) => form.replaceAll("+", " ")) // as a form writes a space
}

const hexadecimal = (bytes: Uint8Array): ReadonlyArray<string> => {
  const lower = Hex.encode(bytes)
  return [lower, lower.toUpperCase()]
}

const base64Of = (input: string | Uint8Array): ReadonlyArray<string> => {
  const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input
  const whole = Base64.encode(bytes)
  // With other bytes around, the characters that are of these alone.
  const within = [0, 1, 2].map((before) =>
    Base64.encode(Uint8Array.of(...Array(before).fill(0), ...bytes))
      .slice(Math.ceil(before * 8 / 6), Math.floor((before + bytes.length) * 8 / 6))
  ).filter((form) => form.length >= shortestAnywhere)
  return [whole, whole.replace(/=+$/, ""), ...within]
    .flatMap((form) => [form, form.replaceAll("+", "-").replaceAll("/", "_")])
}

/** A text, with the position of each UTF-16 unit in the text from which it was decoded. */
interface Decoded {
  readonly text: string
  readonly starts: ReadonlyArray<number>
  readonly ends: ReadonlyArray<number>
}

const hide = (text: string, secrets: ReadonlySet<string>): string => {
  const found: Array<readonly [start: number, end: number]> = []
  const search = ({ ends, starts, text }: Decoded) => {
    const searched = text.replaceAll("+", " ")
    for (const secret of secrets) {
      for (let at = searched.indexOf(secret); at >= 0; at = searched.indexOf(secret, at + secret.length)) {
        if (secret.length < shortestAnywhere && !announced.test(searched.slice(Math.max(0, at - 32), at))) continue
        const last = at + secret.length - 1
        found.push([starts[at] ?? at, (ends[last] ?? last) + 1])
      }
    }
  }
  let decoded: Decoded | undefined = { text, starts: [], ends: [] }
  for (let round = 0; round <= rounds && decoded !== undefined; round++) {
    search(decoded)
    const wrapped = withoutBlanks(decoded)
    if (wrapped !== undefined) search(wrapped)
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
  String.raw`\\u(?:([0-9a-f]{4})|\{([0-9a-f]{1,6})\})|\\x([0-9a-f]{2})|\\([0-3][0-7]{2})|\\([^])|`
    + String.raw`((?:%[0-9a-f]{2})+)|`
    + String.raw`&(?:#0*(\d{1,7})|#x0*([0-9a-f]{1,6})|(${names.join("|")})|[a-z]\w{1,31}(?=;));?`,
  "gi"
)

// Line breaks of a wrapped text, and invisible characters.
const blanks = /[\s\p{Cc}\p{Cf}]+/gu

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
      ? utf8.decode(Uint8Array.from(percents.slice(1).split("%"), (digits) => parseInt(digits, 16)))
      : single !== undefined
      ? singles[single] ?? single
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

const character = (code: number): string => code > 0x10ffff ? "\ufffd" : String.fromCodePoint(code)

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })
