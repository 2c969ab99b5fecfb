// Chats before the browser's eyes, on a held clock: one starts, is extended, runs out; one is given to
// another mitra. The clock bar moves the product's time.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Page } from "playwright-core"
import { commandId, confirm, customer, isFact, mitra, pair, type Person, send } from "../system/people.ts"
import { type Stage, stage, visit } from "./console-server.ts"

const held = { CLOCK: "simulated" }

const extend = async (server: Parameters<typeof confirm>[0], payer: Person, session_id: string) => {
  const payment = await payer.phone.call("chat.request_extension", {
    command_id: commandId(),
    session_id,
    tier_id: "chat_5"
  })
  await confirm(server, payment.payment_id, payment.amount_idr)
}

describe("a chat", () => {
  it.live(
    "starts, is extended and runs out before the browser's eyes, and its paid time adds up",
    () =>
      Effect.gen(function*() {
        const { server, signedIn } = yield* stage(held)
        yield* Effect.promise(async () => {
          const { errors, page } = await signedIn()
          const ayu = await mitra(server, 1)
          const sari = await customer(server, "Sari")
          const session_id = await pair(server, sari, ayu, "chat_5")
          await send(sari, session_id, "nobody else reads this")
          const row = page.getByRole("row", { name: /Sari.*Ayu.*active.*5:00/ })
          await row.waitFor()
          await page.getByRole("button", { name: "+1 min" }).click()
          await page.getByRole("row", { name: /Sari.*4:00/ }).waitFor()
          await row.or(page.getByRole("row", { name: /Sari/ })).first().press("Enter")
          await page.getByTestId("time-left").getByText("4:00").waitFor()
          await page.getByText("won").waitFor()
          await page.getByText("1 messages").waitFor()
          assert.notInclude(await page.content(), "nobody else reads this")
          const asked = ayu.phone.event("the extension", isFact("extension_requested"), 10_000)
          await extend(server, sari, session_id)
          const { event } = await asked
          await page.getByText("extending", { exact: true }).waitFor()
          await ayu.phone.call("mitra.answer_extension", {
            command_id: commandId(),
            session_id,
            extension_seq: event.seq,
            approve: true
          })
          await page.getByTestId("time-left").getByText("9:00").waitFor()
          await page.getByRole("button", { name: "+30 min" }).click()
          await page.getByText("adds up to what was paid").waitFor()
          await page.getByText("served 10 min").waitFor()
          await page.getByRole("button", { name: /What happened: \d+/ }).waitFor()
          await visit(page)
          await page.getByText("No chat is running.").waitFor()
          assert.deepStrictEqual(errors, [])
        })
      }),
    120_000
  )

  it.live(
    "is given to another mitra with a reason, and both the page and her phone know",
    () =>
      Effect.gen(function*() {
        const { call, server, signedIn } = yield* stage(held)
        yield* Effect.promise(async () => {
          const ayu = await mitra(server, 1)
          const sari = await customer(server, "Sari")
          const session_id = await pair(server, sari, ayu, "chat_60")
          const bunga = await mitra(server, 2)
          const { errors, page } = await signedIn()
          await visit(page, "sessions", session_id)
          await page.getByRole("button", { name: "Reroute" }).click()
          const dialog = page.getByRole("dialog", { name: "Reroute" })
          await dialog.getByText("Another mitra takes over at once").waitFor()
          const go = dialog.getByRole("button", { name: "Reroute" })
          assert.isTrue(await go.isDisabled())
          await dialog.getByLabel("Bunga (0 / 3)").check()
          await dialog.getByLabel("Reason").fill("she fell ill")
          const told = bunga.phone.event("rerouted", isFact("rerouted"), 10_000)
          await go.click()
          await page.getByText("Whose chat it was").waitFor()
          await page.getByText("(she fell ill)").waitFor()
          await told
          const { entries } = await call("admin.audit_search", {
            staff_id: null,
            action: "session.reroute",
            target_type: null,
            target_id: session_id,
            before: null,
            limit: 5
          })
          assert.lengthOf(entries, 1)
          assert.deepStrictEqual(errors, [])
        })
      }),
    120_000
  )
})

/** Lags one person by name, cuts her, and takes one of the two back before its time. */
const troubled = async (page: Page, server: Stage["server"], call: Stage["call"]) => {
  const ayu = await mitra(server, 1)
  await page.getByRole("button", { name: "Faults: 0" }).click()
  await page.getByRole("combobox", { name: "Whose" }).click()
  await page.getByRole("option", { name: "Ayu, Mitra" }).click()
  await chosenFault(page, "Slow down somebody's sockets")
  await page.getByLabel("By how much", { exact: true }).fill("70")
  await page.getByLabel("Undone by itself after", { exact: true }).fill("600")
  await page.getByRole("button", { name: "Start", exact: true }).click()
  await page.getByText(/Slow down somebody's sockets, until \d\d:\d\d:\d\d/).waitFor()
  await chosenFault(page, "Cut somebody's sockets")
  await page.getByRole("button", { name: "Start", exact: true }).click()
  await page.getByRole("button", { name: "Faults: 2" }).waitFor()
  await ayu.phone.call("mitra.heartbeat", {}).then(() => assert.fail("still connected"), () => {})
  const { faults } = await call("faults.list")
  assert.sameDeepMembers(faults.map((one: { readonly fault: object }) => one.fault), [
    { kind: "lag_socket", user_id: ayu.id, delay_ms: 70 },
    { kind: "cut_socket", user_id: ayu.id }
  ])
  await page.getByRole("button", { name: "Undo", exact: true }).first().click()
  await page.getByRole("button", { name: "Faults: 1" }).waitFor()
  await page.getByRole("button", { name: "Undo", exact: true }).click()
  await page.getByRole("button", { name: "Faults: 0" }).waitFor()
}

const chosenFault = async (page: Page, name: string) => {
  await page.getByRole("combobox", { name: "What goes wrong" }).click()
  await page.getByRole("option", { name }).click()
}

describe("the clock bar", () => {
  it.live(
    "moves the product's time, goes to the next due thing, runs and pauses; faults are chosen and undone",
    () =>
      Effect.gen(function*() {
        const { call, server, signedIn } = yield* stage(held)
        yield* Effect.promise(async () => {
          const { errors, page } = await signedIn()
          const time = page.getByTestId("product-time")
          assert.include(await time.innerText(), "07 Jan 2030, 09:00:00")
          await page.getByRole("button", { name: "+30 min" }).click()
          await time.getByText("09:30:00").waitFor()
          const before = (await call("clock.now")).now
          const shown = "[data-testid=product-time]"
          await page.locator(`${shown}[title="${before}"]`).waitFor()
          await page.getByRole("button", { name: /To the next/ }).click()
          await page.locator(`${shown}:not([title="${before}"])`).waitFor()
          assert.isAbove(Date.parse((await call("clock.now")).now), Date.parse(before))
          await page.getByRole("button", { name: "Run", exact: true }).click()
          await page.getByText("The product's time runs").waitFor()
          await page.getByRole("button", { name: "Pause" }).click()
          await page.getByText("The product's time is held").waitFor()
          assert.strictEqual((await call("clock.now")).rate, 0)
          await page.getByRole("button", { name: /What happened: \d/ }).waitFor()
          await troubled(page, server, call)
          assert.deepStrictEqual(errors, [])
        })
      }),
    120_000
  )
})
