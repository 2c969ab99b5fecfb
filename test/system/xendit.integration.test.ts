// Paying through Xendit with a real server process: the stand-in makes the invoice, its webhooks come
// twice and out of order, or never, and each payment is one chat.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { type Asked, type Doing, httpDouble } from "../support/http-double.ts"
import { databaseAt, freshDatabaseUrl } from "../support/postgres.ts"
import { runCli, seedDatabase, type ServerProcess, startRunner } from "../support/server-process.ts"
import { commandId, customer, isFact, mitra } from "./people.ts"
import { adminCall, signInAdmin } from "./staff.ts"

const tokens = ["the-old-callback-token", "the-new-callback-token"]

const environmentFor = (url: string) => ({
  XENDIT_ENABLED: "true",
  XENDIT_URL: url,
  XENDIT_SECRET_KEY: "xnd_development_key",
  XENDIT_WEBHOOK_TOKEN: tokens.join(","),
  XENDIT_SUCCESS_REDIRECT_URL: "https://halobestie.id/paid",
  XENDIT_FAILURE_REDIRECT_URL: "https://halobestie.id/unpaid"
})

interface Invoice {
  readonly id: string
  readonly external_id: string
  readonly amount: number
  readonly invoice_url: string
  status: string
}

/** Keeps books as they do. */
class Books {
  readonly invoices: Array<Invoice> = []
  isDown = false

  answer({ body, method, path }: Asked): Doing {
    if (this.isDown) return { status: 503, body: {} }
    if (method === "GET") {
      const asked = new URLSearchParams(path.split("?")[1]).get("external_id")
      return { status: 200, body: this.invoices.filter((one) => one.external_id === asked) }
    }
    const expired = this.invoices.find((one) => path === `/invoices/${one.id}/expire!`)
    if (expired !== undefined) {
      expired.status = "EXPIRED"
      return { status: 200, body: expired }
    }
    const id = `inv-${this.invoices.length + 1}`
    const { amount, external_id } = body
    const invoice = {
      id,
      external_id,
      amount,
      status: "PENDING",
      invoice_url: `https://checkout.example/${id}`
    }
    this.invoices.push(invoice)
    return { status: 200, body: invoice }
  }
}

const call = (server: ServerProcess, invoice: Invoice, status: string, token = tokens[0] ?? "") =>
  fetch(`${server.httpUrl}/api/webhooks/payments/xendit`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-callback-token": token },
    body: JSON.stringify({ ...invoice, status, paid_amount: invoice.amount })
  }).then(async (answer) => [answer.status, ((await answer.json()) as { result?: string }).result])

const order = (person: Awaited<ReturnType<typeof customer>>, command_id = commandId()) =>
  person.phone.call("customer.create_payment", { command_id, tier_id: "chat_5", topic: "regular" })

const story = async (server: ServerProcess, books: Books) => {
  const ayu = await mitra(server, 1)
  const sari = await customer(server)
  const command = commandId()
  books.isDown = true
  await order(sari, command).then(
    assert.fail,
    (error: Error) => assert.include(JSON.stringify(error) + error.message, "PAYMENT_PROVIDER_FAILED")
  )
  assert.deepStrictEqual(await sari.phone.call("customer.pending_payments", {}), { payments: [] })
  books.isDown = false
  const payment = await order(sari, command)
  const invoice = books.invoices[0] ?? assert.fail("no invoice")
  assert.strictEqual(payment.checkout_url, invoice.invoice_url)
  assert.deepInclude(invoice, { external_id: payment.payment_id, amount: payment.amount_idr })

  assert.deepStrictEqual(await call(server, invoice, "PAID", "wrong"), [401, undefined])
  const said = [
    await call(server, invoice, "EXPIRED"),
    ...await Promise.all([call(server, invoice, "SETTLED"), call(server, invoice, "PAID", tokens[1])]),
    await call(server, invoice, "PAID"),
    await call(server, { ...invoice, external_id: "somebody-elses" }, "PAID")
  ]
  assert.deepStrictEqual(said.map(([, result]) => result), [
    "ignored",
    "accepted",
    "accepted",
    "accepted",
    "ignored"
  ])
  const { event } = await ayu.phone.event("the offer", (event) => event._tag === "offer", 10_000)
  const { session_id } = event.offer
  await ayu.phone.call("mitra.accept", { command_id: commandId(), session_id })
  await sari.phone.event("paired", isFact("paired"), 10_000)
  await call(server, invoice, "PAID")
  const status = await sari.phone.call("customer.payment_status", { payment_id: payment.payment_id })
  assert.deepInclude(status, { status: "consumed", session_id })
  const { requests } = await ayu.phone.call("mitra.requests", { before: null, limit: 10 })
  assert.lengthOf(requests, 1, "paired once, asked once")

  const builtin = await fetch(`${server.httpUrl}/api/webhooks/payments/builtin`, {
    method: "POST",
    body: "{}"
  })
  assert.strictEqual(builtin.status, 404, "nothing confirms on command where real money is taken")

  const second = await customer(server, "Budi")
  await order(second)
  const wrong = books.invoices[1] ?? assert.fail("no invoice")
  assert.deepStrictEqual(await call(server, { ...wrong, amount: 1 }, "PAID"), [200, "amount_mismatch"])
  const staff = await signInAdmin(server)
  const seen = await adminCall(server, staff, "admin.failed_pairings", { before: null, limit: 10 })
  assert.deepInclude(seen.payments[0], {
    payment_id: wrong.external_id,
    status: "pending",
    provider: "xendit"
  })
  assert.deepInclude(seen.payments[0].anomaly, { kind: "amount_mismatch", amount_idr: 1 })
  for (const { phone } of [ayu, sari, second]) phone.hangUp()
}

describe("a server with Xendit", () => {
  it.live(
    "turns an invoice, whose webhooks come twice and out of order, into one chat",
    () =>
      Effect.gen(function*() {
        const books = new Books()
        const double = yield* httpDouble((asked) => books.answer(asked))
        const url = yield* freshDatabaseUrl
        yield* seedDatabase(url)
        const server = yield* startRunner(url, environmentFor(double.url))
        yield* Effect.promise(() => story(server, books))
        const log = server.lines.join("\n")
        for (const secret of ["xnd_development_key", ...tokens]) assert.notInclude(log, secret)
      }),
    60_000
  )

  it.live(
    "finds at its start what was paid while no webhook came, and closes what was given up",
    () =>
      Effect.gen(function*() {
        const books = new Books()
        const double = yield* httpDouble((asked) => books.answer(asked))
        const url = yield* freshDatabaseUrl
        yield* seedDatabase(url)
        const first = yield* startRunner(url, environmentFor(double.url))
        const payment = yield* Effect.promise(async () => {
          const sari = await customer(first)
          const { payment_id } = await order(sari)
          await sari.phone.call("customer.abandon_payment", { command_id: commandId(), payment_id })
          const kept = await order(sari)
          sari.phone.hangUp()
          return kept
        })
        assert.deepStrictEqual(books.invoices.map((one) => one.status), ["EXPIRED", "PENDING"])
        yield* first.end("SIGTERM")
        for (const invoice of books.invoices) {
          if (invoice.external_id === payment.payment_id) invoice.status = "PAID"
        }
        const standing = Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          // Two minutes later, without waiting for them.
          yield* sql`UPDATE payment_requests SET look_at = created_at WHERE look_at IS NOT NULL`
          yield* startRunner(url, environmentFor(double.url))
          return yield* sql`SELECT p.status, count(s.id)::int AS sessions
          FROM payment_requests p LEFT JOIN chat_sessions s ON s.payment_id = p.id
          WHERE p.id = ${payment.payment_id} GROUP BY p.status`
        })
        assert.deepStrictEqual([...(yield* Effect.provide(standing, databaseAt(url)))], [
          { status: "confirmed", sessions: 1 }
        ])
      }),
    60_000
  )

  it.live("says all that is missing in its one start message", () =>
    Effect.gen(function*() {
      const { code, output } = yield* runCli("check-config", {
        NODE_ENV: "production",
        XENDIT_ENABLED: "true"
      })
      assert.notStrictEqual(code, 0)
      for (const name of ["SECRET_KEY", "WEBHOOK_TOKEN", "SUCCESS_REDIRECT_URL", "FAILURE_REDIRECT_URL"]) {
        assert.include(output, `XENDIT_${name} is missing`)
      }
    }))
})
