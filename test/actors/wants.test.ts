// What a request wants of a mitra, through the real actors under virtual time.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { Requests } from "../../src/actors/session/requests.ts"
import { usualProfile } from "../../src/domain/matching.ts"
import { MemoryTables } from "../../testkit/memory/store/tables.ts"
import { actorWorld, onlineMitra, paidRequest, stateOf } from "./actor-world.ts"
import { during, paymentOf, ping } from "./playing.ts"

const english = { language: "en" } as const

/** As staff would have it; how they say it is accounts.test.ts's. */
const speaks = Effect.fnUntraced(function*(mitraId: string, ...languages: typeof usualProfile.languages) {
  const { mitras } = yield* MemoryTables
  const row = mitras.get(mitraId)
  if (row !== undefined) mitras.set(mitraId, { ...row, languages })
})

const askedBy = (sessionId: string) =>
  Effect.map(stateOf(sessionId), ({ offers }) => offers.map(({ mitra_id }) => mitra_id))

describe("a request that names a language", () => {
  it.effect("asks only who speaks it, and is not held up by older ones that nobody there can serve", () =>
    Effect.gen(function*() {
      const ayu = yield* during(onlineMitra("Ayu"))
      const older = yield* during(
        Effect.forEach(["Sari", "Tia", "Uli"], (name) => paidRequest(300, name, english))
      )
      const indonesian = yield* during(paidRequest(300, "Wati", { language: "id" }))
      assert.deepStrictEqual(yield* askedBy(indonesian.session_id), [ayu])
      const bella = yield* during(onlineMitra("Bella"))
      yield* speaks(bella, "en")
      yield* TestClock.adjust("4 seconds")
      assert.deepStrictEqual(yield* askedBy(older[0]!.session_id), [bella])
    }).pipe(Effect.provide(actorWorld)))

  it.effect("is told that nobody fits, and finds somebody without the language", () =>
    Effect.gen(function*() {
      const ayu = yield* during(onlineMitra("Ayu"))
      const { payment_id, session_id } = yield* during(paidRequest(300, "Sari", english))
      yield* TestClock.adjust("30 seconds")
      yield* ping(ayu)
      yield* TestClock.adjust("31 seconds")
      assert.deepInclude(yield* stateOf(session_id), { status: "expired", end_reason: "no_mitra_fits" })
      const payment = yield* paymentOf(payment_id)
      assert.deepInclude(payment, { status: "confirmed", failure_cause: "no_mitra_fits" })
      const again = yield* during(
        Effect.flatMap(Requests, (port) => port.openAgain(payment, { command_id: "any", language: null }))
      )
      if (again._tag !== "Opened") return yield* Effect.die(again)
      assert.deepStrictEqual(yield* askedBy(again.session_id), [ayu])
    }).pipe(Effect.provide(actorWorld)))
})
