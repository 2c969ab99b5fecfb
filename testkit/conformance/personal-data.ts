// What every PersonalData adapter must do: an account ends at once and for good, its texts follow, payments
// stay; and what is old goes, in bounded steps.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { Accounts } from "../../src/services/accounts/accounts.ts"
import { SignIns } from "../../src/services/accounts/sign-ins.ts"
import { Staff } from "../../src/services/accounts/staff.ts"
import { Payments } from "../../src/services/payments/payments.ts"
import { PersonalData } from "../../src/services/personal-data/personal-data.ts"
import { SessionViews } from "../../src/services/sessions/session-views.ts"
import { Trust } from "../../src/services/trust/trust.ts"
import { givenStaff, hour, idOf, minute, staffId, t0, times } from "./given.ts"
import * as Stage from "./stage.ts"
import { asCustomer, asMitra, customer, mitra, payment, session } from "./stage.ts"

type Needed = Stage.Stage | PersonalData | Trust | Staff
type Test = (title: string, body: Effect.Effect<void, unknown, Needed>) => void

const day = 24 * hour
const phone = "+6281300000001"
const person = (n: number) => ({ user_type: "customer", user_id: customer(n) }) as const
const bestie = (n: number) => ({ user_type: "mitra", user_id: mitra(n) }) as const

const signIn = (n: number, user_id: string, created_at = t0, user_type: "customer" | "mitra" = "customer") =>
  Effect.flatMap(SignIns, (port) =>
    port.open({
      id: idOf(n),
      family_id: idOf(n),
      user_type,
      user_id,
      refresh_hash: `hash-${n}`,
      created_at,
      expires_at: created_at + 30 * day
    }, { only_one: false }))

/** Customer 1 and mitra 1 had a chat, with words and goodbyes; it is over, and its payment used. */
const parted = Effect.gen(function*() {
  yield* Stage.givenMitras(1)
  const chat = yield* Stage.givenChat(1, 1)
  yield* (yield* Accounts).provePhone(customer(1), phone)
  yield* Stage.act(chat, Stage.send(asCustomer(1), "message-1", "my secret"), { at: t0 + 30 })
  yield* Stage.act(chat, Stage.send(asMitra(1), "message-2", "about your secret"), { at: t0 + 31 })
  yield* Stage.act(chat, { _tag: "End", by: asCustomer(1) }, { at: t0 + 40 })
  yield* Stage.act(chat, { _tag: "Goodbye", by: asMitra(1), text: "her goodbye" }, { at: t0 + 50 })
  return chat
})
const over = Effect.gen(function*() {
  const chat = yield* parted
  yield* Stage.act(chat, { _tag: "Goodbye", by: asCustomer(1), text: "a goodbye" }, { at: t0 + 51 })
  return chat
})

const everythingSaid = Effect.gen(function*() {
  const views = yield* SessionViews
  const events = yield* views.eventsAfter(session(1), 0, 100)
  const [past] = yield* views.pastOf("mitra", mitra(1), { before: null, limit: 1 })
  return JSON.stringify([events, past])
})

const ending = (test: Test) => {
  test(
    "an account that is deleted has no name, phone, device, code or sign-in any more; its payments stay",
    Effect.gen(function*() {
      yield* over
      const accounts = yield* Accounts
      const signIns = yield* SignIns
      const port = yield* PersonalData
      yield* signIn(1, customer(1))
      const device = { token: "token", platform: "ios", auth_session_id: idOf(1), registered_at: t0 } as const
      yield* accounts.registerDevice({ ...person(1), ...device }, 5)
      const asked = { phone, user_type: "customer", asked_by: "device:x" } as const
      const limits = { now: t0, cooldown_ms: 1, per_phone_hourly: 5, per_phone_hourly_in_total: 5 }
      const code = { ...asked, id: idOf(7), code_hash: "h", ip: "1", created_at: t0, expires_at: t0 + minute }
      yield* signIns.issueCode(code, { ...limits, per_ip_hourly: 5 })
      const held = yield* port.heldOf(person(1))
      assert.deepInclude(held, { name: "Sari 1", phone, created_at: t0 })
      assert.deepStrictEqual(held?.payments.map((one) => one.id), [payment(1)])
      assert.deepStrictEqual(yield* port.erase(person(1), t0 + hour), { _tag: "Erased" })
      assert.deepStrictEqual(yield* port.erase(person(1), t0 + 2 * hour), { _tag: "Erased" }, "again")
      assert.isNull(yield* port.heldOf(person(1)))
      assert.deepInclude(yield* accounts.findCustomer(customer(1)), { call_name: "-", phone: null })
      assert.isNull(yield* accounts.findCustomerByPhone(phone))
      assert.isFalse(yield* signIns.isLive(idOf(1)))
      assert.deepStrictEqual(yield* accounts.devicesOf(person(1)), [])
      const checked = { ...asked, code_hashes: ["h"], attempts_max: 5, now: t0 }
      assert.strictEqual(yield* signIns.checkCode(checked), "unknown")
      assert.deepInclude(yield* (yield* Payments).find(payment(1)), {
        status: "consumed",
        amount_idr: 10_000
      })
      assert.deepStrictEqual(yield* port.erase(person(9), t0), { _tag: "Unknown" })
    })
  )

  test(
    "is busy while a chat is not over or an order is open, and its earlier anonymous accounts go with it",
    Effect.gen(function*() {
      const chat = yield* parted
      const port = yield* PersonalData
      const busy = { _tag: "Busy", session_id: session(1), payment_id: null } as const
      assert.deepStrictEqual(yield* port.erase(person(1), t0), busy)
      assert.deepStrictEqual(yield* port.erase(bestie(1), t0), busy)
      yield* Stage.act(chat, { _tag: "Goodbye", by: asCustomer(1), text: "a goodbye" }, { at: t0 + 51 })
      yield* Stage.givenPayment(2, { confirmed: false })
      yield* (yield* Accounts).provePhone(customer(2), phone)
      const ordered = { _tag: "Busy", session_id: null, payment_id: payment(2) } as const
      assert.deepStrictEqual(
        yield* port.erase(person(1), t0),
        ordered,
        "the order of an account that is theirs"
      )
      yield* (yield* Payments).expireStale(t0 + hour, 10)
      assert.deepStrictEqual(yield* port.erase(person(1), t0 + hour), { _tag: "Erased" })
      assert.deepInclude(yield* (yield* Accounts).findCustomer(customer(2)), {
        call_name: "-",
        belongs_to: null
      })
    })
  )

  test(
    "takes the words of its chats with it, in bounded steps; what a case quotes stays with the case",
    Effect.gen(function*() {
      yield* givenStaff
      yield* over
      const port = yield* PersonalData
      const quoted = { seq: 3, side: "customer", body: "my secret", sent_at: t0 } as const
      const pair = { customer_id: customer(1), mitra_id: mitra(1), session_id: session(1) }
      yield* (yield* Trust).report(
        { ...pair, id: idOf(1), by_side: "mitra", reason: "threat", words: "", evidence: [quoted], at: t0 },
        { pause_at: 0, counted_since: 0 }
      )
      assert.strictEqual(yield* port.eraseTexts(10, t0), 0, "nobody is gone")
      yield* port.erase(person(1), t0 + hour)
      assert.include(yield* everythingSaid, "my secret")
      assert.strictEqual(yield* port.eraseTexts(1, t0 + hour), 1)
      assert.strictEqual(yield* port.eraseTexts(10, t0 + hour), 1)
      assert.isAbove(yield* port.eraseTexts(10, t0 + hour), 0, "goodbyes")
      assert.strictEqual(yield* port.eraseTexts(10, t0 + hour), 0)
      const left = yield* everythingSaid
      for (const word of ["secret", "a goodbye", "her goodbye"]) assert.notInclude(left, word)
      const entry = { id: idOf(0xad), staff_id: staffId, action: "x", target_type: "case", target_id: "x" }
      const kept = yield* (yield* Trust).readCase(idOf(1), { ...entry, peer: "127.0.0.1", at: t0 })
      assert.deepStrictEqual(kept?.evidence, [quoted])
    })
  )

  test(
    "of a mitra is without name and phone, which another may have; with its audit entry",
    Effect.gen(function*() {
      yield* givenStaff
      yield* over
      const accounts = yield* Accounts
      const port = yield* PersonalData
      const held = yield* port.heldOf(bestie(1))
      yield* signIn(1, mitra(1), t0, "mitra")
      const entry = { id: idOf(0xad), staff_id: staffId, action: "mitra.delete", target_type: "mitra" }
      const by = { ...entry, target_id: mitra(1), peer: "127.0.0.1", at: t0 + hour }
      assert.deepStrictEqual(yield* port.erase(bestie(1), t0 + hour, by), { _tag: "Erased" })
      assert.deepInclude(yield* accounts.findMitra(mitra(1)), { display_name: "-", is_active: false })
      assert.isFalse(yield* (yield* SignIns).isLive(idOf(1)))
      const again = { id: mitra(8), display_name: "Ayu", phone: held?.phone ?? "", is_active: true }
      assert.isTrue(yield* accounts.createMitra(again, t0 + hour))
      assert.lengthOf(yield* (yield* Staff).auditPage({ before: null, limit: 10 }), 1)
    })
  )
}

const ageing = (test: Test) => {
  test(
    "anonymous accounts that were never used are deleted, those nobody came back to are named, page by page",
    Effect.gen(function*() {
      const accounts = yield* Accounts
      const port = yield* PersonalData
      for (const n of [1, 2, 3, 4]) yield* Stage.givenPayment(n, { confirmed: false })
      yield* accounts.provePhone(customer(4), phone)
      for (const n of [5, 6]) {
        yield* accounts.createCustomer({ id: customer(n), call_name: "Guest", phone: null, created_at: t0 })
      }
      yield* signIn(2, customer(2), t0 + 80 * day)
      yield* signIn(6, customer(6), t0 + 80 * day)
      const now = t0 + 100 * day
      const options = { unused_before: now - 31 * day, inactive_before: now - 90 * day, limit: 3 }
      const first = yield* port.anonymous({ ...options, after: null })
      assert.deepStrictEqual(first, { deleted: 0, inactive: [customer(1), customer(3)], last: customer(3) })
      const second = yield* port.anonymous({ ...options, after: customer(3) })
      assert.deepStrictEqual(second, { deleted: 1, inactive: [], last: null })
      assert.isNull(yield* accounts.findCustomer(customer(5)))
      assert.isNotNull(yield* accounts.findCustomer(customer(6)))
    })
  )

  test(
    "old records go by kind and age, at most so many at a time; a sign-in's first row stays while it lives",
    Effect.gen(function*() {
      const port = yield* PersonalData
      const signIns = yield* SignIns
      const limits = { now: t0, cooldown_ms: 0, per_phone_hourly: 9, per_phone_hourly_in_total: 9 }
      for (const n of times(3)) {
        const code = { phone, user_type: "customer", asked_by: "device:x", code_hash: "h", ip: "1" } as const
        const at = { created_at: t0 + n * hour, expires_at: t0 + n * hour + minute }
        yield* signIns.issueCode({ ...code, id: idOf(n + 1), ...at }, { ...limits, per_ip_hourly: 9 })
        yield* (yield* Payments).logWebhook({
          id: idOf(n + 1),
          provider: "builtin",
          headers: "{}",
          body: "{}",
          at: t0 + n * hour
        })
      }
      assert.strictEqual(yield* port.purge("codes", t0 + 2 * hour, 1), 1)
      assert.strictEqual(yield* port.purge("codes", t0 + 2 * hour, 10), 1)
      assert.strictEqual(yield* port.purge("webhooks", t0 + 2 * hour, 10), 2)
      yield* signIn(1, customer(1))
      yield* signIn(2, customer(1))
      const next = { id: idOf(3), refresh_hash: "hash-3", expires_at: t0 + 60 * day }
      yield* signIns.rotate({ refresh_hash: "hash-1", next, now: t0 + day, grace_ms: 1 })
      assert.strictEqual(yield* port.purge("sign_ins", t0 + 31 * day, 10), 1, "the second, which has ended")
      assert.isTrue(yield* signIns.isLive(idOf(1)))
      assert.strictEqual(yield* port.purge("sign_ins", t0 + 61 * day, 10), 2)
      assert.isFalse(yield* signIns.isLive(idOf(1)))
      yield* Stage.givenMitras(1)
      const asked = yield* Stage.givenRequest(1)
      const command = { command_id: "command-1", sender_id: "s", outcome: {} }
      yield* Stage.act(asked, Stage.tick, { at: t0, candidates: Stage.candidates(1), command })
      assert.strictEqual(yield* port.purge("commands", t0, 10), 0)
      assert.strictEqual(yield* port.purge("commands", t0 + 1, 10), 1)
    })
  )
}

export const personalData = (name: string, layer: Layer.Layer<Needed>) =>
  describe(`PersonalData (${name})`, () => {
    const test: Test = (title, body) => it.live(title, () => Effect.provide(body, layer))
    ending(test)
    ageing(test)
  })
