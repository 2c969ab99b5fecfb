// Rules on the code itself, read from its syntax tree: words in comments and strings break none of them.
import {
  childrenOf,
  isCode,
  lineOf,
  type Node,
  nodesOf,
  programOf,
  type ProjectFile
} from "./project-files.ts"
import type { Rule, Violation } from "./project-files.ts"

const functionLengthMax = 70

const at = (file: ProjectFile, node: Node, message: string): Violation => ({
  path: file.path,
  line: lineOf(file.text, node.start),
  message
})

const nameOf = (node: unknown): string => {
  const { type, ...rest } = node as Node
  if (type === "Identifier") return String(rest["name"])
  if (type !== "MemberExpression") return ""
  const property = rest["property"] as Node
  const last = property.type === "Literal" ? String(property["value"]) : nameOf(property)
  return `${nameOf(rest["object"])}.${last}`
}

const calleeOf = (node: Node): string =>
  node.type === "CallExpression" || node.type === "NewExpression" ? nameOf(node["callee"]) : ""

const bannedCalls = new Map([
  ["Date.now", "Clock.currentTimeMillis"],
  ["performance.now", "Clock"],
  ["Math.random", "Random"],
  ["setTimeout", "Effect.sleep or Effect.timeout"],
  ["setInterval", "Effect.repeat"],
  ["crypto.randomUUID", "SecureRandom"],
  ["randomUUID", "SecureRandom"]
])

const boundedWaits = ["Effect.timeout", "Effect.timeoutOption", "Effect.timeoutOrElse"]

/** Nearly always on the outside world, which does not stand still when the product's clock does. */
export const boundsAreInRealTime: Rule = (file) => {
  if (!file.path.startsWith("src/")) return []
  if (file.path === "src/services/platform/real-time.ts") return []
  return nodesOf(programOf(file)).flatMap((node) =>
    boundedWaits.includes(calleeOf(node))
      ? [at(file, node, `calls ${calleeOf(node)}; use services/platform/real-time.ts`)]
      : []
  )
}

/** Time and chance come from Effect alone, or simulated time would lie. */
export const timeAndChanceAreEffects: Rule = (file) => {
  if (!/^(src|simulator|testkit\/memory)\//.test(file.path)) return []
  return nodesOf(programOf(file)).flatMap((node) => {
    const callee = calleeOf(node).replace(/^(globalThis|global|window)\./, "")
    const instead = bannedCalls.get(callee)
    if (instead !== undefined) return [at(file, node, `calls ${callee}; use ${instead}`)]
    const isNow = callee === "Date" && (node.type === "CallExpression" || isEmpty(node["arguments"]))
    return isNow ? [at(file, node, "reads the clock through Date; use Clock.currentTimeMillis")] : []
  })
}

const isEmpty = (list: unknown): boolean => Array.isArray(list) && list.length === 0

const databaseClock =
  /\b(now|clock_timestamp|statement_timestamp|transaction_timestamp)\s*\(\s*\)|\bCURRENT_(TIME|DATE)/i

/** SQL gets its times as parameters: the database has a clock of its own, which no test can move. */
export const sqlHasNoClock: Rule = (file) => {
  if (!/^(src|migrations)\//.test(file.path)) return []
  return nodesOf(programOf(file)).flatMap((node) => {
    const text = node.type === "TemplateElement"
      ? String((node["value"] as { raw: string }).raw)
      : node.type === "Literal" && typeof node["value"] === "string"
      ? node["value"]
      : ""
    return databaseClock.test(text) ? [at(file, node, "asks the database for the time")] : []
  })
}

const isFunction = (node: Node) =>
  ["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"].includes(node.type)

const linesOf = (file: ProjectFile, node: Node): number =>
  lineOf(file.text, node.end) - lineOf(file.text, node.start) + 1

const outermostFunctions = (node: Node): ReadonlyArray<Node> =>
  childrenOf(node).flatMap((child) => isFunction(child) ? [child] : outermostFunctions(child))

/** Functions inside a function are read on their own, so their lines are counted on their own. */
const ownLines = (file: ProjectFile, node: Node): number =>
  outermostFunctions(node).reduce((left, inner) => left - (linesOf(file, inner) - 1), linesOf(file, node))

export const functionsFit: Rule = (file) =>
  isCode(file.path)
    ? nodesOf(programOf(file)).filter(isFunction).flatMap((node) => {
      const count = ownLines(file, node)
      return count <= functionLengthMax ? [] : [at(file, node, `has a function of ${count} lines`)]
    })
    : []

const testNames = /^(it|test|describe|suite|bench)\b/
const tricks = /\.(skip|only|todo|skipIf|runIf|fails|retry|flakyTest)\b/

/** A test runs, once, and says what it finds. */
export const testsAreHonest: Rule = (file) => {
  if (!/^(test|testkit)\/|vitest\.config/.test(file.path) || !isCode(file.path)) return []
  return nodesOf(programOf(file)).flatMap((node) => {
    const name = node.type === "MemberExpression" ? nameOf(node) : ""
    if (testNames.test(name) && tricks.test(name)) return [at(file, node, `uses ${name}`)]
    const key = node.type === "Property" ? nameOf(node["key"]) : ""
    const isOption = ["skip", "only", "todo", "fails"].includes(key) && isTrue(node["value"])
    const retries = key === "retry" && (node["value"] as Node).type === "Literal"
    return isOption || retries ? [at(file, node, `uses the option ${key}`)] : []
  })
}

const isTrue = (node: unknown): boolean => (node as Node)["value"] === true
