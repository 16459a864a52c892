/**
 * Statements of query languages as tagged templates: the template is the statement, and an interpolated value can't
 * change it.
 *
 * A template becomes a {@link Fragment}: a list of texts, which the program's author wrote, of literals, which may
 * come from anywhere, and of other fragments. A statement is rendered when it is sent: a literal becomes a bind
 * parameter if the API has them, and is otherwise written by the rules of the language.
 *
 * Rendering also scans the texts between the literals for strings, comments and regular expressions, and refuses a
 * literal inside one of them: `'${host}'` would contain the name of a parameter, or end where the value decides.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Literal from "./Literal.ts"

/**
 * @category models
 * @since 0.1.0
 */
export type Language = "InfluxQL" | "Flux" | "SQL"

/**
 * A segment of a statement: a text, a literal, an invalid value, or another fragment.
 *
 * @category models
 * @since 0.1.0
 */
export type Segment = string | Literal.Literal | Literal.Invalid | Fragment<Language>

type Leaf = Exclude<Segment, Fragment<Language>>

/** The most steps through a statement. A few fragments that contain each other twice would take forever. */
const maxSteps = 4_000_000

/**
 * A part of a statement, to be interpolated into others. It can't be made from
 * data, only by the functions of its language.
 *
 * @category models
 * @since 0.1.0
 */
export class Fragment<out L extends Language> {
  /** The language that it is written in. */
  readonly language: L
  readonly #segments: ReadonlyArray<Segment>

  constructor(language: L, segments: ReadonlyArray<Segment>) {
    this.language = language
    this.#segments = segments
    Object.freeze(this)
  }

  /** @internal */
  static is(value: unknown): value is Fragment<Language> {
    return typeof value === "object" && value !== null && #segments in value
  }

  /**
   * The segments without the fragments between them, neighbouring texts joined. Fragments can be nested deeper than the
   * call stack.
   *
   * @internal
   */
  static leaves(fragment: Fragment<Language>): ReadonlyArray<Leaf> {
    const leaves: Array<Leaf> = []
    const open = [fragment.#segments.values()]
    for (let count = 0; open.length > 0; count++) {
      const { value: segment } = open.at(-1)!.next()
      if (count > maxSteps) return [Literal.invalid("one of more than a million parts")]
      if (segment === undefined) open.pop()
      else if (Fragment.is(segment)) open.push(segment.#segments.values())
      else if (typeof segment === "string" && typeof leaves.at(-1) === "string") {
        leaves.push(`${leaves.pop()}${segment}`)
      } else if (segment !== "") leaves.push(segment)
    }
    return leaves
  }

  /** The text, with `?` for each value. */
  toString(): string {
    return Fragment.leaves(this).map((segment) => typeof segment === "string" ? segment : "?").join("")
  }
}

/**
 * A statement in one of the languages.
 *
 * @category models
 * @since 0.1.0
 */
export type Statement = Fragment<"InfluxQL"> | Fragment<"Flux"> | Fragment<"SQL">

/** What is written around a list, and for an empty one. */
const brackets = { InfluxQL: ["", ""], Flux: ["[", "]"], SQL: ["", ""] } as const

/**
 * Makes the template function of a language. The texts are used as they are in the source, including backslashes, as by
 * `String.raw`; `` \` `` is a backtick.
 *
 * @category constructors
 * @since 0.1.0
 */
export const template =
  <L extends Language>(language: L) =>
  (strings: TemplateStringsArray, ...values: ReadonlyArray<unknown>): Fragment<L> => {
    if (!Array.isArray(strings) || !Array.isArray(strings.raw)) {
      return new Fragment(language, [Literal.invalid("a tag that was called as a function, not with a template")])
    }
    return new Fragment(
      language,
      strings.raw.flatMap((text, index): ReadonlyArray<Segment> => {
        const written = String(text).replaceAll("\\`", "`")
        return index === 0 ? [written] : [segmentOf(language, values[index - 1]), written]
      })
    )
  }

/**
 * The segment that an interpolated value becomes: a fragment itself, a list its
 * elements with commas between, anything else a literal.
 *
 * @category constructors
 * @since 0.1.0
 */
export const segmentOf = <L extends Language>(language: L, value: unknown): Segment => {
  try {
    if (Fragment.is(value)) {
      return value.language === language ? value : Literal.invalid(`a fragment of ${value.language}`)
    }
    if (!Array.isArray(value)) return Literal.fromValue(value)
    const items = elements(value)
    const [open, close] = brackets[language]
    if (items.length === 0 && open === "") return Literal.invalid("an empty list")
    const segments = items.map((item) =>
      Array.isArray(item) ? Literal.invalid("a list in a list") : segmentOf(language, item)
    )
    return new Fragment(language, [open, ...joined(segments, ", "), close])
  } catch {
    // An object that only pretends to be of a type, or a proxy.
    return Literal.invalid("an object that can't be read")
  }
}

/**
 * Reads the elements of a list by index, because a list can have its own iterator, `map` and length.
 *
 * @category constructors
 * @since 0.1.0
 */
export const elements = <A>(list: ReadonlyArray<A>): ReadonlyArray<A> => {
  const { length } = list
  if (!Array.isArray(list) || !(length <= maxSteps)) throw new RangeError("no list, or one that is too long")
  return Array.from({ length }, (_, index) => list[index])
}

/**
 * Puts a text between segments.
 *
 * @category constructors
 * @since 0.1.0
 */
export const joined = (segments: ReadonlyArray<Segment>, separator: string): ReadonlyArray<Segment> =>
  segments.flatMap((segment, index) => index === 0 ? [segment] : [separator, segment])

/**
 * What a statement becomes for one API.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rendered {
  readonly text: string
  /** The bind parameters: a JSON object, `undefined` if there are none. */
  readonly params: string | undefined
}

/**
 * How a literal is written: as text, or as a parameter with this JSON. `Invalid` is a literal that this language or API
 * does not support.
 *
 * @category models
 * @since 0.1.0
 */
export type WrittenLiteral = string | { readonly _tag: "Param"; readonly json: string } | Literal.Invalid

/**
 * How each kind of literal is written.
 *
 * @category models
 * @since 0.1.0
 */
export type LiteralWriter = {
  readonly [Tag in keyof Literal.LiteralValues]: (value: Literal.LiteralValues[Tag]) => WrittenLiteral
}

/**
 * A bind parameter.
 *
 * @category constructors
 * @since 0.1.0
 */
export const param = (json: string): WrittenLiteral => ({ _tag: "Param", json })

/**
 * The parts of a language's syntax that are needed here. The expressions are sticky.
 *
 * @category models
 * @since 0.1.0
 */
export interface Grammar {
  /** A complete comment, to the end of the line or text, or to its closing delimiter. */
  readonly comment: RegExp
  /** A complete string or quoted name. */
  readonly quoted: RegExp
  /** What begins one of them. */
  readonly opening: RegExp
  /** A complete regular expression, and the words after which one can follow; `undefined` if the language has none. */
  readonly regex: { readonly whole: RegExp; readonly after: ReadonlySet<string> } | undefined
}

/**
 * Renders statements of a language, or returns why a statement can't be rendered. The reason never shows a value.
 *
 * @category rendering
 * @since 0.1.0
 */
export const renderer = <L extends Language>(grammar: Grammar, writer: LiteralWriter) =>
(
  fragment: Fragment<L>
): Result.Result<Rendered, string> => {
  const leaves = Fragment.leaves(fragment)
  const params: Array<string> = []
  // Pieces instead of one text, because reading the last character of a concatenated text would copy it.
  const pieces: Array<string> = []
  let values = 0
  let last = ""
  const put = (piece: string): void => {
    pieces.push(piece)
    last = piece.at(-1) ?? last
  }
  for (const [index, segment] of leaves.entries()) {
    if (typeof segment === "string") {
      const isLast = index === leaves.length - 1
      const open = scan(grammar, segment, values > 0, isLast)
      if (open !== undefined) return Result.fail(values === 0 && isLast ? open : `value ${values + 1}: ${open}`)
      // Two tokens must not merge: `-` and `-1` would be a comment, and two strings one string with a quote in it.
      if (values > 0 && !mayFollow.test(segment)) put(" ")
      put(segment)
      continue
    }
    values++
    const written = segment._tag === "Invalid" ? segment : writer[segment._tag](segment.value as never)
    if (typeof written === "object" && written._tag === "Invalid") {
      return Result.fail(`value ${values} is ${written.detail}`)
    }
    if (last !== "" && !mayPrecede.test(last)) put(" ")
    put(typeof written === "string" ? written : `$p${params.length}`)
    if (typeof written === "object") params.push(`"p${params.length}":${written.json}`)
  }
  return Result.succeed({ text: pieces.join(""), params: params.length === 0 ? undefined : `{${params.join(",")}}` })
}

const mayPrecede = /[\s(,.=<>[]/
const mayFollow = /^[\s),.;:\]=<>]/

/** Returns the construct in which a text ends, if a value can't be placed there. */
const scan = (grammar: Grammar, text: string, behindValue: boolean, isLast: boolean): string | undefined => {
  let position = 0
  // After an operand a slash divides; elsewhere it begins a regular expression.
  let isOperand = behindValue
  const take = (token: RegExp): string | undefined => {
    token.lastIndex = position
    const found = token.exec(text)?.[0]
    if (found !== undefined) position += found.length
    return found
  }
  while (position < text.length) {
    const comment = take(grammar.comment)
    if (comment !== undefined) {
      if (position === text.length && !isLast && !comment.endsWith("*/") && !comment.endsWith("\n")) {
        return "it stands in a comment"
      }
    } else if (take(grammar.quoted) !== undefined) {
      isOperand = true
    } else if (take(grammar.opening) !== undefined) {
      return isLast ? "a string, a quoted name or a comment is not closed" : "it stands in quotes or in a comment"
    } else if (grammar.regex !== undefined && text[position] === "/" && !isOperand) {
      if (take(grammar.regex.whole) === undefined) {
        return isLast ? "a regular expression is not closed" : "it stands in a regular expression"
      }
      isOperand = true
    } else {
      const token = take(word)
      if (token !== undefined) isOperand = grammar.regex?.after.has(token.toLowerCase()) !== true
      else if (take(space) === undefined) isOperand = ")]}".includes(text[position++])
    }
  }
  return undefined
}

const word = /[\p{L}\p{N}_$]+/uy
const space = /\s+/y
