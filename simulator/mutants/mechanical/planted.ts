// Bugs planted by hand (by-hand.ts) as mutants like the mechanical ones: found in the file by their text, and
// chosen at run time in the smallest expression or statement that holds it.
import * as Fs from "node:fs"
import { parseSync } from "oxc-parser"
import { byHand, groups } from "./by-hand.ts"
import type { PlantedBug } from "./planted/planted-bug.ts"
import { childrenOf, isFunction, type MechanicalMutant, type Node, type Whole } from "./operators.ts"
import type { NumberedMutant } from "./weave.ts"

const statements = new Set(["ExpressionStatement", "IfStatement", "ReturnStatement"])
const expressions = new Set([
  "ArrayExpression",
  "ArrowFunctionExpression",
  "AwaitExpression",
  "BinaryExpression",
  "CallExpression",
  "ConditionalExpression",
  "Literal",
  "LogicalExpression",
  "ObjectExpression",
  "TaggedTemplateExpression",
  "TemplateLiteral",
  "UnaryExpression",
  "YieldExpression"
])

const holds = (node: Node, start: number, end: number): boolean => node.start <= start && node.end >= end

interface Place {
  readonly whole: Whole
  readonly is_static: boolean
}

const placeOf = (file: string, text: string, start: number, end: number): Place => {
  let place: Place | null = null
  const visit = (node: Node, is_static: boolean, line: number | null): void => {
    if (!holds(node, start, end)) return
    const is_statement = statements.has(node.type)
    if (is_statement || expressions.has(node.type)) {
      const opens_line = line === node.start
      place = { whole: { start: node.start, end: node.end, is_statement, opens_line }, is_static }
    }
    // The text of a tagged template belongs to its tag.
    if (node.type === "TaggedTemplateExpression") {
      for (const each of childrenOf(node["quasi"] as Node)) visit(each, is_static, null)
      return
    }
    const opened = node.type === "ExpressionStatement" ? node.start : line
    for (const child of childrenOf(node)) visit(child, is_static && !isFunction(node), opened)
  }
  visit(parseSync(file, text).program as unknown as Node, true, null)
  if (place === null) throw new Error(`${file}: nothing there can be chosen at run time`)
  return place
}

/** How many characters both begin with. */
const shared = (a: string, b: string): number => {
  const most = Math.min(a.length, b.length)
  let count = 0
  while (count < most && a[count] === b[count]) count += 1
  return count
}

const reversed = (text: string): string => [...text].toReversed().join("")

const mutantOf = ({ after, before, file, name, profile }: PlantedBug): MechanicalMutant => {
  const text = Fs.readFileSync(file, "utf8")
  const found = text.indexOf(before)
  if (found < 0 || text.indexOf(before, found + 1) >= 0) {
    throw new Error(`${name}: ${file} must hold this text once: ${before}`)
  }
  // What stands around the change in both texts only says where it is.
  const head = shared(before, after)
  const tail = shared(reversed(before.slice(head)), reversed(after.slice(head)))
  const [start, end] = [found + head, found + before.length - tail]
  return {
    file,
    kind: `by hand (${name})`,
    profile,
    line: text.slice(0, start).split("\n").length,
    start,
    end,
    before: text.slice(start, end),
    after: after.slice(head, after.length - tail),
    ...placeOf(file, text, start, end)
  }
}

/** Those of the groups, or all, in the order of the list; throws when the code has moved on without one. */
export const plantedMutants = (
  group = "",
  names: ReadonlyArray<string> = []
): ReadonlyArray<NumberedMutant> =>
  (group === "" ? byHand : group.split(",").flatMap((one) => groups[one] ?? [])).filter(({ name }) =>
    names.length === 0 || names.includes(name)
  ).map(mutantOf)
    .map((mutant, number) => ({ ...mutant, number }))
