// Money and settings in the browser: a failed payment asked again, a limit violated, and two people who
// change the same price.
import { assert, describe } from "@effect/vitest"
import { customer, mitra, pay } from "../system/people.ts"
import { admin, played, onOneServer, visit } from "./console-server.ts"

onOneServer({ CLOCK: "simulated" })("what staff decide in the browser", (it) => {
  describe("a failed pairing", () => {
    it.effect(
      "is found on the first page and asked again from the list; who settles one too late keeps the note",
      played(async ({ call, server, signedIn }) => {
        for (const name of ["Sari", "Eka"]) await pay(server, await customer(server, name), "chat_12")
        await call("clock.advance", { duration_ms: 61_000 })
        const { errors, page } = await signedIn()
        await page.getByRole("link", { name: "2 failed pairings" }).click()
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
        await page.getByRole("row", { name: /Eka/ }).getByRole("button", { name: "Dismiss" }).click()
        const late = page.getByRole("dialog", { name: "Dismiss" })
        await late.getByLabel("Reason").fill("she has had her money back")
        const { payments } = await call("admin.failed_pairings", { before: null, limit: 5 })
        const { payment_id } = payments.find((one: { customer_name: string }) => one.customer_name === "Eka")
        await call("admin.payment_set_refunded", { payment_id, note: "a colleague was first" })
        await late.getByRole("button", { name: "Dismiss" }).click()
        await late.getByText("ALREADY_RESOLVED").waitFor()
        assert.strictEqual(await late.getByLabel("Reason").inputValue(), "she has had her money back")
        assert.deepStrictEqual(errors, [])
      }),
      120_000
    )
  })

  describe("a setting", () => {
    it.effect(
      "that violates its limit says which, and stays typed; a good one counts and is on record",
      played(async ({ call, signedIn }) => {
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
        await page.getByText("from 1 to 32 · default 3").waitFor()
        await field.fill("5")
        await save.click()
        await page.getByText("3 → 5").waitFor()
        await call("admin.settings_write", { key: "max_customers_per_mitra", value: 6 })
        await field.fill("7")
        await save.click()
        await page.getByText("STALE_WRITE").waitFor()
        await page.getByRole("row", { name: "max customers per mitra 5 6 7" }).waitFor()
        await page.getByRole("alert").getByText(admin.email).waitFor()
        assert.strictEqual(await field.inputValue(), "7")
        await page.getByRole("button", { name: "Save mine over it" }).click()
        await page.getByText("6 → 7").waitFor()
        const { settings } = await call("admin.settings_read")
        assert.strictEqual(settings.max_customers_per_mitra, 7)
        assert.deepStrictEqual(errors, [])
      }),
      120_000
    )
  })

  describe("two people who change one price", () => {
    it.effect(
      "the second is shown who came first and what differs, loses nothing, and decides; so with the discount",
      played(async ({ call, signedIn }) => {
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
        const rule = { kind: "percent", value: 20, is_active: true, version: 0 }
        await call("admin.discount_put", rule)
        const page = mine.page()
        await page.getByLabel("%").fill("30")
        await page.getByRole("button", { name: "Save" }).click()
        await page.getByText("STALE_WRITE").waitFor()
        await page.getByRole("row", { name: /value 10 20 30/ }).waitFor()
        await page.getByRole("button", { name: "Take theirs" }).click()
        assert.strictEqual(await page.getByLabel("%").inputValue(), "20")
      }),
      120_000
    )
  })

  describe("two people who rename one mitra", () => {
    it.effect(
      "the second is shown the name she has by now and who gave it, keeps what was typed, and decides",
      played(async ({ call, signedIn }) => {
        const { errors, page } = await signedIn()
        await visit(page, "mitras")
        await page.getByText("Bunga").click()
        await page.getByRole("button", { name: "Rename" }).click()
        const dialog = page.getByRole("dialog", { name: "Rename" })
        await dialog.getByRole("textbox", { name: "Name" }).fill("Kirana")
        const { mitras } = await call("admin.mitras", {
          search: "Bunga",
          filter: "all",
          after: null,
          limit: 1
        })
        await call("admin.mitra_rename", { mitra_id: mitras[0].mitra_id, display_name: "Rina" })
        await dialog.getByRole("button", { name: "Rename" }).click()
        await dialog.getByText("STALE_WRITE").waitFor()
        await dialog.getByRole("row", { name: "name Bunga Rina Kirana" }).waitFor()
        await dialog.getByText(admin.email).waitFor()
        assert.strictEqual(await dialog.getByRole("textbox", { name: "Name" }).inputValue(), "Kirana")
        await dialog.getByRole("button", { name: "Save mine over it" }).click()
        await page.getByRole("heading", { name: "Kirana" }).waitFor()
        assert.deepStrictEqual(errors, [])
      }),
      120_000
    )
  })
})
