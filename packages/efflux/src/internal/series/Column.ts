/**
 * A column of a series: one tag or one field, with its Schema.
 *
 * Each Schema is analysed once, at construction. For a Schema of types or literals, with or without checks, a few
 * bits say which values it accepts, and an accepted value is written as it is. Every other Schema runs for each
 * value.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import type * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import { Uint, UintSchema } from "../../Point.ts"
import {
  BIGINT,
  BOOLEAN,
  type Column as Writable,
  kindOf,
  NUMBER,
  refused,
  STRING,
  UINT,
  UNDEFINED
} from "../encode/Column.ts"
import { makeProblem, type Problem, thrown } from "../encode/EncodeError.ts"
import { preview, printable } from "../text/preview.ts"

/**
 * One tag or field. Its kinds and its check are those of values as they are, or
 * of what the Schema makes of them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Column extends Writable {
  readonly schema: Schema.Constraint
  /** Whether only the Schema of a whole object can say what is written, because values may be absent there. */
  readonly inStruct: boolean
  /** Whether any text will do, the empty one too. */
  readonly isText: boolean
}

/**
 * The values of one point, by the names of tags and fields, and its `timestamp`.
 *
 * @category models
 * @since 0.1.0
 */
export type Values = { readonly [name: string]: unknown }

const isEnumerable = Object.prototype.propertyIsEnumerable

/**
 * A value of an object by its name, `undefined` if the object has no enumerable one of its own.
 *
 * @category models
 * @since 0.1.0
 */
export const own = (values: Values, name: string): unknown => isEnumerable.call(values, name) ? values[name] : undefined

/**
 * Why values were refused.
 *
 * @category models
 * @since 0.1.0
 */
export class Refused {
  readonly problem: Problem
  constructor(problem: Problem) {
    this.problem = problem
  }
}

/**
 * Runs the Schemas that have to be run all at once: gives the values with what these make of them.
 *
 * @category models
 * @since 0.1.0
 */
export type Transform = (values: Values) => Values | Refused

/**
 * The problem of a value, or of its absence, that the Schema of a column refuses.
 *
 * @category validation
 * @since 0.1.0
 */
export const schemaProblem = (column: Column | undefined, value: unknown): Problem => ({
  ...makeProblem(
    column === undefined ? "point" : column.isTag ? "tag value" : "field value",
    "schema",
    column?.name,
    undefined,
    column === undefined ? undefined : sentence(column.schema, value)
  ),
  value: preview(value)
})

// What the Schema itself says, which may be a text of the program.
const sentence = (schema: Schema.Constraint, value: unknown): string | undefined => {
  try {
    const encoded = SchemaParser.encodeUnknownResult(schema as Schema.Codec<unknown>)(value)
    return Result.isFailure(encoded)
      ? printable(String(new Schema.SchemaError(encoded.failure).message), 200)
      : undefined
  } catch (error) {
    return thrown(error)
  }
}

/**
 * Looks into the Schema of a tag or field, `undefined` if it encodes to something
 * that can't be written there.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (name: string, isTag: boolean, schema: Schema.Constraint): Column | undefined => {
  const encoded = writtenKinds(SchemaAST.toEncoded(schema.ast))
  if (encoded === undefined || (isTag && (encoded & UINT) !== 0)) return undefined
  const plain = plainOf(schema.ast)
  const optional = schema.ast.context?.isOptional === true ? UNDEFINED : 0
  const alone = isAlone(schema.ast)
  return {
    name,
    isTag,
    schema,
    inStruct: plain === undefined && !alone,
    convert: plain === undefined ? alone ? runner(schema) : undefined : checked(plain),
    kinds: plain === undefined ? encoded | UNDEFINED : plain.kinds | optional,
    isText: plain !== undefined && plain.kinds === STRING && plain.literals === undefined &&
      plain.check === undefined &&
      optional === 0
  }
}

// Whether a Schema makes of each value one value, never of none or to none.
const isAlone = ({ context, encoding }: SchemaAST.AST): boolean =>
  context === undefined && (encoding === undefined || encoding.every(({ to }) => isAlone(to)))

const runner = (schema: Schema.Constraint): Writable["convert"] => {
  const encode = SchemaParser.encodeUnknownResult(schema as Schema.Codec<unknown>)
  return (value) => {
    const encoded = encode(value)
    return Result.isSuccess(encoded) ? encoded.success : refused
  }
}

/** What a Schema that changes no value takes. Literals and a check never come together. */
interface Plain {
  readonly kinds: number
  readonly literals?: ReadonlySet<unknown>
  readonly check?: Check
}

type Check = (value: unknown) => boolean

const checked = ({ check, literals }: Plain): Writable["convert"] => {
  const passes = literals === undefined ? check : (value: unknown) => literals.has(value)
  return passes && ((value) => value === undefined || passes(value) ? value : refused)
}

const plainOf = (ast: SchemaAST.AST): Plain | undefined => {
  // Its range is looked at when it is written.
  if (ast === uint) return { kinds: UINT }
  if (ast.encoding !== undefined) return undefined
  const plain = withoutChecks(ast)
  if (plain === undefined || ast.checks === undefined) return plain
  if (plain.literals !== undefined || plain.check !== undefined || (plain.kinds & UNDEFINED) !== 0) return undefined
  return { kinds: plain.kinds, check: passes(ast.checks, ast) }
}

const withoutChecks = (ast: SchemaAST.AST): Plain | undefined => {
  switch (ast._tag) {
    case "String":
      return { kinds: STRING }
    case "Number":
      return { kinds: NUMBER }
    case "BigInt":
      return { kinds: BIGINT }
    case "Boolean":
      return { kinds: BOOLEAN }
    case "Undefined":
      return { kinds: UNDEFINED }
    case "Literal":
      return { kinds: kindOf(ast.literal), literals: new Set([ast.literal]) }
    case "Enum":
      return literals(ast.enums.map(([, value]) => value))
    case "Union":
      return ast.encodingChecks === undefined && ast.options?.mode !== "oneOf" ? unionOf(ast.types) : undefined
    default:
      return undefined
  }
}

const literals = (values: ReadonlyArray<unknown>): Plain => ({
  kinds: values.reduce<number>((kinds, value) => kinds | kindOf(value), 0),
  literals: new Set(values)
})

// Members that name types, or members that name literals, or one member with a check; `undefined` may join them all.
const unionOf = (types: ReadonlyArray<SchemaAST.AST>): Plain | undefined => {
  const members = types.map(plainOf)
  if (!members.every((member) => member !== undefined)) return undefined
  const kinds = members.reduce((kinds, member) => kinds | member.kinds, 0)
  const others = members.filter((member) => member.kinds !== UNDEFINED)
  if (others.every((member) => member.literals === undefined && member.check === undefined)) return { kinds }
  if (others.every((member) => member.literals !== undefined)) {
    return { kinds, literals: new Set(others.flatMap((member) => [...member.literals!])) }
  }
  return others.length === 1 ? { ...others[0], kinds } : undefined
}

const uint: SchemaAST.AST = UintSchema.ast

const passes = (checks: SchemaAST.Checks, ast: SchemaAST.AST): Check => {
  const [first, ...others] = checks.flatMap(flatten)
  if (others.length === 0) return (value) => first.run(value, ast, noOptions) === undefined
  const filters = [first, ...others]
  return (value) => filters.every((filter) => filter.run(value, ast, noOptions) === undefined)
}

const flatten = (check: SchemaAST.Check<unknown>): ReadonlyArray<SchemaAST.Filter<unknown>> =>
  check._tag === "Filter" ? [check] : check.checks.flatMap(flatten)

const noOptions: SchemaAST.ParseOptions = {}

// The kinds of an encoded side, `undefined` if it has others than line protocol.
const writtenKinds = (ast: SchemaAST.AST): number | undefined => {
  switch (ast._tag) {
    case "TemplateLiteral":
      return STRING
    case "Union": {
      let kinds = 0
      for (const type of ast.types) {
        const member = writtenKinds(type)
        if (member === undefined) return undefined
        kinds |= member
      }
      return kinds
    }
    case "Declaration":
      return Schema.is(Schema.make(ast))(new Uint(0n)) ? UINT : undefined
    default:
      return withoutChecks(ast)?.kinds
  }
}

/**
 * The Schemas of columns as one, that is run for a whole object. `undefined` if
 * no column needs that.
 *
 * @category encoding
 * @since 0.1.0
 */
export const makeTransform = (columns: ReadonlyArray<Column>): Transform | undefined => {
  const running = columns.filter((column) => column.inStruct)
  if (running.length === 0) return undefined
  const encode = SchemaParser.encodeUnknownResult(
    Schema.Struct(Object.fromEntries(running.map((column) => [column.name, column.schema]))) as unknown as Schema.Codec<
      Values
    >
  )
  return (values) => {
    const encoded = encode(pick(values, running))
    if (Result.isSuccess(encoded)) {
      return { ...values, ...Object.fromEntries(running.map(({ name }) => [name, own(encoded.success, name)])) }
    }
    const name = columnOf(encoded.failure)
    return new Refused(schemaProblem(running.find((column) => column.name === name), values[name]))
  }
}

// A Schema also sees what an object inherits: without a prototype, a name like `toString` is absent where it is not given.
const pick = (values: Values, columns: ReadonlyArray<Column>): Values => {
  const picked: Record<string, unknown> = Object.create(null)
  for (const { name } of columns) if (isEnumerable.call(values, name)) picked[name] = values[name]
  return picked
}

const columnOf = (issue: SchemaIssue.Issue): string => {
  switch (issue._tag) {
    case "Pointer":
      return String(issue.path[0])
    case "Composite":
      return columnOf(issue.issues[0])
    case "Encoding":
    case "Filter":
      return columnOf(issue.issue)
    default:
      return ""
  }
}
