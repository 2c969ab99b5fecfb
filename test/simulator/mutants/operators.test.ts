// Which slips of the hand the mechanical mutants make, and that each is the text with one place changed.
import { assert, describe, it } from "@effect/vitest"
import { applied, idOf, mutantsOf } from "../../../simulator/mutants/mechanical/operators.ts"
import { woven } from "../../../simulator/mutants/mechanical/weave.ts"

const code = `import { a } from "./a.ts"
type Bound = 5
export const late = (now: number, at: number) => now >= at && at > 0
export const run = function*(id: string, side: string) {
  yield* lock(id)
  yield* write(id)
  if (isOpen(id)) return \`\${id}/\${side}\`
  return yield* read(\`key \${id}\`)
}
`

const made = (kind: string) =>
  mutantsOf("src/x.ts", code).filter((mutant) => mutant.kind === kind).map((mutant) => {
    const [before, after] = [code.split("\n"), applied(code, mutant).split("\n")]
    return after.filter((line, index) => line !== before[index]).map((line) => line.trim())
  })

describe("a mechanical mutant", () => {
  it("is another comparison, another logic, off by one, or the opposite condition", () => {
    assert.deepInclude(made("comparison"), [
      "export const late = (now: number, at: number) => now > at && at > 0"
    ])
    assert.deepInclude(made("comparison"), [
      "export const late = (now: number, at: number) => now < at && at > 0"
    ])
    assert.deepStrictEqual(made("logic"), [[
      "export const late = (now: number, at: number) => now >= at || at > 0"
    ]])
    assert.deepStrictEqual(made("boundary"), [[
      "export const late = (now: number, at: number) => now >= at && at > 1"
    ]])
    assert.deepStrictEqual(made("condition"), [["if (!(isOpen(id))) return `${id}/${side}`"]])
  })

  it("is a call that is missing, swapped with its neighbour, or not waited for", () => {
    assert.deepStrictEqual(made("missing call"), [[";"], [";"]])
    assert.deepStrictEqual(made("order"), [["yield* write(id)", "yield* lock(id)"]])
    assert.deepInclude(made("not waited for"), ["return (read(`key ${id}`))"])
  })

  it("is a key without one of its parts, where it has several", () => {
    assert.deepStrictEqual(made("key"), [
      ["if (isOpen(id)) return `${\"\"}/${side}`"],
      ["if (isOpen(id)) return `${id}/${\"\"}`"]
    ])
  })

  it("leaves types and imports alone, and is named by its place", () => {
    const all = mutantsOf("src/x.ts", code)
    assert.isFalse(all.some(({ line }) => line <= 2))
    assert.include(all.map(idOf), "src/x.ts:3 logic: && -> ||")
  })

  it("can be chosen at run time, beside all others, on the line where it stands", () => {
    const short = "const most = () => {\n  check()\n  return first() < 5 && second()\n}\n"
    const all = mutantsOf("src/x.ts", short).map((mutant, number) => ({ ...mutant, number }))
    const text = woven(short, all, "./switch.ts")
    assert.strictEqual(text.split("\n").length, short.split("\n").length)
    const body = text.replace(/^import [^;]*;/, "")
    const results = [-1, ...all.map(({ number }) => number)].map((active) => {
      const calls: Array<string> = []
      const run = new Function("isMutant", "check", "first", "second", `${body}; return most()`)
      const value = run(
        (number: number) => number === active,
        () => calls.push("check"),
        () => 5,
        () => true
      )
      return [all[active]?.kind ?? "none", value, calls.length]
    })
    assert.deepStrictEqual(results[0], ["none", false, 1])
    assert.deepInclude(results, ["comparison", true, 1])
    assert.deepInclude(results, ["boundary", true, 1])
    assert.deepInclude(results, ["logic", true, 1])
    assert.deepInclude(results, ["missing call", false, 0])
  })
})
