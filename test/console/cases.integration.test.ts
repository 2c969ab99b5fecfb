// Reports in the browser: what a customer reported is read with what was said, the mitra is paused with a
// note, the pause is lifted, and the log has who looked.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { commandId, customer, mitra, pair, send } from "../system/people.ts"
import { stage, visit } from "./console-server.ts"

describe("a report", () => {
  it.live(
    "is read with what was said, ends with a pause and a note, and the pause is lifted",
    () =>
      Effect.gen(function*() {
        const { call, server, signedIn } = yield* stage()
        yield* Effect.promise(async () => {
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
          await page.getByText("Choose a report.").waitFor()
          assert.deepStrictEqual(errors, [])
        })
      }),
    120_000
  )
})
