// docs/product.md says what is true: every file it names exists, every test it quotes is there, and nothing
// that staff can set, call or be refused is missing from it.
import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { AdminApi } from "../../src/contract/staff/staff-api.ts"
import { describeConfig, readConfig } from "../../src/config/server-config.ts"
import { refusalCodes } from "../../src/domain/refusal.ts"
import { settingKeys } from "../../src/domain/settings.ts"
import * as Result from "effect/Result"

const root = new URL("../../", import.meta.url)
const read = (path: string) => Fs.readFileSync(new URL(path, root), "utf8")
const page = read("docs/product.md")

const sections = [
  "People and sign-in",
  "Mitra availability",
  "Valkey mirror",
  "A session's life",
  "Messages",
  "Payments",
  "Push",
  "Control center",
  "Settings",
  "Environment",
  "Trust between strangers",
  "Personal data",
  "Limits for strangers",
  "Refusals",
  "Scale"
]

interface Row {
  readonly section: string
  readonly cells: ReadonlyArray<string>
}

const rowsOf = (text: string): ReadonlyArray<Row> =>
  text.split(/^## /m).slice(1).flatMap((part) => {
    const [section = "", ...lines] = part.split("\n")
    return lines
      .filter((line) => line.startsWith("| ") && line !== "| rule | lives in | held by |")
      .map((line) => ({ section, cells: line.slice(2, -2).split(" | ") }))
  })

const rows = rowsOf(page)
const path = /`((?:src|simulator|testkit|test|migrations|demo|bench|soak|docs)\/[^`]+)`/g
const missing = (paths: Iterable<string>) =>
  [...new Set(paths)].filter((each) => !Fs.existsSync(new URL(each, root)))

/** Each quoted title with the test file named before it in its line. */
const quotes = (text: string) => text.split("\n").flatMap(quotesOf)
const quotesOf = (line: string) => {
  let file = ""
  return [...line.matchAll(/`((?:test|testkit)\/[^`]+)`|"([^"]+)"/g)].flatMap(([, named, title]) => {
    if (named !== undefined) file = named
    return title === undefined || file === "" ? [] : [{ file, title }]
  })
}

const unnamed = (names: Iterable<string>) => [...names].filter((name) => !page.includes(`\`${name}\``))

const testFiles = (folder: string): ReadonlyArray<string> =>
  Fs.readdirSync(new URL(folder, root), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? testFiles(`${folder}${entry.name}/`) : [`${folder}${entry.name}`]
  )

describe("docs/product.md", () => {
  it("has the product's sections, each with a table of three columns", () => {
    assert.deepStrictEqual(page.match(/^## .*/gm)?.map((line) => line.slice(3)), sections)
    for (const section of sections) {
      assert.isNotEmpty(rows.filter((row) => row.section === section), section)
    }
    assert.deepStrictEqual(rows.filter(({ cells }) => cells.length !== 3), [])
  })

  it("names only files that exist", () => {
    assert.deepStrictEqual(missing([...page.matchAll(path)].map(([, each = ""]) => each)), [])
  })

  it("quotes only titles that are in the test it names", () => {
    // Titles are compared without their line breaks and escapes.
    const plain = (text: string) => text.replaceAll("\\", "").replaceAll(/\s+/g, " ")
    const texts = new Map<string, string>()
    const textOf = (file: string) => {
      const text = texts.get(file) ?? plain(Fs.existsSync(new URL(file, root)) ? read(file) : "")
      texts.set(file, text)
      return text
    }
    assert.deepStrictEqual(quotes(page).filter(({ file, title }) => !textOf(file).includes(plain(title))), [])
    assert.isAbove(quotes(page).length, 200)
  })

  it("says of every rule which test holds it, or that it is open", () => {
    const unheld = rows.filter(({ cells: [, , held = ""] }) =>
      !/`(test|testkit)\//.test(held) && !/\bopen\b/.test(held)
    )
    assert.deepStrictEqual(unheld.map(({ cells }) => cells[0]), [])
  })

  it("has every setting, every variable and every call of the control center", () => {
    assert.deepStrictEqual(unnamed(settingKeys), [])
    const config = Result.getOrThrow(readConfig({}))
    assert.deepStrictEqual(unnamed(describeConfig(config).map((line) => line.split("=")[0] ?? "")), [])
    assert.deepStrictEqual(
      unnamed([...AdminApi.requests.keys()].filter((call) => call.startsWith("admin."))),
      []
    )
  })
})

describe("every refusal code", () => {
  it("is met by a test, not only listed", () => {
    const lists = ["test/wire/wire-doc.test.ts", "test/domain/refusal.test.ts", "test/docs/product.test.ts"]
    const tests = [...testFiles("test/"), ...testFiles("testkit/")].filter((file) =>
      file.endsWith(".ts") && !lists.includes(file)
    )
    const words = new Set(tests.flatMap((file) => read(file).match(/\b[A-Z][A-Z_]{3,}\b/g) ?? []))
    assert.deepStrictEqual(refusalCodes.filter((code) => !words.has(code)), [])
  })
})
