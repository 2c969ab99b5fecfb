// Offers on the event streams of many phones: an announcement is shown without a read, however many hear it,
// and no phone is shown an offer that is over.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { announcedWithinMs } from "../../../../src/http/public/events/offer-events.ts"
import { Accounts } from "../../../../src/services/accounts/accounts.ts"
import { Bus, type BusMessage } from "../../../../src/services/bus/bus.ts"
import { mitraAccount, t0, times } from "../../../../testkit/conformance/given.ts"
import { customerPhone, newCommand, nextOf } from "../../phone.ts"
import { given, onlineMitra, request } from "../../script.ts"
import { Faults, world } from "../../world.ts"

const openOfferReads = (asked: ReadonlyArray<string>): number =>
  asked.filter((name) => name === "openOffersOf").length

/** A mitra whose phone listens, with the snapshot already read. */
const listening = Effect.fnUntraced(function*(n: number) {
  const phone = yield* onlineMitra(n)
  const events = yield* phone.subscribe()
  yield* nextOf(events, "snapshot")
  return { ...phone, events }
})

/** What the bus carries from now on is kept back; it can be let through later, changed or not. */
const keepingBack = Effect.gen(function*() {
  const faults = yield* Faults
  const kept: Array<BusMessage> = []
  faults.onBus = (messages) => {
    kept.push(...messages)
    return []
  }
  const release = Effect.fnUntraced(function*(choose: (messages: Array<BusMessage>) => Array<BusMessage>) {
    faults.onBus = (messages) => messages
    yield* (yield* Bus).publish(choose(kept))
  })
  return { asked: faults.asked, release }
})

/** What the phone is shown next is what is said now: nothing was shown before it. */
const nothingBefore = Effect.fnUntraced(function*(mitra: Effect.Success<ReturnType<typeof listening>>) {
  const event = { _tag: "MitraStatusChanged", is_online: true, cause: "toggle" } as const
  yield* (yield* Bus).publish([{ topic: `mitra:${mitra.id}`, event }])
  yield* nextOf(mitra.events, "mitra_status")
})

const isOffer = ({ event }: BusMessage): boolean => event._tag === "OfferChanged"

describe("a blast", () => {
  it.effect("to forty connected mitras shows each the same as a read would, and costs no read", () =>
    Effect.gen(function*() {
      yield* given
      const count = 40
      const accounts = yield* Accounts
      for (const n of times(count - 3)) yield* accounts.createMitra(mitraAccount(n + 4), t0)
      const mitras = yield* Effect.forEach(times(count), (n) => listening(n + 1))
      const sari = yield* customerPhone("Sari")
      const { asked } = yield* Faults
      asked.length = 0
      const { session_id } = yield* request(sari)
      const shown = yield* Effect.forEach(mitras, ({ events }) => nextOf(events, "offer"))
      assert.strictEqual(openOfferReads(asked), 0)
      assert.isTrue(shown.every(({ offer }) => offer.session_id === session_id))
      for (const [index, mitra] of mitras.entries()) {
        const { requests } = yield* mitra.call("mitra.requests", { before: null, limit: 1 })
        assert.deepStrictEqual([shown[index]?.offer], [...requests])
      }
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("whose offers did not fit in their messages is read, once for all that wait", () =>
    Effect.gen(function*() {
      yield* given
      const ayu = yield* listening(1)
      const { asked, release } = yield* keepingBack
      const sessions = yield* Effect.forEach(
        ["Sari", "Dewi"],
        (name) => Effect.flatMap(customerPhone(name), request)
      )
      asked.length = 0
      yield* release((messages) =>
        messages.filter(isOffer).map(({ event, topic }) => ({
          topic,
          event: event._tag === "OfferChanged" ? { ...event, offer: null } : event
        }))
      )
      for (const { session_id } of sessions) {
        assert.strictEqual((yield* nextOf(ayu.events, "offer")).offer.session_id, session_id)
      }
      assert.strictEqual(openOfferReads(asked), 1)
    }).pipe(Effect.scoped, Effect.provide(world)))
})

describe("an announced offer", () => {
  it.effect("that was long under way is read first, and is not shown when it is over", () =>
    Effect.gen(function*() {
      yield* given
      const ayu = yield* listening(1)
      const { asked, release } = yield* keepingBack
      const sari = yield* customerPhone("Sari")
      const { session_id } = yield* request(sari)
      yield* sari.call("customer.cancel", { command_id: newCommand(), session_id })
      asked.length = 0
      yield* TestClock.adjust(announcedWithinMs + 1)
      // Its end was told before this phone came.
      yield* release((messages) => messages.filter(isOffer).slice(0, 1))
      yield* nothingBefore(ayu)
      assert.strictEqual(openOfferReads(asked), 1)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("that comes after its end is not shown, nor one whose end waits behind it", () =>
    Effect.gen(function*() {
      yield* given
      const ayu = yield* listening(1)
      for (const order of [(all: Array<BusMessage>) => all, (all: Array<BusMessage>) => all.toReversed()]) {
        const { asked, release } = yield* keepingBack
        const sari = yield* customerPhone("Sari")
        const { session_id } = yield* request(sari)
        yield* sari.call("customer.cancel", { command_id: newCommand(), session_id })
        asked.length = 0
        yield* release((messages) => {
          const both = messages.filter(isOffer)
          assert.lengthOf(both, 2)
          return order(both)
        })
        yield* nothingBefore(ayu)
        assert.strictEqual(openOfferReads(asked), 0)
      }
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("that is said again to a phone which holds it is neither read nor shown twice", () =>
    Effect.gen(function*() {
      yield* given
      const ayu = yield* listening(1)
      const { asked, release } = yield* keepingBack
      yield* request(yield* customerPhone("Sari"))
      asked.length = 0
      yield* release((messages) => [...messages, ...messages].filter(isOffer))
      yield* nextOf(ayu.events, "offer")
      yield* nothingBefore(ayu)
      assert.strictEqual(openOfferReads(asked), 0)
    }).pipe(Effect.scoped, Effect.provide(world)))
})
