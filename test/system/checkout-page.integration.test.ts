// The page that a development server's `checkout_url` opens: five things a provider may say, each said by one
// press, and what became of the payment.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { type ServerProcess, startServer } from "../support/server-process.ts"
import { commandId, customer } from "./people.ts"

const ordered = async (server: ServerProcess, name: string) => {
  const payer = await customer(server, name)
  const order = { command_id: commandId(), tier_id: "chat_5", topic: "regular" }
  const payment = await payer.phone.call("customer.create_payment", order)
  const status = () =>
    payer.phone.call("customer.payment_status", { payment_id: payment.payment_id }).then((now) => now.status)
  return { url: String(payment.checkout_url), status }
}

/** What the printed line does when it is pasted; the token stands in the shell's environment. */
const pasted = async (line: string, token: string) => {
  const [, url = "", given = "", body = ""] =
    /^curl -X POST (\S+) -H "content-type: application\/json" -H "x-callback-token: (\S+)" -d '(.*)'$/.exec(
      line
    ) ?? []
  assert.strictEqual(given, "$PAYMENT_WEBHOOK_TOKEN", line)
  const headers = { "content-type": "application/json", "x-callback-token": token }
  return (await fetch(url, { method: "POST", headers, body })).json()
}

const pressed = async (url: string, choice: string) => {
  const body = new URLSearchParams({ say: choice })
  const response = await fetch(url, { method: "POST", body })
  assert.strictEqual(response.status, 200)
  return response.text()
}

describe("the checkout page of a development server", () => {
  it.live(
    "pays, pays twice, pays another amount, fails, and pays late, at one press each",
    () =>
      Effect.gen(function*() {
        const server = yield* Effect.flatMap(freshDatabaseUrl, (url) => startServer(url))
        yield* Effect.promise(async () => {
          const first = await ordered(server, "Sari")
          assert.isTrue(first.url.startsWith(`${server.httpUrl}/checkout/`))
          const shown = await fetch(first.url)
          const page = await shown.text()
          for (const label of ["Rp 10.000", "Pay twice", "Wrong amount", "Pay late", "curl -X POST"]) {
            assert.include(page, label)
          }
          assert.include(shown.headers.get("content-security-policy") ?? "", "frame-ancestors 'none'")
          assert.include(await pressed(first.url, "wrong"), "amount_mismatch")
          assert.include(await pressed(first.url, "fail"), "changes nothing")
          assert.strictEqual(await first.status(), "pending")
          assert.include(await pressed(first.url, "pay"), "paid: accepted")
          assert.strictEqual(await first.status(), "confirmed")
          const second = await ordered(server, "Budi")
          assert.include(await pressed(second.url, "twice"), "paid_twice")
          const third = await ordered(server, "Nina")
          assert.include(await pressed(third.url, "late"), "accepted")
          assert.strictEqual(await third.status(), "confirmed")
          const fourth = await ordered(server, "Dewi")
          const told = server.lines.findIndex((line) => line.endsWith(`to pay: ${fourth.url}`))
          const curl = (server.lines[told + 1] ?? "").trim().replace("or: ", "")
          assert.include(await (await fetch(fourth.url)).text(), curl)
          assert.deepStrictEqual(await pasted(curl, server.webhookToken), { result: "accepted" })
          assert.strictEqual(await fourth.status(), "confirmed")
          const unknown = `${server.httpUrl}/checkout/11111111-1111-4111-8111-111111111111`
          assert.strictEqual((await fetch(unknown)).status, 404)
        })
      }),
    120_000
  )
})
