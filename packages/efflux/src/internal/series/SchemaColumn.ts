/**
 * A column of a series: one tag or one field, with its Schema.
 *
 * Each Schema is analysed once, at construction. For a Schema of types or literals, with or without checks, a few
 * bits say which values it accepts, and an accepted value is written as it is. Every other Schema runs for each
 * value.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as SchemaParser from "effect/SchemaParser"
import { Uint, UintSchema } from "../../Point.ts"
import { makeProblem, type Problem, thrown } from "../encode/EncodeError.ts"
import {
  BIGINT,
  BOOLEAN,
  type Column,
  NUMBER,
  refused,
  STRING,
  typeOf,
  UINT,
  UNDEFINED
} from "../encode/SeriesPoint.ts"
import { preview, printable } from "../text/preview.ts"

/**
 * One tag or field. Its types and its check are those of values as they are, or
 * of what the Schema makes of them.
 *
 * @category models
 * @since 0.1.0
 */
export interface SchemaColumn extends Column {
  readonly schema: Schema.Constraint
  /** Whether `undefined` is a value of the column, which can't be absent itself. */
  readonly takesUndefined: boolean
}

/**
 * The problem of a value, or of its absence, that the Schema of a column refuses.
 *
 * @category validation
 * @since 0.1.0
 */
export const schemaProblem = ({ isTag, name, schema }: SchemaColumn, value: unknown): Problem => ({
  ...makeProblem(isTag ? "tag value" : "field value", "schema", name, undefined, sentence(schema, value)),
  value: preview(value)
})

// The message of the Schema, which may come from the program.
const sentence = (schema: Schema.Constraint, value: unknown): string | undefined => {
  try {
    const encoded = SchemaParser.encodeUnknownResult(schema as Schema.Codec<unknown>)(value)
    return Result.isFailure(encoded)
      ? printable(String(new Schema.SchemaError(encoded.failure).message).replace(/\n\s*/g, " "), 200)
      : undefined
  } catch (error) {
    // A parser of Effect throws the cause of the error that the Schema threw.
    return `it threw ${
      thrown(error instanceof Error && Cause.isCause(error.cause) ? Cause.squash(error.cause) : error)
    }`
  }
}

/**
 * Analyses the Schema of a tag or field; `undefined` if it encodes to something that can't be written there.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeColumn = (name: string, isTag: boolean, schema: Schema.Constraint): SchemaColumn | undefined => {
  const encoded = typesOf(SchemaAST.toEncoded(schema.ast))
  if (encoded === undefined || (isTag && (encoded & UINT) !== 0)) return undefined
  const isOptional = schema.ast.context?.isOptional === true
  const takesUndefined = (encoded & UNDEFINED) !== 0 && !isOptional
  const types = isOptional || !keepsValues(schema.ast) ? encoded | UNDEFINED : encoded
  return { name, isTag, schema, convert: converter(schema, isOptional), types, takesUndefined }
}

// What is left to do with a value of the right type, if anything.
const converter = (schema: Schema.Constraint, isOptional: boolean): Column["convert"] => {
  const { ast } = schema
  if (!keepsValues(ast)) return orRefused(runner(schema, isOptional))
  const members = membersOf(ast)
  if (members.every(isBare)) return undefined
  // A set is several times as fast as the Schema.
  const literals = members.every(isLiteral) ? new Set(members.flatMap(literalsOf)) : undefined
  const accepts = literals === undefined ? SchemaParser.is(schema) : (value: unknown) => literals.has(value)
  return orRefused((value) => isOptional && value === undefined || accepts(value) ? value : refused)
}

// A Schema that throws refuses the value; its error becomes the message.
const orRefused = (convert: (value: unknown) => unknown) => (value: unknown): unknown => {
  try {
    return convert(value)
  } catch {
    return refused
  }
}

const runner = (schema: Schema.Constraint, isOptional: boolean) => {
  if (!isOptional && SchemaAST.toEncoded(schema.ast).context?.isOptional !== true) {
    const encode = SchemaParser.encodeUnknownResult(schema as Schema.Codec<unknown>)
    return (value: unknown) => Result.getOrElse(encode(value), () => refused)
  }
  // As the key of an object, which the Schema may make absent, or make a value of its absence.
  const encode = SchemaParser.encodeUnknownResult(
    Schema.Struct({ value: schema }) as unknown as Schema.Codec<{ readonly value?: unknown }>
  )
  return (value: unknown) =>
    Result.match(encode(isOptional && value === undefined ? {} : { value }), {
      onFailure: () => refused,
      onSuccess: (encoded) => encoded.value
    })
}

// Whether a Schema changes no value.
const keepsValues = (ast: SchemaAST.AST): boolean =>
  ast.encoding === undefined &&
  (ast._tag !== "Union" || ast.encodingChecks === undefined && ast.types.every(keepsValues))

// The members of a plain union, without checks; any other type is its own only member.
const membersOf = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> =>
  ast._tag === "Union" && ast.checks === undefined && ast.options?.mode !== "oneOf"
    ? ast.types.flatMap(membersOf)
    : [ast]

const bareTypes: ReadonlyMap<string, number> = new Map([
  ["String", STRING],
  ["Number", NUMBER],
  ["BigInt", BIGINT],
  ["Boolean", BOOLEAN],
  ["Undefined", UNDEFINED]
])

// Whether its type says all. The range of a `Uint` is looked at when it is written.
const isBare = (ast: SchemaAST.AST): boolean =>
  ast === UintSchema.ast || bareTypes.has(ast._tag) && ast.checks === undefined

const isLiteral = (ast: SchemaAST.AST): ast is SchemaAST.Literal | SchemaAST.Enum | SchemaAST.Undefined =>
  (ast._tag === "Literal" || ast._tag === "Enum" || ast._tag === "Undefined") && ast.checks === undefined

const literalsOf = (ast: SchemaAST.Literal | SchemaAST.Enum | SchemaAST.Undefined): ReadonlyArray<unknown> =>
  ast._tag === "Literal" ? [ast.literal] : ast._tag === "Enum" ? ast.enums.map(([, value]) => value) : [undefined]

// The types of values that a Schema takes, `undefined` if it takes others than line protocol has.
const typesOf = (ast: SchemaAST.AST): number | undefined => {
  switch (ast._tag) {
    case "TemplateLiteral":
      return STRING
    case "Literal":
    case "Enum":
      return literalsOf(ast).reduce<number>((types, value) => types | typeOf(value), 0)
    case "Union":
      return ast.types.map(typesOf).reduce(
        (all, one) => all === undefined || one === undefined ? undefined : all | one,
        0
      )
    case "Declaration":
      return Schema.is(Schema.make(ast))(new Uint(0n)) ? UINT : undefined
    default:
      return bareTypes.get(ast._tag)
  }
}
