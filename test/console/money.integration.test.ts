// Money and settings in the browser: a failed payment asked again, a limit violated, and two people who
// change the same price.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { customer, mitra, pay } from "../system/people.ts"
import { stage, visit } from "./console-server.ts"

describe("a failed pairing", () => {
  it.live(
    "is found on the first page and asked again from the list, without a line of JSON",
    () =>
      Effect.gen(function*() {
        const { call, server, signedIn } = yield* stage({ CLOCK: "simulated" })
        yield* Effect.promise(async () => {
          const sari = await customer(server, "Sari")
          await pay(server, sari, "chat_12")
          await call("clock.advance", { duration_ms: 61_000 })
          const { errors, page } = await signedIn()
          await page.getByRole("link", { name: "1 failed pairings" }).click()
          const row = page.getByRole("row", { name: /Sari.*Rp 22.000/ })
          await row.getByText("no mitra available").waitFor()
          const ayu = await mitra(server, 1)
          const offered = ayu.phone.event("the offer", (event) => event._tag === "offer", 20_000)
          await row.getByRole("button", { name: "Ask again" }).click()
          const dialog = page.getByRole("dialog", { name: "Ask again" })
          await dialog.getByText("Everybody available is asked again").waitFor()
          await dialog.getByRole("button", { name: "Ask again" }).click()
          await dialog.waitFor({ state: "hidden" })
          await offered
          assert.deepStrictEqual(errors, [])
        })
      }),
    120_000
  )
})

describe("a setting", () => {
  it.live(
    "that violates its limit says which, and stays typed; a good one counts and is on record",
    () =>
      Effect.gen(function*() {
        const { call, signedIn } = yield* stage()
        yield* Effect.promise(async () => {
          const { errors, page } = await signedIn()
          await visit(page, "settings")
          const field = page.getByLabel("max customers per mitra")
          const line = page.locator("div").filter({ has: field }).filter({ hasText: "default 3" }).last()
          const save = line.getByRole("button", { name: "Save" })
          await field.fill("99")
          await save.click()
          await page.getByText("SETTING_INVALID").waitFor()
          await page.getByText(/does not accept this value/).waitFor()
          assert.strictEqual(await field.inputValue(), "99")
          await field.fill("5")
          await save.click()
          await page.getByText("3 → 5").waitFor()
          const { settings } = await call("admin.settings_read")
          assert.strictEqual(settings.max_customers_per_mitra, 5)
          assert.deepStrictEqual(errors, [])
        })
      }),
    120_000
  )
})

describe("two people who change one price", () => {
  it.live(
    "the second is shown who came first and what differs, loses nothing, and decides",
    () =>
      Effect.gen(function*() {
        const { call, signedIn } = yield* stage()
        yield* Effect.promise(async () => {
          const colleague = { email: "nina@halobestie.local", password: "a-long-password" }
          await call("admin.staff_create", { ...colleague, role: "operator" })
          const open = async (account?: typeof colleague) => {
            const { page } = await signedIn(account)
            await visit(page, "payments")
            await page.getByRole("tab", { name: "Prices", exact: true }).click()
            await page.getByRole("button", { name: "Edit 5 minutes" }).click()
            return page.getByRole("dialog")
          }
          const mine = await open()
          const hers = await open(colleague)
          await hers.getByLabel("Price (Rp)").fill("12000")
          await hers.getByRole("button", { name: "Save" }).click()
          await hers.waitFor({ state: "hidden" })
          await mine.getByLabel("Price (Rp)").fill("15000")
          await mine.getByRole("button", { name: "Save" }).click()
          await mine.getByText("STALE_WRITE").waitFor()
          await mine.getByText("nina@halobestie.local").waitFor()
          await mine.getByRole("row", { name: /price idr 10000 12000 15000/ }).waitFor()
          await mine.getByRole("button", { name: "Save mine over it" }).click()
          await mine.waitFor({ state: "hidden" })
          const { tiers } = await call("admin.pricing")
          const tier = tiers.find((one: { tier_id: string }) => one.tier_id === "chat_5")
          assert.strictEqual(tier.price_idr, 15_000)
        })
      }),
    120_000
  )
})
