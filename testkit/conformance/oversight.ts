// What every Oversight adapter must show the control center: what is alive and when it changed, mitras by
// name, what happened without anybody's words, what needs somebody, and filtered pages of the audit log.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { Accounts } from "../../src/services/accounts/accounts.ts"
import { SignIns } from "../../src/services/accounts/sign-ins.ts"
import { Staff } from "../../src/services/accounts/staff.ts"
import { type AuditFilter, type MitraFilter, Oversight } from "../../src/services/oversight/oversight.ts"
import { givenStaff, idOf, minute, staffId, t0 } from "./given.ts"
import * as Stage from "./stage.ts"
import { asCustomer, asMitra, customer, mitra, payment, session } from "./stage.ts"

type Needed = Stage.Stage | Oversight | Staff
type Body = Effect.Effect<void, unknown, Needed>
type Test = (title: string, body: Body) => void

const everything = { statuses: ["searching", "pending_acceptance", "active"], mitra_id: null } as const

const lists = (test: Test) => {
  test(
    "live sessions are lines with names, unread and offers, oldest request first, page by page",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1, 2)
      const chat = yield* Stage.givenChat(1, 1)
      yield* Stage.act(chat, Stage.send(asCustomer(1), "message-1"), { at: t0 + 30 })
      yield* Stage.offer(yield* Stage.givenRequest(2), t0 + 40, 1, 2)
      const port = yield* Oversight
      const page = yield* port.live({ ...everything, after: null, limit: 10 })
      assert.deepStrictEqual(page.map((line) => line.session_id), [session(1), session(2)])
      assert.deepInclude(page[0], {
        status: "active",
        customer_id: customer(1),
        customer_name: "Sari 1",
        mitra_id: mitra(1),
        mitra_name: "Bestie 1",
        purchased_ms: 5 * minute,
        owner_runner: "runner-a",
        is_without_mitra: false,
        unread_customer: 0,
        unread_mitra: 1,
        offers: 1,
        offers_open: 0
      })
      assert.deepInclude(page[1], { status: "pending_acceptance", mitra_id: null, offers: 2, offers_open: 2 })
      const after = { at: t0, id: session(1) }
      const next = yield* port.live({ ...everything, after, limit: 10 })
      assert.deepStrictEqual(next.map((line) => line.session_id), [session(2)])
      const hers = yield* port.live({ ...everything, mitra_id: mitra(1), after: null, limit: 10 })
      assert.deepStrictEqual(hers.map((line) => line.session_id), [session(1)])
      assert.deepStrictEqual(yield* port.nextEnds(5), [chat.state.ends_at ?? 0])
      assert.lengthOf(yield* port.liveOf([session(2), session(9)]), 1)
    })
  )

  test(
    "a session's fingerprint is another one as soon as it changed, and gone when it is over",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      const chat = yield* Stage.givenChat(1, 1)
      yield* Stage.givenRequest(2)
      const port = yield* Oversight
      const before = yield* port.fingerprints
      assert.deepStrictEqual(yield* port.fingerprints, before)
      yield* Stage.act(chat, Stage.send(asMitra(1), "message-1"), { at: t0 + 30 })
      const after = yield* port.fingerprints
      assert.notStrictEqual(after.get(session(1)), before.get(session(1)))
      assert.strictEqual(after.get(session(2)), before.get(session(2)))
      const by = asCustomer(2)
      yield* Stage.act(yield* Stage.claim(2), { _tag: "Cancel", by }, { at: t0 + 40 })
      assert.deepStrictEqual([...(yield* port.fingerprints).keys()], [session(1)])
    })
  )

  test(
    "mitras are found by a part of the name, whatever signs it has, by id and by what they do, by page",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1, 2, 3)
      yield* Stage.actAsMitra(2, { _tag: "GoOnline" }, t0)
      yield* Stage.givenChat(1, 1)
      const port = yield* Oversight
      const find = (search: string | null, filter: MitraFilter = "all") =>
        Effect.map(
          port.mitras({ search, filter, after: null, limit: 10 }),
          (lines) => lines.map((line) => line.mitra_id)
        )
      assert.deepStrictEqual(yield* find(null), [1, 2, 3].map(mitra))
      assert.deepStrictEqual(yield* find("bESTIE 2"), [mitra(2)])
      assert.deepStrictEqual(yield* find("%"), [])
      assert.deepStrictEqual(yield* find(mitra(3)), [mitra(3)])
      assert.deepStrictEqual(yield* find(null, "online"), [mitra(2)])
      assert.deepStrictEqual(yield* find(null, "offline"), [mitra(1), mitra(3)])
      assert.deepStrictEqual(yield* find(null, "inactive"), [])
      assert.deepStrictEqual(yield* find(null, "draining"), [])
      yield* Stage.actAsMitra(2, { _tag: "Drain", staff_id: "staff-1" }, t0 + 30)
      assert.deepStrictEqual(yield* find(null, "draining"), [mitra(2)])
      const after = { name: "Bestie 1", id: mitra(1) }
      const [next] = yield* port.mitras({ search: null, filter: "all", after, limit: 1 })
      assert.deepInclude(next, { mitra_id: mitra(2), sessions: 0, open_offers: 0, push_reachable: false })
      const signIn = { user_type: "mitra", user_id: mitra(2), id: idOf(9), family_id: idOf(9) } as const
      yield* (yield* SignIns).open(
        { ...signIn, refresh_hash: "hash", created_at: t0, expires_at: t0 + minute },
        { only_one: true }
      )
      const device = { user_type: "mitra", user_id: mitra(2), auth_session_id: idOf(9) } as const
      yield* (yield* Accounts).registerDevice(
        { ...device, token: "token", platform: "ios", registered_at: t0 },
        10
      )
      const isReachable = Effect.map(
        port.mitras({ search: null, filter: "all", after, limit: 1 }),
        ([line]) => line?.push_reachable
      )
      assert.isTrue(yield* isReachable)
      yield* (yield* SignIns).revokeFamily(idOf(9), "signed_out", t0)
      assert.isFalse(yield* isReachable, "her sign-in there is over")
      const [first] = yield* port.mitras({ search: null, filter: "all", after: null, limit: 1 })
      assert.deepInclude(first, { mitra_id: mitra(1), sessions: 1, is_online: false })
    })
  )
}

const stories = (test: Test) => {
  test(
    "what happened is told in order, messages without their words",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      const chat = yield* Stage.givenChat(1, 1)
      yield* Stage.act(chat, Stage.send(asCustomer(1), "message-1", "a secret"), { at: t0 + 30 })
      const entries = yield* (yield* Oversight).timeline(session(1))
      assert.deepStrictEqual(entries.map(({ at, seq, side, type }) => [seq, type, at, side]), [
        [1, "OffersSent", t0 + 10, null],
        [2, "Paired", t0 + 20, null],
        [3, "MessageSent", t0 + 30, "customer"]
      ])
      assert.notInclude(JSON.stringify(entries), "a secret")
      assert.deepInclude(entries[1]?.detail, { mitra_id: mitra(1), mitra_name: "Bestie 1" })
    })
  )

  test(
    "what needs somebody is counted, a customer's payments are listed newest first, customers found by name",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      yield* Stage.givenChat(1, 1)
      const port = yield* Oversight
      const nothing = { stuck: 0, proposals: 0, failed_pairings: 0, anomalies: 0, dead_letters: 0 }
      assert.deepStrictEqual(yield* port.alerts(t0), nothing)
      assert.deepStrictEqual(yield* port.alerts(t0 + 60 * minute), { ...nothing, stuck: 1 })
      const [paid] = yield* port.paymentsOf(customer(1), 10)
      assert.deepInclude(paid, { id: payment(1), amount_idr: 10_000, customer_name: "Sari 1" })
      assert.deepStrictEqual(yield* port.paymentsOf("nobody", 10), [])
      yield* Stage.givenPayment(2, { confirmed: true })
      const named = (beginning: string, limit = 10) => port.customersNamed(beginning, limit)
      assert.deepStrictEqual(yield* named("sARI"), [customer(1), customer(2)])
      assert.deepStrictEqual(yield* named("Sari 2"), [customer(2)])
      assert.deepStrictEqual(yield* named("sari", 1), [customer(1)])
      for (const nobody of ["ari", "%", "S_ri"]) assert.deepStrictEqual(yield* named(nobody), [])
    })
  )

  test(
    "audit entries are found by the beginning of their action, their target and who did it",
    Effect.gen(function*() {
      yield* givenStaff
      const staff = yield* Staff
      for (const [n, action] of [[1, "mitra.create"], [2, "setting.write"], [3, "mitra.rename"]] as const) {
        yield* staff.appendAudit({ ...Stage.audited(n), action, target_id: `target-${n}` })
      }
      const port = yield* Oversight
      const everyone: AuditFilter = {
        staff_id: null,
        action: null,
        target_type: null,
        target_id: null,
        before: null,
        limit: 10
      }
      const find = (filter: Partial<AuditFilter>) =>
        Effect.map(port.audit({ ...everyone, ...filter }), (entries) => entries.map((entry) => entry.action))
      assert.deepStrictEqual(yield* find({}), ["mitra.rename", "setting.write", "mitra.create"])
      assert.deepStrictEqual(yield* find({ action: "mitra." }), ["mitra.rename", "mitra.create"])
      assert.deepStrictEqual(yield* find({ action: "mitra.", limit: 1 }), ["mitra.rename"])
      assert.deepStrictEqual(yield* find({ before: idOf(0xad003) }), ["setting.write", "mitra.create"])
      assert.deepStrictEqual(yield* find({ target_id: "target-1", staff_id: staffId }), ["mitra.create"])
      assert.deepStrictEqual(yield* find({ target_type: "nothing" }), [])
    })
  )
}

export const oversight = (name: string, layer: Layer.Layer<Needed>) =>
  describe(`Oversight (${name})`, () => {
    const test = (title: string, body: Body) => it.live(title, () => Effect.provide(body, layer))
    lists(test)
    stories(test)
    test("says that the rows answer", Effect.flatMap(Oversight, (port) => port.ping))
  })
