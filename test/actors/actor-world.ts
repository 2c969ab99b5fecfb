// The actors as they live in production (entities, clients, sweeps, singletons) on Effect's test cluster,
// under virtual time, over memory adapters. A commit can be lost: see faulty-journal.ts.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestRunner } from "effect/cluster"
import { SecureRandom } from "effect/crypto"
import { MitraActors } from "../../src/actors/mitra/protocol.ts"
import { SessionActors } from "../../src/actors/session/protocol.ts"
import { StaffAuthority } from "../../src/actors/staff-authority.ts"
import { Requests } from "../../src/actors/session/requests.ts"
import type { Wanted } from "../../src/domain/matching.ts"
import type { MitraCommand } from "../../src/domain/mitra.ts"
import type { SessionCommand } from "../../src/domain/session/commands.ts"
import * as Availability from "../../testkit/memory/availability.memory.ts"
import * as Bus from "../../testkit/memory/bus.memory.ts"
import * as Checkout from "../../src/layers/payments/checkout.builtin.ts"
import * as FaultyJournal from "./faulty-journal.ts"
import * as StoresMemory from "../../testkit/memory/stores.memory.ts"
import { actors } from "../../src/server.ts"
import * as Tables from "../../testkit/memory/store/tables.ts"
import * as Presence from "../../src/layers/availability/presence.local.ts"
import * as Push from "../../testkit/memory/push.memory.ts"
import { Availability as AvailabilityPort } from "../../src/services/availability/availability.ts"
import { Payments as PaymentsPort } from "../../src/services/payments/payments.ts"
import { Pricing } from "../../src/services/payments/pricing.ts"
import { Accounts as PeoplePort } from "../../src/services/accounts/accounts.ts"
import { RunnerRegistry } from "../../src/services/platform/runner-registry.ts"
import { Sessions as SessionsPort } from "../../src/services/sessions/sessions.ts"

const ports = Layer.mergeAll(
  FaultyJournal.layer,
  Availability.layer,
  Bus.layer,
  Checkout.layer,
  Presence.layerAlone,
  Push.layer
).pipe(
  Layer.provideMerge(StoresMemory.layer),
  Layer.provideMerge(Layer.merge(Tables.layer, SecureRandom.layerWebCrypto))
)

const sweeps = { stale_heartbeats_seconds: 30, heartbeat_write_back_seconds: 60, mirror_reseed_seconds: 300 }

/** Of Effect's test cluster. */
export const ownAddress = "localhost:34431"

/** Over what says whose token is good; here everybody is who they say, see staff-authority.test.ts. */
export const actorWorldWith = <A, E, R>(authority: Layer.Layer<StaffAuthority | A, E, R>) =>
  actors(sweeps).pipe(
    Layer.provideMerge(authority),
    Layer.provide(
      Layer.succeed(RunnerRegistry)({ own_address: ownAddress, members: Effect.succeed([]) })
    ),
    Layer.provideMerge(TestRunner.layer),
    Layer.provideMerge(ports)
  )

export const actorWorld = actorWorldWith(Layer.succeed(StaffAuthority)({ allows: () => Effect.void }))

const newId = Effect.flatMap(SecureRandom.SecureRandom, (random) => random.uuidV7())
let phones = 0

export const onlineMitra = Effect.fnUntraced(function*(display_name: string) {
  const id = yield* newId
  phones += 1
  yield* (yield* PeoplePort).createMitra({
    id,
    display_name,
    phone: `+62812${100_000 + phones}`,
    is_active: true
  }, 0)
  yield* asMitra(id, { _tag: "GoOnline" })
  yield* (yield* AvailabilityPort).heartbeat(id, 0)
  return id
})

/** A customer whose payment of `seconds` of chat is confirmed, and whose request is open. */
export const paidRequest = Effect.fnUntraced(function*(
  seconds: number,
  call_name = "Sari",
  wanted: Partial<Wanted> = {}
) {
  const customer_id = yield* newId
  const payment_id = yield* newId
  const payments = yield* PaymentsPort
  const pricing = yield* Pricing
  yield* (yield* PeoplePort).createCustomer({ id: customer_id, call_name, phone: null, created_at: 0 })
  const tier = { id: "t", label: "t", mode: "chat", duration_seconds: seconds, price_idr: 1000 } as const
  yield* pricing.replaceTier({ ...tier, is_active: true }, 0)
  yield* payments.create({
    id: payment_id,
    customer_id,
    product: "chat_session",
    extends_session_id: null,
    status: "pending",
    tier_id: "t",
    mode: "chat",
    duration_seconds: seconds,
    amount_idr: 1000,
    kind: "blast",
    target_mitra_id: null,
    topic: "regular",
    ...wanted,
    checkout_url: "test",
    created_at: 0,
    expires_at: 1_200_000,
    confirmed_at: null,
    failure_cause: null
  })
  const confirmed = yield* payments.confirm({ payment_id, amount_idr: 1000, provider_ref: "r", now: 0 })
  if (confirmed._tag !== "Confirmed") return yield* Effect.die(confirmed)
  const opened = yield* (yield* Requests).openFor(confirmed.payment)
  if (opened._tag !== "Open") return yield* Effect.die(opened)
  return { customer_id, payment_id, session_id: opened.session_id }
})

export const asMitra = Effect.fnUntraced(function*(mitraId: string, command: MitraCommand) {
  return yield* (yield* MitraActors).run(mitraId, {
    sender_id: `mitra:${mitraId}`,
    command_id: null,
    command,
    staff: null
  })
})

export const toSession = Effect.fnUntraced(function*(
  sessionId: string,
  command: SessionCommand,
  command_id: string | null = null
) {
  const staff = "staff_id" in command ? { staff_id: command.staff_id, peer: "127.0.0.1" } : null
  const sender_id = "by" in command
    ? `${command.by.side}:${command.by.id}`
    : staff === null
    ? "system"
    : `staff:${staff.staff_id}`
  return yield* (yield* SessionActors).run(sessionId, { sender_id, command_id, command, staff })
})

export const stateOf = Effect.fnUntraced(function*(sessionId: string) {
  const state = yield* (yield* SessionsPort).find(sessionId)
  return state ?? (yield* Effect.die(`no session ${sessionId}`))
})
