// Chats before the browser's eyes, on a held clock: one starts, is extended, runs out; one is given to
// another mitra; one is reported. The clock bar moves the product's time.
import { assert, describe } from "@effect/vitest"
import type { Page } from "playwright-core"
import { commandId, confirm, customer, isFact, mitra, pair, type Person, send } from "../system/people.ts"
import { played, onOneServer, type Stage, visit } from "./console-server.ts"

const extend = async (server: Parameters<typeof confirm>[0], payer: Person, session_id: string) => {
  const payment = await payer.phone.call("chat.request_extension", {
    command_id: commandId(),
    session_id,
    tier_id: "chat_5"
  })
  await confirm(server, payment.payment_id, payment.amount_idr)
}

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

onOneServer({ CLOCK: "simulated" })("chats in the browser", (it) => {
  describe("the clock bar", () => {
    it.effect(
      "moves the product's time, goes to the next due thing, runs and pauses; faults are chosen and undone",
      played(async ({ call, server, signedIn }) => {
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
        await page.getByText("Time runs").waitFor()
        await page.getByRole("button", { name: "Pause" }).click()
        await page.getByText("Time is held").waitFor()
        assert.strictEqual((await call("clock.now")).rate, 0)
        await page.getByRole("button", { name: /What happened: \d/ }).waitFor()
        await troubled(page, server, call)
        assert.deepStrictEqual(errors, [])
      }),
      120_000
    )
  })

  describe("a chat", () => {
    it.effect(
      "starts, is extended and runs out before the browser's eyes, and its paid time adds up",
      played(async ({ server, signedIn }) => {
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
        await page.getByText("1 message").waitFor()
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
      }),
      120_000
    )

    it.effect(
      "is given to another mitra with a reason, and both the page and her phone know",
      played(async ({ call, server, signedIn }) => {
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
      }),
      120_000
    )
  })

  describe("a report", () => {
    it.effect(
      "is read with what was said, ends with a pause and a note, and the pause is lifted",
      played(async ({ call, server, signedIn }) => {
        const [sari, ayu] = [await customer(server, "Sari"), await mitra(server, 1)]
        const session_id = await pair(server, sari, ayu, "chat_5")
        await send(ayu, session_id, "Give me your <b>number</b>")
        await sari.phone.call("trust.report", {
          command_id: commandId(),
          session_id,
          reason: "contact_outside",
          words: "She asked for my number",
          also_block: false
        })
        const { errors, page } = await signedIn()
        await page.getByRole("link", { name: "Reports" }).click()
        await page.getByRole("row", { name: /contact outside.*Ayu.*Sari/ }).press("Enter")
        await page.getByText("She asked for my number").waitFor()
        await page.getByText("Give me your <b>number</b>").waitFor()
        await page.getByLabel("Note for the log").fill("Second time this week")
        await page.getByRole("button", { name: "Pause", exact: true }).click()
        const dialog = page.getByRole("dialog", { name: "Pause" })
        await dialog.getByText("gets no chats until somebody lifts it").waitFor()
        await dialog.getByRole("button", { name: "Pause" }).click()
        await dialog.waitFor({ state: "hidden" })
        await page.getByText("paused", { exact: true }).first().waitFor()
        await page.getByRole("button", { name: "Lift the pause" }).click()
        await page.getByRole("dialog").getByRole("button", { name: "Lift the pause" }).click()
        await page.getByRole("dialog").waitFor({ state: "hidden" })
        await page.getByRole("button", { name: "Lift the pause" }).waitFor({ state: "detached" })
        const { entries } = await call("admin.audit_log", { before: null, limit: 20 })
        const actions = entries.map((entry: { readonly action: string }) => entry.action)
        for (const action of ["case.read", "case.resolve", "pause.lift"]) assert.include(actions, action)
        await visit(page, "cases")
        await page.getByText("No reports.").waitFor()
        assert.deepStrictEqual(errors, [])
      }),
      120_000
    )
  })

  describe("a list that changes under the pointer", () => {
    it.effect(
      "keeps every row where it is, the one that is over too, until the pointer leaves",
      played(async ({ call, server, signedIn }) => {
        const session_id = await pair(server, await customer(server, "Eka"), await mitra(server, 1), "chat_5")
        await pair(server, await customer(server, "Nina"), await mitra(server, 2), "chat_12")
        const { page } = await signedIn()
        const list = page.getByRole("region", { name: "Running chats" })
        const [eka, nina] = [list.getByRole("row", { name: /Eka/ }), list.getByRole("row", { name: /Nina/ })]
        await eka.waitFor()
        // It is where the sign-in was pressed, and that may be on the list.
        await page.mouse.move(0, 0)
        await nina.hover()
        const before = await nina.boundingBox()
        await call("admin.force_close", { command_id: commandId(), session_id, reason: "a test" })
        await call("clock.advance", { duration_ms: 5 * 60_000 })
        await list.getByText("1 change; rows stay in place").waitFor()
        assert.deepStrictEqual((await nina.boundingBox())?.y, before?.y)
        assert.match(await eka.getAttribute("class") ?? "", /gone/)
        await page.mouse.move(0, 0)
        await eka.waitFor({ state: "detached" })
        assert.isBelow((await nina.boundingBox())?.y ?? 0, before?.y ?? 0)
      }),
      120_000
    )
  })
})
