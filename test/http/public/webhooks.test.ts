// The built-in provider's webhook: the one word that confirms a payment, however often and in whatever
// order it is said, and by whom. The real route, machines and memory adapters; no socket; virtual time.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { layer, webhookPath } from "../../../src/http/public/webhooks.ts"
import { MemoryTables } from "../../../testkit/memory/store/tables.ts"
import { Payments } from "../../../src/services/payments/payments.ts"
import { idOf, t0 } from "../../../testkit/conformance/given.ts"
import { customerPhone, newCommand } from "../phone.ts"
import { given, onlineMitra, order, tier } from "../script.ts"
import { Faults, world } from "../world.ts"

const token = "webhook-token"

const makeProvider = Effect.gen(function*() {
  const app = yield* HttpRouter.toHttpEffect(layer({ tokens: Redacted.make(`${token}, next-token`) }))
  const scope = yield* Effect.scope
  return Effect.fnUntraced(function*(body: unknown, headers: Record<string, string> = {}) {
    const request = new Request(`http://localhost${webhookPath}`, {
      method: "POST",
      headers: { "x-callback-token": token, ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body)
    })
    const response = yield* app.pipe(
      Effect.provideService(HttpServerRequest.HttpServerRequest, HttpServerRequest.fromWeb(request)),
      Effect.provideService(Scope.Scope, scope)
    )
    const web = HttpServerResponse.toWeb(response)
    const json = yield* Effect.promise(() => web.json() as Promise<unknown>)
    return { status: web.status, json, headers: web.headers }
  })
})

const paid = (payment: { readonly payment_id: string; readonly amount_idr: number }) => ({
  external_id: payment.payment_id,
  status: "PAID",
  amount: payment.amount_idr,
  id: "invoice-1"
})

const accepted = { status: 200, json: { result: "accepted" } }
const ignored = { status: 200, json: { result: "ignored" } }

const sessionsOf = Effect.map(MemoryTables, (tables) => [...tables.chat_sessions.values()])
const callsLogged = Effect.map(MemoryTables, (tables) => [...tables.webhook_logs.values()])

describe("a notice through a balancer that the configuration does not know of", () => {
  it.effect("is named in the log once, and taken", () =>
    Effect.gen(function*() {
      yield* given
      const provider = yield* makeProvider
      const lines: Array<string> = []
      const logger = Logger.make(({ message }) => void lines.push(String(message)))
      const forwarded = () =>
        provider({ external_id: idOf(9), status: "PAID", amount: 1, id: "i" }, {
          "x-forwarded-for": "1.2.3.4"
        })
      const both = Effect.andThen(forwarded(), forwarded()).pipe(Effect.provide(Logger.layer([logger])))
      assert.strictEqual((yield* both).status, 200)
      assert.lengthOf(lines.filter((line) => line.includes("TRUSTED_PROXY_HOPS is 0")), 1)
    }).pipe(Effect.scoped, Effect.provide(world)))
})

describe("a paid notice", () => {
  it.effect("confirms the payment and starts the search", () =>
    Effect.gen(function*() {
      yield* given
      const provider = yield* makeProvider
      yield* onlineMitra(1)
      const sari = yield* customerPhone("Sari")
      const payment = yield* order(sari)
      assert.deepInclude(yield* provider(paid(payment)), accepted)
      const status = yield* sari.call("customer.payment_status", { payment_id: payment.payment_id })
      assert.strictEqual(status.status, "confirmed")
      const view = yield* sari.call("customer.request_status", { session_id: status.session_id ?? "" })
      assert.strictEqual(view.status, "pending_acceptance")
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("delivered ten times at once and again later opens one session", () =>
    Effect.gen(function*() {
      yield* given
      const provider = yield* makeProvider
      const payment = yield* order(yield* customerPhone("Sari"))
      const answers = yield* Effect.all(Array.from({ length: 10 }, () => provider(paid(payment))), {
        concurrency: "unbounded"
      })
      for (const answer of answers) assert.deepInclude(answer, accepted)
      assert.deepInclude(yield* provider(paid(payment)), accepted)
      assert.strictEqual((yield* sessionsOf).length, 1)
      assert.strictEqual((yield* callsLogged).length, 11)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("repeated after the request was cancelled starts no second search", () =>
    Effect.gen(function*() {
      yield* given
      const provider = yield* makeProvider
      const sari = yield* customerPhone("Sari")
      const payment = yield* order(sari)
      yield* provider(paid(payment))
      const [session] = yield* sessionsOf
      yield* sari.call("customer.cancel", { command_id: newCommand(), session_id: session?.id ?? "" })
      assert.deepInclude(yield* provider(paid(payment)), accepted)
      assert.deepStrictEqual((yield* sessionsOf).map((one) => one.status), ["cancelled"])
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("that comes after the payment expired still counts: the money has left the pocket", () =>
    Effect.gen(function*() {
      yield* given
      const provider = yield* makeProvider
      const payment = yield* order(yield* customerPhone("Sari"))
      yield* (yield* Payments).expireStale(t0 + 3_600_000, 10)
      assert.deepInclude(yield* provider(paid(payment)), accepted)
      assert.strictEqual((yield* sessionsOf).length, 1)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("for an order that was given up opens nothing, and the next order is not in its way", () =>
    Effect.gen(function*() {
      yield* given
      const provider = yield* makeProvider
      yield* onlineMitra(1)
      const sari = yield* customerPhone("Sari")
      const { payment_id, ...givenUp } = yield* order(sari)
      yield* sari.call("customer.abandon_payment", { command_id: newCommand(), payment_id })
      for (let n = 0; n < 2; n++) {
        assert.deepInclude(yield* provider(paid({ payment_id, amount_idr: givenUp.amount_idr })), accepted)
      }
      assert.deepStrictEqual(yield* sessionsOf, [])
      const status = yield* sari.call("customer.payment_status", { payment_id })
      assert.deepStrictEqual([status.status, status.failure_cause], ["abandoned", "abandoned"])
      const next = yield* order(sari)
      assert.deepInclude(yield* provider(paid(next)), accepted)
      assert.deepStrictEqual((yield* sessionsOf).map((one) => one.payment_id), [next.payment_id])
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("for a customer who is busy is acknowledged and noted as a failure for staff", () =>
    Effect.gen(function*() {
      yield* given
      const provider = yield* makeProvider
      const sari = yield* customerPhone("Sari")
      const [one, other] = [yield* order(sari), yield* order(sari)]
      yield* provider(paid(one))
      assert.deepInclude(yield* provider(paid(other)), accepted)
      assert.strictEqual((yield* sessionsOf).length, 1)
      const status = yield* sari.call("customer.payment_status", { payment_id: other.payment_id })
      assert.deepInclude(status, { status: "confirmed", session_id: null, failure_cause: "ALREADY_ACTIVE" })
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("that cannot be carried out now is answered 503, and its repeat opens the session", () =>
    Effect.gen(function*() {
      yield* given
      const provider = yield* makeProvider
      const payment = yield* order(yield* customerPhone("Sari"))
      const faults = yield* Faults
      faults.openingIsDown = true
      const answer = yield* provider(paid(payment))
      assert.strictEqual(answer.status, 503)
      assert.strictEqual(answer.headers.get("retry-after"), "5")
      assert.notInclude(JSON.stringify(answer.json), "postgres")
      assert.strictEqual((yield* sessionsOf).length, 0)
      faults.openingIsDown = false
      assert.deepInclude(yield* provider(paid(payment)), accepted)
      assert.strictEqual((yield* sessionsOf).length, 1)
    }).pipe(Effect.scoped, Effect.provide(world)))
})

describe("a notice that confirms nothing", () => {
  it.effect("is acknowledged and ignored: other states, unknown payments, ids that are none", () =>
    Effect.gen(function*() {
      yield* given
      const provider = yield* makeProvider
      const payment = yield* order(yield* customerPhone("Sari"))
      const notice = paid(payment)
      for (
        const body of [
          { ...notice, status: "EXPIRED" },
          { ...notice, status: "paid" },
          { ...notice, external_id: idOf(0x999) },
          { ...notice, external_id: "'; DROP TABLE payment_requests; --" },
          { ...notice, external_id: "\0" }
        ]
      ) {
        assert.deepInclude(yield* provider(body), ignored, JSON.stringify(body))
      }
      assert.strictEqual((yield* sessionsOf).length, 0)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("over another amount is acknowledged and leaves the payment as it was", () =>
    Effect.gen(function*() {
      yield* given
      const provider = yield* makeProvider
      const sari = yield* customerPhone("Sari")
      const payment = yield* order(sari)
      const answer = yield* provider({ ...paid(payment), amount: tier.price_idr - 1 })
      assert.deepInclude(answer, { status: 200, json: { result: "amount_mismatch" } })
      const status = yield* sari.call("customer.payment_status", { payment_id: payment.payment_id })
      assert.strictEqual(status.status, "pending")
      assert.deepInclude(yield* provider(paid(payment)), accepted)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("is refused with a reason when it is no notice at all, and is kept all the same", () =>
    Effect.gen(function*() {
      yield* given
      const provider = yield* makeProvider
      const bodies = ["", "{", "null", "[]", "{}", "7", JSON.stringify({ external_id: 1, status: "PAID" })]
      for (const body of bodies) {
        const answer = yield* provider(body)
        assert.strictEqual(answer.status, 400, body)
        assert.strictEqual((answer.json as { error: { code: string } }).error.code, "BAD_REQUEST")
      }
      assert.deepStrictEqual((yield* callsLogged).map((call) => call.body), bodies)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("larger than 64 KiB is refused", () =>
    Effect.gen(function*() {
      const provider = yield* makeProvider
      assert.strictEqual((yield* provider("x".repeat(64 * 1024 + 1))).status, 413)
      assert.strictEqual((yield* provider("x".repeat(64 * 1024))).status, 400)
    }).pipe(Effect.scoped, Effect.provide(world)))
})

describe("the callback token", () => {
  it.effect("must be one of the configured ones; a wrong call leaves no row and changes nothing", () =>
    Effect.gen(function*() {
      yield* given
      const provider = yield* makeProvider
      const payment = yield* order(yield* customerPhone("Sari"))
      for (const wrong of ["", "wrong", `${token} `.repeat(2), `${token}, next-token`]) {
        const answer = yield* provider(paid(payment), { "x-callback-token": wrong })
        assert.strictEqual(answer.status, 401, wrong)
      }
      assert.strictEqual((yield* sessionsOf).length, 0)
      assert.strictEqual((yield* callsLogged).length, 0)
      assert.deepInclude(yield* provider(paid(payment), { "x-callback-token": "next-token" }), accepted)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("is never written down", () =>
    Effect.gen(function*() {
      yield* given
      const provider = yield* makeProvider
      yield* provider(paid(yield* order(yield* customerPhone("Sari"))), { authorization: "Bearer secret" })
      const [call] = yield* callsLogged
      assert.notInclude(call?.headers, token)
      assert.notInclude(call?.headers, "secret")
      assert.include(call?.headers, "x-callback-token")
    }).pipe(Effect.scoped, Effect.provide(world)))
})
