// The queue through the real actors under virtual time: who gets a mitra when there are fewer
// places than requests, and how soon.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { olderCount } from "../../src/domain/matching.ts"
import { MitraActors } from "../../src/actors/mitra/protocol.ts"
import { Bus } from "../../src/services/bus/bus.ts"
import { SessionViews } from "../../src/services/sessions/session-views.ts"
import { Sessions } from "../../src/services/sessions/sessions.ts"
import { actorWorld, onlineMitra, paidRequest, stateOf, toSession } from "./actor-world.ts"
import { accept, customerSide, during, ping, running, setting } from "./playing.ts"

interface Request {
  readonly session_id: string
  readonly customer_id: string
}

/** Three customers who come one after the other, each a second later. */
const three = Effect.gen(function*() {
  const requests: Array<Request> = []
  for (const name of ["Ani", "Budi", "Cici"]) {
    requests.push(yield* during(paidRequest(300, name)))
    yield* TestClock.adjust("1 second")
  }
  return requests as [Request, Request, Request]
})

/** The hints of a commit cross the cluster, too. */
const soon = TestClock.adjust("50 millis")

const statusesOf = (requests: ReadonlyArray<Request>) =>
  Effect.forEach(requests, ({ session_id }) => Effect.map(stateOf(session_id), (state) => state.status))

const cancel = ({ customer_id, session_id }: Request) =>
  during(toSession(session_id, { _tag: "Cancel", by: customerSide(customer_id) })).pipe(
    Effect.tap(soon)
  )

const end = ({ customer_id, session_id }: Request) =>
  during(toSession(session_id, { _tag: "End", by: customerSide(customer_id) })).pipe(Effect.tap(soon))

/** Ayu has one place, and it is taken. */
const busyAyu = Effect.gen(function*() {
  yield* setting("max_customers_per_mitra", 1)
  return yield* running(300)
})

describe("the queue", () => {
  it.effect("gives a freed place to who has waited longest, at once, and to nobody else", () =>
    Effect.gen(function*() {
      const chat = yield* busyAyu
      const requests = yield* three
      assert.deepStrictEqual(yield* statusesOf(requests), ["searching", "searching", "searching"])
      yield* end(chat)
      assert.deepStrictEqual(yield* statusesOf(requests), ["pending_acceptance", "searching", "searching"])
      yield* TestClock.adjust("7 seconds")
      assert.deepStrictEqual(yield* statusesOf(requests), ["pending_acceptance", "searching", "searching"])
      yield* accept(requests[0].session_id, chat.ayu)
      assert.deepStrictEqual(yield* statusesOf(requests), ["active", "searching", "searching"])
      yield* end(requests[0])
      assert.deepStrictEqual(yield* statusesOf(requests), ["closing", "pending_acceptance", "searching"])
    }).pipe(Effect.provide(actorWorld)))

  it.effect("keeps its order when all look in the same instant, the youngest first", () =>
    Effect.gen(function*() {
      const chat = yield* busyAyu
      const requests = yield* three
      // Requests are not woken in order: the place is free before any of them looks, then all look.
      yield* setting("pairing_queue_enabled", false)
      yield* end(chat)
      yield* setting("pairing_queue_enabled", true)
      yield* during(
        Effect.forEach(
          requests.toReversed(),
          ({ session_id }) => toSession(session_id, { _tag: "Requeue" }),
          { concurrency: "unbounded", discard: true }
        )
      )
      assert.deepStrictEqual(yield* statusesOf(requests), ["pending_acceptance", "searching", "searching"])
    }).pipe(Effect.provide(actorWorld)))

  it.effect("moves up when the one before gives up", () =>
    Effect.gen(function*() {
      const chat = yield* busyAyu
      const requests = yield* three
      yield* end(chat)
      yield* cancel(requests[0])
      assert.deepStrictEqual(yield* statusesOf(requests), ["cancelled", "pending_acceptance", "searching"])
    }).pipe(Effect.provide(actorWorld)))

  it.effect("is served oldest first by a mitra who comes online, as many as she has places", () =>
    Effect.gen(function*() {
      yield* setting("max_customers_per_mitra", 2)
      const requests = yield* three
      yield* during(onlineMitra("Ayu"))
      yield* soon
      assert.deepStrictEqual(yield* statusesOf(requests), [
        "pending_acceptance",
        "pending_acceptance",
        "searching"
      ])
    }).pipe(Effect.provide(actorWorld)))

  it.effect("is served by a raised maximum", () =>
    Effect.gen(function*() {
      yield* busyAyu
      const requests = yield* three
      yield* setting("max_customers_per_mitra", 2)
      yield* (yield* Bus).publish([{ topic: "settings", event: { _tag: "SettingsChanged" } }])
      yield* TestClock.adjust("50 millis")
      assert.deepStrictEqual(yield* statusesOf(requests), ["pending_acceptance", "searching", "searching"])
    }).pipe(Effect.provide(actorWorld)))

  it.effect("does not hold anybody up while there are places enough for all", () =>
    Effect.gen(function*() {
      for (const name of ["Ayu", "Bunga", "Citra"]) yield* during(onlineMitra(name))
      const requests = yield* three
      assert.deepStrictEqual(yield* statusesOf(requests), [
        "pending_acceptance",
        "pending_acceptance",
        "pending_acceptance"
      ])
      for (const { session_id } of requests) assert.lengthOf((yield* stateOf(session_id)).offers, 3)
    }).pipe(Effect.provide(actorWorld)))

  it.effect("serves a request also when every hint is lost: it looks by itself", () =>
    Effect.gen(function*() {
      yield* setting("max_customers_per_mitra", 1)
      const requests = yield* three
      const ayu = yield* during(onlineMitra("Ayu"))
      yield* during(
        Effect.flatMap(
          MitraActors,
          (actors) =>
            actors.run(ayu, { sender_id: "x", command_id: null, command: { _tag: "GoOffline" }, staff: null })
        )
      )
      yield* cancel(requests[0])
      yield* setting("pairing_queue_enabled", false)
      yield* during(
        Effect.flatMap(
          MitraActors,
          (actors) =>
            actors.run(ayu, { sender_id: "x", command_id: null, command: { _tag: "GoOnline" }, staff: null })
        )
      )
      yield* setting("pairing_queue_enabled", true)
      yield* ping(ayu)
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(yield* statusesOf(requests), ["cancelled", "pending_acceptance", "searching"])
    }).pipe(Effect.provide(actorWorld)))

  it.effect("counts who is ahead, and knows when a place will be free", () =>
    Effect.gen(function*() {
      const chat = yield* busyAyu
      const requests = yield* three
      const sessions = yield* Sessions
      const views = yield* SessionViews
      const third = yield* stateOf(requests[2].session_id)
      assert.strictEqual(olderCount(yield* sessions.aheadOf(third, third.requested_at, 200)), 2)
      assert.strictEqual(yield* views.nthEnd(1), chat.started + 300_000)
      assert.isNull(yield* views.nthEnd(2))
    }).pipe(Effect.provide(actorWorld)))

  it.effect("switched off, ends a request at once when nobody is there, and staff see why", () =>
    Effect.gen(function*() {
      yield* setting("pairing_queue_enabled", false)
      const { session_id } = yield* during(paidRequest(300))
      assert.deepInclude(yield* stateOf(session_id), { status: "expired", end_reason: "no_mitra_available" })
    }).pipe(Effect.provide(actorWorld)))
})
