// What every Availability adapter must answer, to the millisecond and to the last tie in the order.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { usualProfile } from "../../src/domain/matching.ts"
import { Availability } from "../../src/services/availability/availability.ts"
import {
  candidates,
  everybody,
  now,
  numbersOf,
  offline,
  online,
  put,
  rule,
  type Suite
} from "./availability-given.ts"
import { matching } from "./availability-matching.ts"
import { sleepingAndDraining } from "./availability-held.ts"
import { idOfMitra, type MitraRows, nameOf } from "./mitra-rows.ts"

const heartbeats = (behaviour: Suite) => {
  behaviour(
    "takes an online mitra's ping and remembers its time to the millisecond",
    () =>
      Effect.gen(function*() {
        yield* put(online(1))
        const port = yield* Availability
        assert.strictEqual(yield* port.heartbeat(idOfMitra(1), now + 7), "seen")
        assert.strictEqual(yield* port.lastHeartbeat(idOfMitra(1)), now + 7)
      })
  )

  behaviour("never moves a ping's time backwards", () =>
    Effect.gen(function*() {
      yield* put(online(1, { last_heartbeat_at: now }))
      const port = yield* Availability
      assert.strictEqual(yield* port.heartbeat(idOfMitra(1), now - 500), "seen")
      assert.strictEqual(yield* port.lastHeartbeat(idOfMitra(1)), now)
    }))

  behaviour("does not bring an offline mitra online by a ping", () =>
    Effect.gen(function*() {
      yield* put(offline(1))
      const port = yield* Availability
      assert.strictEqual(yield* port.heartbeat(idOfMitra(1), now), "offline")
      assert.isNull(yield* port.lastHeartbeat(idOfMitra(1)))
      assert.deepStrictEqual(yield* port.counts(rule), { online: 0, available: 0 })
    }))

  behaviour(
    "accepts no ping of a deactivated mitra, even one still marked online",
    () =>
      Effect.gen(function*() {
        yield* put(offline(1, { is_active: false }), online(2, { is_active: false, last_heartbeat_at: now }))
        const port = yield* Availability
        assert.strictEqual(yield* port.heartbeat(idOfMitra(1), now), "deactivated")
        assert.strictEqual(yield* port.heartbeat(idOfMitra(2), now + 5_000), "deactivated")
        assert.strictEqual(yield* port.lastHeartbeat(idOfMitra(2)), now)
      })
  )

  behaviour("calls a mitra nobody knows offline, also one whose id is no id", () =>
    Effect.gen(function*() {
      const port = yield* Availability
      assert.strictEqual(yield* port.heartbeat(idOfMitra(404), now), "offline")
      assert.strictEqual(yield* port.heartbeat("nonsense", now), "offline")
      assert.isNull(yield* port.lastHeartbeat(idOfMitra(404)))
    }))

  behaviour("counts coming online as the first ping", () =>
    Effect.gen(function*() {
      yield* put(
        online(1, { online_since: now - 100, last_heartbeat_at: null }),
        online(2, { online_since: now - 200, last_heartbeat_at: now - 86_400_000 })
      )
      const port = yield* Availability
      assert.strictEqual(yield* port.lastHeartbeat(idOfMitra(1)), now - 100)
      assert.strictEqual(yield* port.lastHeartbeat(idOfMitra(2)), now - 200)
      assert.deepStrictEqual(yield* port.counts(rule), { online: 2, available: 2 })
      assert.deepStrictEqual(yield* port.stale(now - 45_000, 10), [])
    }))

  behaviour("answers each of many pings at once by its own mitra", () =>
    Effect.gen(function*() {
      const kinds = [online, offline, (number: number) => online(number, { is_active: false })]
      const expected = ["seen", "offline", "deactivated"]
      const numbers = Array.from({ length: 300 }, (_, index) => index)
      yield* put(...numbers.map((number) => kinds[number % 3]!(number)))
      const port = yield* Availability
      // Every mitra twice, the later ping first: both are answered and the later one stays.
      const pings = numbers.flatMap((number) => [[number, now + 2] as const, [number, now + 1] as const])
      const answers = yield* Effect.forEach(pings, ([number, at]) => port.heartbeat(idOfMitra(number), at), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(answers, pings.map(([number]) => expected[number % 3]!) as typeof answers)
      assert.strictEqual(yield* port.lastHeartbeat(idOfMitra(0)), now + 2)
      assert.strictEqual(yield* port.lastHeartbeat(idOfMitra(297)), now + 2)
    }))
}

const asking = (behaviour: Suite) => {
  behaviour(
    "asks the fewest sessions first, then the longest unasked, then the longest online",
    () =>
      Effect.gen(function*() {
        yield* put(
          online(1, { sessions: 2, last_offer_at: null }),
          online(2, { sessions: 1, last_offer_at: now - 1 }),
          online(3, { sessions: 1, last_offer_at: now - 2 }),
          online(4, { last_offer_at: now - 10 }),
          online(5, { last_offer_at: now - 20 }),
          online(6, { online_since: now - 50_000 }),
          online(7, { online_since: now - 60_000 }),
          // Alike in everything: the id decides, so that two runners give the same order.
          online(9, { last_offer_at: now - 30 }),
          online(8, { last_offer_at: now - 30 })
        )
        assert.deepStrictEqual(yield* candidates({}), [7, 6, 8, 9, 5, 4, 3, 2, 1])
      })
  )

  behaviour("gives each candidate's name and how many sessions she has", () =>
    Effect.gen(function*() {
      yield* put(online(1, { sessions: 1 }), online(2))
      const port = yield* Availability
      assert.deepStrictEqual(yield* port.candidates(everybody), [
        { mitra_id: idOfMitra(2), mitra_name: nameOf(idOfMitra(2)), sessions: 0, ...usualProfile },
        { mitra_id: idOfMitra(1), mitra_name: nameOf(idOfMitra(1)), sessions: 1, ...usualProfile }
      ])
    }))

  behaviour("leaves out who is offline, deactivated, silent too long or full", () =>
    Effect.gen(function*() {
      const staleBefore = now - 45_000
      yield* put(
        online(1),
        offline(2),
        online(3, { is_active: false }),
        online(4, { last_heartbeat_at: staleBefore }),
        online(5, { last_heartbeat_at: staleBefore + 1 }),
        online(6, { sessions: 3 }),
        online(7, { sessions: 4 }),
        online(8, { sessions: 2 })
      )
      assert.deepStrictEqual(yield* candidates({}), [1, 5, 8])
      const port = yield* Availability
      assert.deepStrictEqual(yield* port.counts(rule), { online: 7, available: 3 })
    }))

  behaviour("asks silent mitras as well while pings are not required", () =>
    Effect.gen(function*() {
      yield* put(online(1, { last_heartbeat_at: now - 86_400_000 }), online(2, { last_heartbeat_at: null }))
      assert.deepStrictEqual(yield* candidates({ stale_before: null }), [1, 2])
      const port = yield* Availability
      assert.deepStrictEqual(yield* port.counts({ ...rule, stale_before: null }), { online: 2, available: 2 })
    }))

  behaviour("does not ask those already asked", () =>
    Effect.gen(function*() {
      yield* put(online(1), online(2), online(3, { sessions: 1 }), online(4, { sessions: 1 }))
      assert.deepStrictEqual(yield* candidates({ exclude: [idOfMitra(1), idOfMitra(3), idOfMitra(404)] }), [
        2,
        4
      ])
    }))

  behaviour("looks at one mitra only when asked for her, by the same rule", () =>
    Effect.gen(function*() {
      yield* put(online(1), online(2, { sessions: 2 }), online(3, { sessions: 3 }), offline(4))
      assert.deepStrictEqual(yield* candidates({ only: idOfMitra(1) }), [1])
      assert.deepStrictEqual(yield* candidates({ only: idOfMitra(2) }), [2])
      assert.deepStrictEqual(yield* candidates({ only: idOfMitra(3) }), [])
      assert.deepStrictEqual(yield* candidates({ only: idOfMitra(4) }), [])
      assert.deepStrictEqual(yield* candidates({ only: idOfMitra(2), exclude: [idOfMitra(2)] }), [])
    }))

  behaviour(
    "gives no more than the limit, the idle before those with sessions",
    () =>
      Effect.gen(function*() {
        yield* put(online(1, { sessions: 1 }), online(2), online(3, { sessions: 2 }), online(4))
        assert.deepStrictEqual(yield* candidates({ limit: 1 }), [2])
        assert.deepStrictEqual(yield* candidates({ limit: 2 }), [2, 4])
        assert.deepStrictEqual(yield* candidates({ limit: 3 }), [2, 4, 1])
        assert.deepStrictEqual(yield* candidates({ limit: 0 }), [])
      })
  )

  behaviour(
    "leaves out who has enough open offers, however long ago they were sent",
    () =>
      Effect.gen(function*() {
        const open = (count: number) => Array.from({ length: count }, () => ({ status: "pending" as const }))
        const closed = { status: "ignored", ending: "cancelled", at: now } as const
        yield* put(
          online(1, { offers: open(1) }),
          online(2, { offers: [...open(1), closed, { status: "missed", at: now }] }),
          online(3, { offers: open(2) }),
          online(4, { offers: open(3) })
        )
        assert.deepStrictEqual(yield* candidates({ open_offers_max: 2 }), [1, 2])
        assert.deepStrictEqual(yield* candidates({ open_offers_max: 3 }), [1, 2, 3])
        assert.deepStrictEqual(yield* candidates({ open_offers_max: 2, only: idOfMitra(3) }), [])
        assert.deepStrictEqual(yield* candidates({ open_offers_max: 2, limit: 1, exclude: [idOfMitra(1)] }), [
          2
        ])
      })
  )

  behaviour(
    "leaves out for a while mitras who declined or let an offer run out, and no others",
    () =>
      Effect.gen(function*() {
        const since = now - 30_000
        const expired = (at: number) => ({ status: "ignored", ending: "expired", at } as const)
        yield* put(
          online(1, { offers: [{ status: "declined", at: since }] }),
          online(2, { offers: [{ status: "declined", at: since - 1 }] }),
          online(3, { offers: [expired(since + 1)] }),
          online(4, { offers: [expired(since - 1), { status: "missed", at: now }] }),
          online(5, { offers: [{ status: "ignored", ending: "cancelled", at: now }] }),
          online(6, { offers: [{ status: "declined", at: now - 1 }, { status: "missed", at: now }] })
        )
        assert.deepStrictEqual(yield* candidates({ declined_since: since }), [2, 4, 5])
        assert.deepStrictEqual(yield* candidates({ declined_since: null }), [1, 2, 3, 4, 5, 6])
        assert.deepStrictEqual(yield* candidates({ declined_since: since, only: idOfMitra(1) }), [])
      })
  )

  behaviour(
    "lists the stale ones, longest silent first, and never more than the limit",
    () =>
      Effect.gen(function*() {
        yield* put(
          online(1, { last_heartbeat_at: now - 60_000 }),
          online(2, { last_heartbeat_at: now - 90_000 }),
          online(3, { last_heartbeat_at: now - 44_999 }),
          online(4, { last_heartbeat_at: now - 45_000 }),
          offline(5, { last_heartbeat_at: now - 90_000 })
        )
        const port = yield* Availability
        assert.deepStrictEqual(numbersOf(yield* port.stale(now - 45_000, 10)), [2, 1, 4])
        assert.deepStrictEqual(numbersOf(yield* port.stale(now - 45_000, 1)), [2])
      })
  )

  behaviour("counts none and asks none when no mitra is there", () =>
    Effect.gen(function*() {
      const port = yield* Availability
      assert.deepStrictEqual(yield* port.counts(rule), { online: 0, available: 0 })
      assert.deepStrictEqual(yield* candidates({}), [])
      assert.deepStrictEqual(yield* port.stale(now, 10), [])
    }))

  behaviour(
    "gives the same answers after notices of changes, which are only hints",
    () =>
      Effect.gen(function*() {
        yield* put(online(1), offline(2))
        const port = yield* Availability
        yield* Effect.all([
          port.changed([idOfMitra(1)]),
          port.changed([idOfMitra(1), idOfMitra(2), idOfMitra(404)]),
          port.changed([])
        ])
        assert.deepStrictEqual(yield* port.counts(rule), { online: 1, available: 1 })
      })
  )
}

/** `run` is `it.effect` where no real time passes, `it.live` against real servers. */
export const availabilitySuite = <E>(
  adapter: string,
  run: typeof it.effect | typeof it.live,
  layer: Layer.Layer<Availability | MitraRows, E>
): void => {
  describe(`Availability (${adapter})`, () => {
    const behaviour: Suite = (name, body) => run(name, () => Effect.provide(body(), layer))
    heartbeats(behaviour)
    asking(behaviour)
    sleepingAndDraining(behaviour)
    matching(behaviour)
  })
}
