// The form of docs: lines of at most 120 columns, decisions that say date, status and decision first, a
// glossary with one line a word.
import { assert, describe, it } from "@effect/vitest"
import { projectFiles } from "../tidy/project-files.ts"

const docs = projectFiles().filter(({ path }) => path.endsWith(".md"))
const decisions = docs.filter(({ path }) => path.startsWith("docs/decisions/"))

const widthMax = 120

/** Tables and shown frames cannot be wrapped, nor can a link that is longer than the line. */
const tooWide = (text: string): ReadonlyArray<number> => {
  let isShown = false
  return text.split("\n").flatMap((line, index) => {
    if (line.startsWith("```")) isShown = !isShown
    const isFixed = isShown || line.startsWith("|") || !line.trim().includes(" ")
    return isFixed || [...line].length <= widthMax ? [] : [index + 1]
  })
}

/** What is wrong with how a decision opens; null when nothing is. */
const problemOf = (path: string, text: string): string | null => {
  const number = Number(/(\d{4})-/.exec(path)?.[1])
  const [title = "", blank = "", first = "", second = ""] = text.split("\n")
  if (!title.startsWith(`# ${number}. `) || blank !== "") return `does not open with "# ${number}. "`
  const opening = /^\*\*\d{4}-\d\d-\d\d, (accepted|rejected|replaced by decision \d+)\.\*\* (.*)$/.exec(first)
  if (opening === null) return "does not say date and status, as **2026-11-21, accepted.**"
  return /[.;](\s|$)/.test(`${opening[2]} ${second}`) ? null : "does not say the decision in two lines"
}

describe("docs", () => {
  it("wrap at 120 columns, tables and frames excepted", () => {
    const found = docs.flatMap(({ path, text }) => tooWide(text).map((line) => `${path}:${line}`))
    assert.deepStrictEqual(found, [])
    const long = "a ".repeat(61)
    assert.deepStrictEqual(tooWide(`short\n${long}\n| ${long} |\n\`\`\`\n${long}\n\`\`\`\n${long}`), [2, 7])
  })
})

describe("every decision", () => {
  it("opens with its number, its date, its status and the decision", () => {
    const found = decisions.map(({ path, text }) => [path, problemOf(path, text)]).filter(([, problem]) =>
      problem
    )
    assert.deepStrictEqual(found, [])
    assert.isAtLeast(decisions.length, 19)
  })

  it("that opens in another way is found", () => {
    const path = "docs/decisions/0007-a.md"
    const right = "# 7. Title\n\n**2026-11-21, accepted.** We do\nthis.\n"
    assert.isNull(problemOf(path, right))
    for (
      const wrong of [
        right.replace("7", "8"),
        right.replace("2026-11-21", "In November"),
        right.replace("accepted", "perhaps"),
        right.replace("We do\nthis.", "We"),
        "# 7. Title\n\nWhy we do this.\n"
      ]
    ) assert.isNotNull(problemOf(path, wrong), wrong)
  })

  it("has a number of its own", () => {
    const numbers = decisions.map(({ path }) => path.split("/")[2]?.slice(0, 4))
    assert.strictEqual(new Set(numbers).size, numbers.length)
  })
})

describe("docs/glossary.md", () => {
  it("has one row a word, each word once", () => {
    const text = docs.find(({ path }) => path === "docs/glossary.md")?.text ?? ""
    const words = text.split("\n").filter((line) => line.startsWith("| ")).map((line) => line.split(" | ")[0])
    assert.strictEqual(new Set(words).size, words.length)
    assert.isAbove(words.length, 30)
  })
})
