// Mechanical mutants: what a slip of the hand makes of a file of the server, one place at a time. Found in
// the parsed code, applied to its text.
import { parseSync } from "oxc-parser"

export interface MechanicalMutant {
  readonly file: string
  readonly kind: string
  readonly line: number
  readonly start: number
  readonly end: number
  /** What stands there, and what is put in its place. */
  readonly before: string
  readonly after: string
  /** The expression or statement that it is a part of: what can be chosen at run time. */
  readonly whole: Whole
  /** It is read once, as the file is loaded. */
  readonly is_static: boolean
  /** Of worlds that are full of what it changes, where somebody said so: those are tried first. */
  readonly profile?: string
}

export interface Whole {
  readonly start: number
  readonly end: number
  readonly is_statement: boolean
  /** It opens a line of its own, where a parenthesis would be taken for a call of the line before. */
  readonly opens_line: boolean
}

export const idOf = ({ after, before, file, kind, line }: MechanicalMutant): string =>
  `${file}:${line} ${kind}: ${before.replaceAll(/\s+/g, " ")} -> ${
    after.replaceAll(/\s+/g, " ") || "nothing"
  }`

export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string"

export const childrenOf = (node: Node): ReadonlyArray<Node> =>
  Object.values(node).flatMap((value) =>
    Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : []
  )

const isCompared = ({ operator, type }: Node): boolean =>
  type === "BinaryExpression" && ["===", "!==", "<", "<=", ">", ">="].includes(String(operator))

export const isFunction = ({ type }: Node): boolean =>
  ["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"].includes(type)

/** Types are gone before anything runs. */
const isOfTypes = ({ type }: Node): boolean =>
  type.startsWith("TS") && !["TSNonNullExpression", "TSAsExpression", "TSSatisfiesExpression"].includes(type)

type Change = readonly [kind: string, start: number, end: number, after: string]
type Operator = (node: Node, text: string) => ReadonlyArray<Change>

const otherComparison: Readonly<Record<string, ReadonlyArray<string>>> = {
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "===": ["!=="],
  "!==": ["==="]
}
const otherLogic: Readonly<Record<string, string>> = { "&&": "||", "||": "&&", "??": "&&" }
const otherSum: Readonly<Record<string, string>> = { "+": "-", "-": "+", "*": "/" }

const between = (node: Node, text: string): readonly [from: number, to: number, operator: string] => {
  const [left, right] = [node["left"] as Node, node["right"] as Node]
  const operator = String(node["operator"])
  const from = text.indexOf(operator, left.end)
  return [from, Math.min(from + operator.length, right.start), operator]
}

const comparisons: Operator = (node, text) => {
  if (node.type !== "BinaryExpression") return []
  const [from, to, operator] = between(node, text)
  const isText = [node["left"], node["right"]].some((side) =>
    isNode(side) && (side.type === "TemplateLiteral" || typeof side["value"] === "string")
  )
  const sums = isText || otherSum[operator] === undefined ? [] : [otherSum[operator]]
  return [
    ...(otherComparison[operator] ?? []).map((after): Change => ["comparison", from, to, after]),
    ...sums.map((after): Change => ["arithmetic", from, to, after])
  ]
}

const logic: Operator = (node, text) => {
  if (node.type !== "LogicalExpression") return []
  const [from, to, operator] = between(node, text)
  const after = otherLogic[operator]
  return after === undefined ? [] : [["logic", from, to, after]]
}

/** Off by one, and a flag that says the opposite. */
const literals: Operator = (node) => {
  if (node.type !== "Literal") return []
  const { value } = node
  if (typeof value === "number" && Number.isInteger(value)) {
    return [["boundary", node.start, node.end, String(value + 1)]]
  }
  return typeof value === "boolean" ? [["flag", node.start, node.end, String(!value)]] : []
}

const conditions: Operator = (node, text) => {
  if (node.type !== "IfStatement" && node.type !== "ConditionalExpression") return []
  const test = node["test"] as Node
  // Another comparison is the same mutant.
  if (isCompared(test)) return []
  return [["condition", test.start, test.end, `!(${text.slice(test.start, test.end)})`]]
}

const isDone = (node: Node | undefined): boolean =>
  node?.type === "ExpressionStatement" &&
  ["CallExpression", "YieldExpression", "AwaitExpression"].includes((node["expression"] as Node).type)

const calls: Operator = (node) => isDone(node) ? [["missing call", node.start, node.end, ";"]] : []

const waits: Operator = (node, text) => {
  if (node.type !== "YieldExpression" && node.type !== "AwaitExpression") return []
  const argument = node["argument"]
  return isNode(argument)
    ? [["not waited for", node.start, node.end, `(${text.slice(argument.start, argument.end)})`]]
    : []
}

const order: Operator = (node, text) => {
  const body = node["body"]
  if (node.type !== "BlockStatement" || !Array.isArray(body)) return []
  return body.flatMap((first: Node, index): ReadonlyArray<Change> => {
    const second: Node | undefined = body[index + 1]
    if (second === undefined || !isDone(first) || !isDone(second)) return []
    const [a, gap, b] = [
      text.slice(first.start, first.end),
      text.slice(first.end, second.start),
      text.slice(second.start, second.end)
    ]
    return [["order", first.start, second.end, `${b}${gap}${a}`]]
  })
}

/** A key that loses one of its parts: two things share what each should have. */
const keys: Operator = (node) => {
  const expressions = node["expressions"]
  if (node.type !== "TemplateLiteral" || !Array.isArray(expressions) || expressions.length < 2) return []
  return expressions.map((expression: Node): Change => ["key", expression.start, expression.end, "\"\""])
}

const operators = [comparisons, logic, literals, conditions, calls, waits, order, keys]

/** Statements and messages in templates are not keys; SQL is broken in mutants/sql.ts. */
const isLeftAlone = (node: Node, text: string): boolean =>
  node.type === "TaggedTemplateExpression" ||
  node.type === "ImportDeclaration" ||
  (node.type === "CallExpression" &&
    /^(Effect\.log|annotateLogs|Effect\.annotateLogs)/.test(text.slice(node.start)))

interface Place {
  readonly is_static: boolean
  readonly opens_line: number | null
}

/** What can be chosen at run time in place of this change: the node, or the one that the change is about. */
const wholeOf = (node: Node, [kind, start, end]: Change, place: Place): Whole => {
  const is_statement = kind === "missing call" || kind === "order"
  const isInside = start >= node.start && end <= node.end && kind !== "condition" && kind !== "key" &&
    kind !== "order"
  const bounds = isInside ? { start: node.start, end: node.end } : { start, end }
  return { ...bounds, is_statement, opens_line: place.opens_line === bounds.start }
}

const inside = (place: Place, parent: Node, child: Node): Place => ({
  is_static: place.is_static && !isFunction(parent),
  opens_line: (parent.type === "BlockStatement" || parent.type === "Program") &&
      child.type === "ExpressionStatement"
    ? child.start
    : place.opens_line
})

/** Every mutant of one file, in the order of the text. */
export const mutantsOf = (file: string, text: string): ReadonlyArray<MechanicalMutant> => {
  const found: Array<MechanicalMutant> = []
  const visit = (node: Node, place: Place): void => {
    if (isOfTypes(node) || isLeftAlone(node, text)) return
    for (const change of operators.flatMap((operator) => operator(node, text))) {
      const [kind, start, end, after] = change
      const line = text.slice(0, start).split("\n").length
      const whole = wholeOf(node, change, place)
      const before = text.slice(start, end)
      found.push({ file, kind, line, start, end, before, after, whole, is_static: place.is_static })
    }
    for (const child of childrenOf(node)) visit(child, inside(place, node, child))
  }
  visit(parseSync(file, text).program as unknown as Node, { is_static: true, opens_line: null })
  return found
}

export const applied = (text: string, { after, end, start }: MechanicalMutant): string =>
  text.slice(0, start) + after + text.slice(end)
