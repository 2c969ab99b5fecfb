// What axe finds wrong with a page, or with a part of it. The library is put into a page once.
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { assert } from "@effect/vitest"
import type { Page } from "playwright-core"

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

interface Violation {
  readonly id: string
  readonly nodes: ReadonlyArray<{ readonly html: string }>
}

/** All rules, or, of a page that was looked at in light, those that a colour may break. */
export const violationsOn = async (
  page: Page,
  { coloursOnly = false, within = ":root" }: { readonly coloursOnly?: boolean; readonly within?: string } = {}
): Promise<ReadonlyArray<string>> => {
  if (await page.evaluate("globalThis.axe === undefined")) await page.evaluate(axe)
  const rules = coloursOnly ? ", runOnly: [\"color-contrast\"]" : ""
  const ran = `axe.run(${JSON.stringify(within)}, { resultTypes: ["violations"]${rules} })`
  const found = await page.evaluate(ran) as {
    readonly violations: ReadonlyArray<Violation>
    readonly passes: ReadonlyArray<Violation>
  }
  assert.isNotEmpty(found.passes.filter(({ id }) => id === "color-contrast"), "axe looked at nothing")
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((one) => one.html).join(" ")}`)
}
