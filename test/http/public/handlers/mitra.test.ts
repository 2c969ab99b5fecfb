// What mitras ask: to be online and to stay so, and their answers to requests. Real handlers and
// machines over memory adapters, virtual time.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import { TestClock } from "effect/testing"
import { instant } from "../../../../src/contract/fields.ts"
import { inspectSession } from "../../../../src/http/internal/inspections.ts"
import { MitraActors } from "../../../../src/actors/mitra/protocol.ts"
import { Availability } from "../../../../src/services/availability/availability.ts"
import { Bus } from "../../../../src/services/bus/bus.ts"
import { staffId, t0 } from "../../../../testkit/conformance/given.ts"
import { customerPhone, mitraPhone, newCommand, refused } from "../../phone.ts"
import { given, onlineMitra, phoneOf, request } from "../../script.ts"
import { Faults, world } from "../../world.ts"

const deactivated = (mitraId: string) =>
  Effect.flatMap(MitraActors, (actors) =>
    actors.run(mitraId, {
      sender_id: "system",
      command_id: null,
      command: { _tag: "Deactivate", staff_id: staffId },
      staff: null
    }))

describe("a mitra's status", () => {
  it.effect("is what she declares, with the cadence her app must keep", () =>
    Effect.gen(function*() {
      yield* given
      const ayu = yield* mitraPhone(phoneOf(1))
      const status = { server_now: instant(t0), heartbeat_every_seconds: 30 }
      const command = { command_id: newCommand() }
      assert.deepStrictEqual(yield* ayu.call("mitra.heartbeat", {}), { ...status, is_online: false })
      assert.deepStrictEqual(yield* ayu.call("mitra.go_online", command), { ...status, is_online: true })
      assert.deepStrictEqual(yield* ayu.call("mitra.go_online", command), { ...status, is_online: true })
      assert.deepStrictEqual(yield* ayu.call("mitra.heartbeat", {}), { ...status, is_online: true })
      const off = yield* ayu.call("mitra.go_offline", { command_id: newCommand() })
      assert.deepStrictEqual(off, { ...status, is_online: false })
    }).pipe(Effect.provide(world)))

  it.effect("counts being told that she is online as a sign of life, also when she was already", () =>
    Effect.gen(function*() {
      yield* given
      const availability = yield* Availability
      const ayu = yield* mitraPhone(phoneOf(1))
      const command = { command_id: newCommand() }
      yield* ayu.call("mitra.go_online", command)
      yield* TestClock.adjust("30 seconds")
      // The first answer got lost: the same command again.
      yield* ayu.call("mitra.go_online", command)
      assert.strictEqual(yield* availability.lastHeartbeat(ayu.id), t0 + 30_000)
      yield* TestClock.adjust("10 seconds")
      yield* ayu.call("mitra.go_online", { command_id: newCommand() })
      assert.strictEqual(yield* availability.lastHeartbeat(ayu.id), t0 + 40_000)
    }).pipe(Effect.provide(world)))

  it.effect("counts a ping that is answered late from its answer", () =>
    Effect.gen(function*() {
      yield* given
      const availability = yield* Availability
      const ayu = yield* onlineMitra(1)
      const faults = yield* Faults
      faults.nextPingTakes = "11 seconds"
      const answer = yield* Effect.forkChild(ayu.call("mitra.heartbeat", {}), { startImmediately: true })
      yield* TestClock.adjust("11 seconds")
      assert.strictEqual((yield* Fiber.join(answer)).is_online, true)
      assert.strictEqual(yield* availability.lastHeartbeat(ayu.id), t0 + 11_000)
    }).pipe(Effect.provide(world)))

  it.effect("is refused once she is deactivated, heartbeats included", () =>
    Effect.gen(function*() {
      yield* given
      const ayu = yield* onlineMitra(1)
      yield* deactivated(ayu.id)
      assert.strictEqual(yield* refused(ayu.call("mitra.heartbeat", {})), "ACCOUNT_INACTIVE")
      const attempt = ayu.call("mitra.go_online", { command_id: newCommand() })
      assert.strictEqual(yield* refused(attempt), "ACCOUNT_INACTIVE")
    }).pipe(Effect.provide(world)))

  it.effect("ends her sign-in everywhere when her deactivation was written and never announced", () =>
    Effect.scoped(Effect.gen(function*() {
      yield* given
      const ayu = yield* onlineMitra(1)
      yield* deactivated(ayu.id)
      // As if its runner had died before it could publish it: nothing has listened until now.
      const heard = yield* (yield* Bus).subscribe([`mitra:${ayu.id}`])
      yield* refused(ayu.call("mitra.heartbeat", {}))
      const { event } = yield* Queue.take(heard)
      assert.deepStrictEqual(event, { _tag: "Revoked", auth_session_id: null })
    })).pipe(Effect.provide(world)))
})

describe("accepting", () => {
  it.effect("at the same moment has one winner; the other is told who came first and when", () =>
    Effect.gen(function*() {
      yield* given
      const [ayu, bunga] = [yield* onlineMitra(1), yield* onlineMitra(2)]
      const sari = yield* customerPhone("Sari")
      const { session_id } = yield* request(sari)
      const accept = (phone: typeof ayu) =>
        phone.call("mitra.accept", { command_id: newCommand(), session_id })
      const [one, other] = yield* Effect.all([Effect.exit(accept(ayu)), Effect.flip(accept(bunga))], {
        concurrency: "unbounded"
      })
      assert.strictEqual(one._tag, "Success")
      assert.deepInclude(other, { code: "OFFER_TAKEN" })
      const view = yield* sari.call("customer.request_status", { session_id })
      assert.deepInclude(view, { status: "active", mitra_id: ayu.id, remaining_ms: 300_000 })
    }).pipe(Effect.provide(world)))

  it.effect("leaves for staff when each mitra saw the offer, and by how much the others lost", () =>
    Effect.gen(function*() {
      yield* given
      const [ayu, bunga, citra] = [yield* onlineMitra(1), yield* onlineMitra(2), yield* onlineMitra(3)]
      const { session_id } = yield* request(yield* customerPhone("Sari"))
      const accept = (phone: typeof ayu) =>
        phone.call("mitra.accept", { command_id: newCommand(), session_id })
      yield* TestClock.adjust("300 millis")
      assert.deepStrictEqual(yield* bunga.call("mitra.offer_seen", { session_id }), { noted: true })
      yield* TestClock.adjust("700 millis")
      yield* accept(ayu)
      yield* TestClock.adjust("37 millis")
      assert.strictEqual(yield* refused(accept(bunga)), "OFFER_TAKEN")
      yield* TestClock.adjust("1 second")
      yield* bunga.call("mitra.offer_seen", { session_id })
      assert.strictEqual(yield* refused(accept(bunga)), "OFFER_TAKEN")
      const unknown = { session_id: staffId }
      assert.strictEqual(yield* refused(citra.call("mitra.offer_seen", unknown)), "OFFER_NOT_FOUND")
      const { offers } = yield* inspectSession(session_id)
      const about = ({ id }: typeof ayu) => offers.find(({ mitra_id }) => mitra_id === id)
      assert.deepInclude(about(ayu), { seen_at: null, late_accept_at: null, lost_by_ms: null })
      assert.deepInclude(about(bunga), {
        seen_at: instant(t0 + 300),
        late_accept_at: instant(t0 + 1_037),
        lost_by_ms: 37
      })
      assert.deepInclude(about(citra), { status: "missed", seen_at: null, lost_by_ms: null })
    }).pipe(Effect.provide(world)))

  it.effect("shows the session without the customer's payment, and the same when repeated", () =>
    Effect.gen(function*() {
      yield* given
      const ayu = yield* onlineMitra(1)
      const sari = yield* customerPhone("Sari")
      const { payment_id, session_id } = yield* request(sari)
      const command = { command_id: newCommand(), session_id }
      const view = yield* ayu.call("mitra.accept", command)
      assert.deepInclude(view, {
        status: "active",
        payment_id: null,
        customer_name: "Sari",
        mitra_id: ayu.id
      })
      assert.deepStrictEqual(yield* ayu.call("mitra.accept", command), view)
      assert.notInclude(JSON.stringify(view), payment_id)
      assert.notInclude(JSON.stringify(view), sari.id)
    }).pipe(Effect.provide(world)))
})

describe("declining", () => {
  it.effect("shows the offer as it ended, and a later accept is refused", () =>
    Effect.gen(function*() {
      yield* given
      const [ayu] = [yield* onlineMitra(1), yield* onlineMitra(2)]
      const sari = yield* customerPhone("Sari")
      const { session_id } = yield* request(sari)
      const offer = yield* ayu.call("mitra.decline", { command_id: newCommand(), session_id })
      assert.deepInclude(offer, {
        status: "declined",
        ending: "declined",
        customer_name: "Sari",
        remaining_ms: 0,
        winner_at: null
      })
      const attempt = ayu.call("mitra.accept", { command_id: newCommand(), session_id })
      assert.strictEqual(yield* refused(attempt), "OFFER_CLOSED")
    }).pipe(Effect.provide(world)))
})

describe("mitra.requests", () => {
  it.effect("pages through her offers, newest first, to the end", () =>
    Effect.gen(function*() {
      yield* given
      const ayu = yield* onlineMitra(1)
      const asked: Array<string> = []
      for (const name of ["Ani", "Budi", "Cici", "Dewi", "Eka"]) {
        const customer = yield* customerPhone(name)
        const { session_id } = yield* request(customer)
        asked.unshift(session_id)
        // An open request would keep her places for those who came first.
        yield* customer.call("customer.cancel", { command_id: newCommand(), session_id })
        yield* TestClock.adjust("1 second")
      }
      const seen: Array<string> = []
      let before: string | null = null
      do {
        const page: { requests: ReadonlyArray<{ session_id: string }>; next: string | null } = yield* ayu
          .call(
            "mitra.requests",
            { before, limit: 2 }
          )
        seen.push(...page.requests.map((offer) => offer.session_id))
        before = page.next
      } while (before !== null)
      assert.deepStrictEqual(seen, asked)
    }).pipe(Effect.provide(world)))

  it.effect("says how long she still has to answer", () =>
    Effect.gen(function*() {
      yield* given
      const ayu = yield* onlineMitra(1)
      yield* request(yield* customerPhone("Sari"))
      yield* TestClock.adjust("20 seconds")
      const { requests } = yield* ayu.call("mitra.requests", { before: null, limit: 10 })
      assert.strictEqual(requests[0]?.remaining_ms, 40_000)
    }).pipe(Effect.provide(world)))
})
