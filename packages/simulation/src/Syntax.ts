/** Finds code by its syntax, whatever its layout, comments and types are. */
import { parseAst } from "rolldown/parseAst"

/** A node of a syntax tree (ESTree), with its place in the text. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

export interface Match {
  readonly node: Node
  /** What the names that begin with `$` stand for. */
  readonly captured: ReadonlyMap<string, Node>
}

/** The tree of a module. */
export const parse = (text: string): Node => parseAst(text, { lang: "ts" }) as unknown as Node

/** The tree of an expression or statement. */
export const parsePattern = (text: string): Node => {
  const [statement] = parse(`async function* pattern() { ${text} }`)["body"] as ReadonlyArray<Node>
  const [pattern, ...others] = (statement["body"] as Node)["body"] as ReadonlyArray<Node>
  if (pattern === undefined || others.length > 0) throw new Error(`not one expression or statement: ${text}`)
  return unwrap(pattern)
}

/** The members, functions and constants of a name; inside another one as `outer.inner`. */
export const named = (tree: Node, path: string): ReadonlyArray<Node> =>
  path.split(".").reduce<ReadonlyArray<Node>>(
    (scopes, name) =>
      scopes.flatMap((scope) => descendants(scope).filter((node) => declares.has(node.type) && nameOf(node) === name)),
    [tree]
  )

const declares = new Set([
  "ClassDeclaration",
  "FunctionDeclaration",
  "MethodDefinition",
  "Property",
  "PropertyDefinition",
  "VariableDeclarator"
])

const nameOf = (node: Node): unknown => {
  const name = (node["id"] ?? node["key"]) as Node | null
  return name?.type === "PrivateIdentifier" ? `#${String(name["name"])}` : name?.["name"]
}

/** Where a pattern stands. */
export const matches = (tree: Node, pattern: Node): ReadonlyArray<Match> => {
  const found: Array<Match> = []
  for (const node of descendants(tree)) {
    const captured = new Map<string, Node>()
    if (unwrap(node) === node && isMatch(pattern, node, captured)) found.push({ node, captured })
  }
  return found
}

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && "type" in value

const descendants = (node: Node): ReadonlyArray<Node> => [
  node,
  ...Object.values(node).flat().filter(isNode).flatMap(descendants)
]

// What says nothing about what code does.
const ignored = new Set([
  "start",
  "end",
  "range",
  "loc",
  "raw",
  "parent",
  "typeAnnotation",
  "typeArguments",
  "typeParameters",
  "returnType",
  "directive"
])

const wrappers = new Set([
  "ExpressionStatement",
  "ParenthesizedExpression",
  "TSAsExpression",
  "TSNonNullExpression",
  "TSSatisfiesExpression"
])

const unwrap = (node: Node): Node => wrappers.has(node.type) ? unwrap(node["expression"] as Node) : node

const isMatch = (pattern: unknown, value: unknown, captured: Map<string, Node>): boolean => {
  if (Array.isArray(pattern)) {
    return Array.isArray(value) && pattern.length === value.length &&
      pattern.every((part, i) => isMatch(part, value[i], captured))
  }
  if (!isNode(pattern)) return pattern === value
  if (!isNode(value)) return false
  const [wanted, node] = [unwrap(pattern), unwrap(value)]
  const name = wanted.type === "Identifier" ? String(wanted["name"]) : ""
  if (name.startsWith("$")) {
    const before = captured.get(name)
    if (before !== undefined) return isMatch(before, node, captured)
    captured.set(name, node)
    return true
  }
  return Object.entries(wanted).every(([key, part]) => ignored.has(key) || isMatch(part, node[key], captured))
}
