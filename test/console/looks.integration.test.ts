// How the console looks and reads: every page passes axe's checks in both schemes and on a phone's width,
// works by keyboard, and loads little. The five main pages are photographed into .data/console for people
// to look at.
import { mkdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Page } from "playwright-core"
import { customer, mitra, pair, pay, send } from "../system/people.ts"
import { stage, type Stage, visit } from "./console-server.ts"

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")
const album = fileURLToPath(new URL("../../.data/console/", import.meta.url))

interface Violation {
  readonly id: string
  readonly nodes: ReadonlyArray<{ readonly html: string }>
}

const violationsOn = async (page: Page): Promise<ReadonlyArray<string>> => {
  const found = await page.evaluate(`${axe}; axe.run({ resultTypes: ["violations"] })`) as {
    readonly violations: ReadonlyArray<Violation>
    readonly passes: ReadonlyArray<Violation>
  }
  assert.isNotEmpty(found.passes.filter(({ id }) => id === "color-contrast"), "axe looked at nothing")
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((one) => one.html).join(" ")}`)
}

/** Chats, a queue and a failure, so that pages have something to show. */
const populated = async ({ call, server }: Stage): Promise<string> => {
  const broke = await customer(server, "Eka")
  await pay(server, broke, "chat_12")
  await call("clock.advance", { duration_ms: 61_000 })
  const besties = [await mitra(server, 1), await mitra(server, 2), await mitra(server, 3)]
  const sari = await customer(server, "Sari")
  const chat = await pair(server, sari, besties[0]!, "chat_60")
  for (let n = 0; n < 6; n += 1) await send(n % 3 === 0 ? besties[0]! : sari, chat, `message ${n}`)
  for (const name of ["Budi", "Nina"]) await pay(server, await customer(server, name), "chat_12")
  await call("clock.advance", { duration_ms: 40_000 })
  return chat
}

const waitFor = async (page: Page, name: string) => {
  await page.getByRole("heading", { level: 1, name }).waitFor()
  await page.locator(".mantine-Loader-root").first().waitFor({ state: "detached" })
}

describe("every page", () => {
  it.live("passes axe's checks in light and dark, and is photographed", () =>
    Effect.gen(function*() {
      const staged = yield* stage({ CLOCK: "simulated" })
      yield* Effect.promise(async () => {
        mkdirSync(album, { recursive: true })
        const chat = await populated(staged)
        const pages = [
          ["now", "", "Now"],
          ["session", `sessions/${chat}`, "Session"],
          ["mitras", "mitras", "Mitras"],
          ["payments", "payments", "Payments"],
          ["health", "health", "Health"],
          ["past", "sessions", "Past chats"],
          ["customers", "customers", "Customers"],
          ["push", "push", "Push"],
          ["settings", "settings", "Settings"],
          ["staff", "staff", "Staff"],
          ["audit", "audit", "Audit log"]
        ] as const
        const found: Array<string> = []
        for (const colorScheme of ["light", "dark"] as const) {
          const { errors, page } = await staged.signedIn(undefined, { colorScheme, reducedMotion: "reduce" })
          for (const [name, path, title] of pages) {
            await visit(page, path)
            await waitFor(page, title)
            await page.screenshot({ path: `${album}${name}-${colorScheme}.png` })
            found.push(...(await violationsOn(page)).map((one) => `${name} (${colorScheme}) ${one}`))
          }
          found.push(...errors)
        }
        assert.deepStrictEqual(found, [])
      })
    }), 240_000)
})

describe("the console", () => {
  it.live(
    "fits a phone's width, works by keyboard, and its first load is small",
    () =>
      Effect.gen(function*() {
        const staged = yield* stage({ CLOCK: "simulated" })
        yield* Effect.promise(async () => {
          const chat = await populated(staged)
          const phone = { viewport: { width: 390, height: 844 }, hasTouch: true }
          const { errors, page } = await staged.signedIn(undefined, phone)
          const isWithin = () => page.evaluate("document.documentElement.scrollWidth <= innerWidth")
          for (const path of ["", `sessions/${chat}`, "mitras", "payments", "health", "settings"]) {
            await visit(page, path)
            await page.getByRole("heading", { level: 1 }).waitFor()
            assert.isTrue(await isWithin(), path)
          }
          await page.getByRole("button", { name: "Menu" }).click()
          await page.getByRole("navigation").getByRole("link", { name: "Now" }).click()
          await page.getByRole("row", { name: /Sari/ }).first().focus()
          await page.keyboard.press("Enter")
          await page.getByRole("heading", { level: 1, name: "Session" }).waitFor()
          assert.deepStrictEqual(errors, [])
          const loaded = await staged.browser.newPage()
          const sizes: Array<Promise<number>> = []
          loaded.on("response", (response) => {
            sizes.push(response.request().sizes().then((size) => size.responseBodySize))
          })
          await loaded.goto(staged.server.internalUrl, { waitUntil: "networkidle" })
          const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
          assert.isBelow(bytes, 350 * 1024, `${Math.round(bytes / 1024)} KiB`)
        })
      }),
    120_000
  )
})
