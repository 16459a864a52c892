/**
 * Statements of query languages, made by tagged templates: what is written is
 * the statement, what is interpolated is never more than a value in it.
 *
 * `InfluxQL`, `Flux` and `Sql` are made of this. A template becomes a
 * {@link Fragment}: a list of texts, which the program's author wrote, and of
 * literals, which may come from anywhere. Fragments compose. A statement is
 * rendered when it is sent; a literal is then a bind parameter where the API
 * has them, or written by the rules of the language.
 *
 * Rendering also reads the texts between the literals, far enough to know where
 * strings, comments and regular expressions begin and end, and refuses a literal
 * in one of them: `'${host}'` would hold the name of a parameter, or end where
 * the value wants it to.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Result from "effect/Result"
import * as Literal from "./Literal.ts"

/**
 * A statement could not be rendered. Nothing was sent. The message does not show
 * values.
 *
 * @category errors
 * @since 0.1.0
 */
export class StatementError extends Data.TaggedError("StatementError")<{
  readonly language: string
  readonly detail: string
}> {
  override get message(): string {
    return `This is no ${this.language} statement: ${this.detail}`
  }
}

/**
 * A part of a statement: text, a literal, or what stands where a literal should.
 *
 * @category models
 * @since 0.1.0
 */
export type Part = string | Literal.Literal | Literal.Problem

/**
 * A part of a statement, to be interpolated into others. It can't be made from
 * data: only by the functions of its language.
 *
 * @category models
 * @since 0.1.0
 */
export class Fragment<out Language extends string> {
  readonly language: Language
  readonly #parts: ReadonlyArray<Part>

  constructor(language: Language, parts: ReadonlyArray<Part>) {
    this.language = language
    this.#parts = parts
  }

  /** @internal */
  static parts(fragment: Fragment<string>): ReadonlyArray<Part> {
    return fragment.#parts
  }

  /** The text, with `?` for each value. */
  toString(): string {
    return this.#parts.map((part) => typeof part === "string" ? part : "?").join("")
  }
}

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
 * How a literal is written: a text, or a parameter of this JSON. A `Problem` is a
 * literal that this language or API does not have.
 *
 * @category models
 * @since 0.1.0
 */
export type Writer = (
  literal: Literal.Literal
) => { readonly text: string } | { readonly param: string } | Literal.Problem

/**
 * What a language looks like, as far as it is read here. The expressions are
 * sticky.
 *
 * @category models
 * @since 0.1.0
 */
export interface Grammar {
  readonly language: string
  /** A comment, whole: to the end of the line and of the text, or to where it is closed. */
  readonly comment: RegExp
  /** A string or a quoted name, whole. */
  readonly quoted: RegExp
  /** What begins one of them. */
  readonly opening: RegExp
  /** A regular expression, whole, and the words that one may follow; `undefined` if the language has none. */
  readonly regex: { readonly whole: RegExp; readonly after: ReadonlySet<string> } | undefined
  /** What stands around a list, and whether it may have no elements. */
  readonly list: { readonly open: string; readonly close: string; readonly mayBeEmpty: boolean }
}

/**
 * Makes a fragment of a template and its values. The texts are taken as they
 * stand in the source, backslashes too, as by `String.raw`; `` \` `` is a
 * backtick.
 *
 * @category constructors
 * @since 0.1.0
 */
export const template = (
  grammar: Grammar,
  strings: TemplateStringsArray,
  values: ReadonlyArray<unknown>
): ReadonlyArray<Part> => {
  if (!Array.isArray(strings) || !Array.isArray(strings.raw)) {
    return [Literal.problem("the tag was called as a function, not with a template")]
  }
  const parts: Array<Part> = []
  for (const [index, text] of strings.raw.entries()) {
    if (index > 0) parts.push(...partsOf(grammar, values[index - 1]))
    parts.push(text.replaceAll("\\`", "`"))
  }
  return parts
}

/**
 * The parts that an interpolated value becomes: a fragment its own, a list those
 * of its elements with commas between.
 *
 * @category constructors
 * @since 0.1.0
 */
export const partsOf = (grammar: Grammar, value: unknown): ReadonlyArray<Part> => {
  if (value instanceof Fragment) {
    return value.language === grammar.language
      ? Fragment.parts(value)
      : [Literal.problem(`a fragment of ${value.language}`)]
  }
  if (!Array.isArray(value)) return [Literal.fromValue(value)]
  const { close, mayBeEmpty, open } = grammar.list
  if (value.length === 0 && !mayBeEmpty) return [Literal.problem("an empty list")]
  return [open, ...joined(value.map((element) => partsOf(grammar, element)), ", "), close]
}

/**
 * Puts a text between lists of parts.
 *
 * @category constructors
 * @since 0.1.0
 */
export const joined = (lists: ReadonlyArray<ReadonlyArray<Part>>, separator: string): ReadonlyArray<Part> =>
  lists.flatMap((parts, index) => index === 0 ? parts : [separator, ...parts])

/**
 * Renders a statement.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (
  grammar: Grammar,
  fragment: Fragment<string>,
  write: Writer
): Result.Result<Rendered, StatementError> => {
  const fail = (detail: string) => Result.fail(new StatementError({ language: grammar.language, detail }))
  const parts = merged(Fragment.parts(fragment))
  const params: Array<string> = []
  let values = 0
  let text = ""
  for (const [index, part] of parts.entries()) {
    if (typeof part === "string") {
      const open = scan(grammar, part, values > 0, index === parts.length - 1)
      if (open !== undefined) {
        return fail(values === 0 && index === parts.length - 1 ? open : `value ${values + 1}: ${open}`)
      }
      // Two tokens must not become one: `-` and `-1` a comment, two strings one string with a quote in it.
      text += values > 0 && !mayFollow.test(part) ? ` ${part}` : part
      continue
    }
    values++
    const written = part._tag === "Problem" ? part : write(part)
    if ("_tag" in written) return fail(`value ${values} is ${written.detail}`)
    if (text !== "" && !mayPrecede.test(text)) text += " "
    if ("text" in written) {
      text += written.text
    } else {
      text += `$p${params.length}`
      params.push(`"p${params.length}":${written.param}`)
    }
  }
  return Result.succeed({ text, params: params.length === 0 ? undefined : `{${params.join(",")}}` })
}

const mayPrecede = /[\s(,.=<>[]$/
const mayFollow = /^[\s),.;:\]=<>]/

// Neighbouring texts, such as those of fragments, are one: a string may begin in one and end in the next.
const merged = (parts: ReadonlyArray<Part>): ReadonlyArray<Part> => {
  const result: Array<Part> = []
  for (const part of parts) {
    const last = result.at(-1)
    if (typeof part === "string" && typeof last === "string") result[result.length - 1] = last + part
    else if (part !== "") result.push(part)
  }
  return result
}

/** Says what the end of a text stands in, if a value could not stand there. */
const scan = (grammar: Grammar, text: string, behindValue: boolean, isLast: boolean): string | undefined => {
  let position = 0
  // Behind an operand a slash divides, elsewhere it begins a regular expression.
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
