// docs/seen-by-simulator.md says of every rule of the product which rule of the simulator sees it broken, or
// why none does: no rule of the product is missing there, and no rule of the simulator is made up.
import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { rules } from "../../simulator/checkers/checker.ts"

const read = (name: string) => Fs.readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8")

const tableRows = (text: string): ReadonlyArray<ReadonlyArray<string>> =>
  text.split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| rule |"))
    .map((line) => line.slice(2, -2).split(" | "))

const product = tableRows(read("product.md")).map(([rule = ""]) => rule)
const namesIn = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name)
const seen = tableRows(read("seen-by-simulator.md")).map(([begins = "", by = ""]) => ({ begins, by }))

describe("docs/seen-by-simulator.md", () => {
  it("has the rules of docs/product.md, by their first words", () => {
    const rowOf = (rule: string) =>
      seen.filter(({ begins }) => rule.startsWith(begins)).toSorted((a, b) =>
        b.begins.length - a.begins.length
      )[0]
    const without = product.filter((rule) => rowOf(rule) === undefined)
    assert.deepStrictEqual(without, [], "add their rows")
    const taken = product.flatMap((rule) => rowOf(rule) ?? [])
    assert.strictEqual(new Set(taken).size, taken.length)
  })

  it("has no row for what is no rule of the product", () => {
    assert.deepStrictEqual(
      seen.filter(({ begins }) => product.every((rule) => !rule.startsWith(begins))),
      []
    )
  })

  it("names rules that the checker has, or says why there is none", () => {
    const wrong = seen.filter(({ by }) => {
      if (by.startsWith("no: ")) return by.length < 12
      const named = namesIn(by)
      return named.length === 0 || named.some((name) => !(name in rules))
    })
    assert.deepStrictEqual(wrong, [])
  })

  it("names every rule that the checker has, or nobody would miss it", () => {
    const named = new Set(seen.filter(({ by }) => !by.startsWith("no: ")).flatMap(({ by }) => namesIn(by)))
    assert.deepStrictEqual(Object.keys(rules).filter((name) => !named.has(name)), [])
  })
})

describe("docs/simulation.md", () => {
  it("has a row for every rule of the oracle, and for no other", () => {
    const folder = new URL("../../simulator/checkers/oracle/", import.meta.url)
    const made = new Set(
      Fs.readdirSync(folder).flatMap((file) =>
        [...Fs.readFileSync(new URL(file, folder), "utf8").matchAll(/export const (\w+): MakeRule/g)]
          .map(([, name = ""]) => name)
      )
    )
    const ofOracle = Object.entries(rules).filter(([, make]) => made.has(make.name)).map(([name]) => name)
    assert.sameMembers(ofOracle, tableRows(read("simulation.md")).flatMap(([name = ""]) => namesIn(name)))
  })
})
