// What the stories of the actor tests share: time that moves while a call is under way, a chat that runs,
// an extension that is paid for, settings that staff changed.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { SecureRandom } from "effect/crypto"
import { TestClock } from "effect/testing"
import { Requests } from "../../src/actors/session/requests.ts"
import type { Settings as Values } from "../../src/domain/settings.ts"
import { MemoryTables } from "../../testkit/memory/store/tables.ts"
import { Availability } from "../../src/services/availability/availability.ts"
import { Payments } from "../../src/services/payments/payments.ts"
import { Settings } from "../../src/services/settings/settings.ts"
import { onlineMitra, paidRequest, stateOf, toSession } from "./actor-world.ts"

export const mitraSide = (id: string) => ({ side: "mitra", id }) as const
export const customerSide = (id: string) => ({ side: "customer", id }) as const

/** Calls cross the (virtual) cluster: forked, then time moves, so that nothing waits for itself. */
export const during = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(Effect.exit(effect))
    yield* TestClock.adjust("50 millis")
    return yield* yield* Fiber.join(fiber)
  })

export const accept = (session_id: string, mitra: string) =>
  during(toSession(session_id, { _tag: "Accept", by: mitraSide(mitra) }))

export const running = Effect.fnUntraced(function*(seconds: number) {
  const ayu = yield* during(onlineMitra("Ayu"))
  const request = yield* during(paidRequest(seconds))
  yield* accept(request.session_id, ayu)
  const state = yield* stateOf(request.session_id)
  return { ...request, ayu, started: state.started_at ?? 0 }
})

export const setting = Effect.fnUntraced(function*<Key extends keyof Values>(key: Key, value: Values[Key]) {
  const tables = yield* MemoryTables
  tables.settings.set(key, { value, updated_at: 0 })
  yield* (yield* Settings).refresh
})

export const ping = Effect.fnUntraced(function*(mitra: string) {
  yield* (yield* Availability).heartbeat(mitra, yield* Clock.currentTimeMillis)
})

/** An extension that is ordered and confirmed; what the webhook hands on is still to be handed on. */
export const confirmedExtension = Effect.fnUntraced(function*(
  chat: { readonly customer_id: string; readonly session_id: string },
  seconds: number
) {
  const payments = yield* Payments
  const now = yield* Clock.currentTimeMillis
  const id = yield* (yield* SecureRandom.SecureRandom).uuidV7()
  yield* payments.create({
    id,
    customer_id: chat.customer_id,
    product: "extension",
    extends_session_id: chat.session_id,
    status: "pending",
    tier_id: "t",
    mode: "chat",
    duration_seconds: seconds,
    amount_idr: 700,
    kind: "blast",
    target_mitra_id: null,
    topic: "regular",
    checkout_url: "test",
    created_at: now,
    expires_at: now + 1_200_000,
    confirmed_at: null,
    failure_cause: null
  })
  const confirmed = yield* payments.confirm({ payment_id: id, amount_idr: 700, provider_ref: "r", now })
  return confirmed._tag === "Confirmed" ? confirmed.payment : yield* Effect.die(confirmed)
})

/** What the webhook does with it. */
export const paidExtension = Effect.fnUntraced(function*(
  chat: { readonly customer_id: string; readonly session_id: string },
  seconds: number
) {
  const payment = yield* confirmedExtension(chat, seconds)
  const outcome = yield* during(Effect.flatMap(Requests, (requests) => requests.openFor(payment)))
  return { payment, outcome }
})

export const answer = Effect.fnUntraced(function*(
  chat: { readonly ayu: string; readonly session_id: string },
  approve: boolean,
  command_id: string | null = null
) {
  const { extension } = yield* stateOf(chat.session_id)
  const command = {
    _tag: "AnswerExtension",
    by: mitraSide(chat.ayu),
    extension_seq: extension?.seq ?? 0,
    approve
  } as const
  return yield* during(toSession(chat.session_id, command, command_id))
})

export const paymentOf = Effect.fnUntraced(function*(id: string) {
  return (yield* (yield* Payments).find(id)) ?? (yield* Effect.die(`no payment ${id}`))
})

/** The money movements of a session, oldest first. */
export const chargesOf = Effect.fnUntraced(function*(session_id: string) {
  const tables = yield* MemoryTables
  return [...tables.transactions.values()]
    .filter((row) => row.session_id === session_id)
    .map(({ amount_idr, product }) => ({ amount_idr, product }))
})
