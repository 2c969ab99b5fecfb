// Every port of one simulated runner: the memory adapters, reached over the wire to their store, under the
// real group commit, the real settings cache and the real bus.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { SecureRandom } from "effect/crypto"
import * as AccountChangesMemory from "../../testkit/memory/account-changes.memory.ts"
import * as AuditMemory from "../../testkit/memory/audit.memory.ts"
import * as AuthSessionsMemory from "../../testkit/memory/auth-sessions.memory.ts"
import * as AvailabilityMemory from "../../testkit/memory/availability.memory.ts"
import { makeMirrored, withSharedCounts } from "../../src/layers/availability/availability.ts"
import * as Beacon from "../../src/layers/availability/beacon.ts"
import * as BeaconValkey from "../../src/layers/availability/beacon.valkey.ts"
import { makeLinkedBus } from "../../src/layers/bus/links.ts"
import { busTimings } from "../../src/layers/bus/timings.ts"
import * as CheckoutBuiltin from "../../src/layers/payments/checkout.builtin.ts"
import * as DevicesMemory from "../../testkit/memory/devices.memory.ts"
import { commitTurn } from "../../testkit/memory/journal.memory.ts"
import { makeGroupCommit } from "../../src/layers/journal/group-commit.ts"
import type { GroupWriter } from "../../src/layers/journal/group-writer.ts"
import { consumptionsOf } from "../../src/layers/journal/verdict.ts"
import * as JournalMemory from "../../testkit/memory/journal.memory.ts"
import { mirrorRows } from "../../testkit/memory/store/mirror-rows.ts"
import { MemoryTables } from "../../testkit/memory/store/tables.ts"
import * as MirrorOff from "../../src/layers/availability/mirror/mirror.off.ts"
import * as MissedOffersMemory from "../../testkit/memory/missed-offers.memory.ts"
import * as MitrasMemory from "../../testkit/memory/mitras.memory.ts"
import * as OneTimeCodesMemory from "../../testkit/memory/one-time-codes.memory.ts"
import * as OversightMemory from "../../testkit/memory/oversight.memory.ts"
import * as PaymentDeskMemory from "../../testkit/memory/payment-review.memory.ts"
import * as PaymentsMemory from "../../testkit/memory/payments.memory.ts"
import * as PeopleMemory from "../../testkit/memory/accounts.memory.ts"
import * as PresenceValkey from "../../src/layers/availability/presence.valkey.ts"
import * as ProposalsMemory from "../../testkit/memory/proposals.memory.ts"
import * as PricingMemory from "../../testkit/memory/pricing.memory.ts"
import * as PushOutboxMemory from "../../testkit/memory/push-outbox.memory.ts"
import * as RateLimitsMemory from "../../src/layers/platform/rate-limits.local.ts"
import * as RateLimitsValkey from "../../src/layers/platform/rate-limits.valkey.ts"
import * as SessionsMemory from "../../testkit/memory/sessions.memory.ts"
import { cached } from "../../src/layers/settings/settings.ts"
import { settingsStore } from "../../testkit/memory/settings.memory.ts"
import { Valkey } from "../../src/layers/platform/valkey/connection.ts"
import * as TestNumbersMemory from "../../testkit/memory/test-numbers.memory.ts"
import { AccountChanges } from "../../src/services/accounts/account-changes.ts"
import { Audit } from "../../src/services/accounts/audit.ts"
import { AuthSessions } from "../../src/services/accounts/auth-sessions.ts"
import { Availability } from "../../src/services/availability/availability.ts"
import { Bus } from "../../src/services/bus/bus.ts"
import { CodeSender } from "../../src/services/accounts/code-sender.ts"
import { Devices } from "../../src/services/accounts/devices.ts"
import { Journal, type TurnWrite } from "../../src/services/journal/journal.ts"
import { MissedOffers } from "../../src/services/availability/missed-offers.ts"
import { Mitras } from "../../src/services/accounts/mitras.ts"
import { OneTimeCodes } from "../../src/services/accounts/one-time-codes.ts"
import { Oversight } from "../../src/services/oversight/oversight.ts"
import { PaymentReview } from "../../src/services/payments/payment-review.ts"
import { Payments } from "../../src/services/payments/payments.ts"
import { Accounts } from "../../src/services/accounts/accounts.ts"
import { Proposals } from "../../src/services/sessions/proposals.ts"
import { Pricing } from "../../src/services/payments/pricing.ts"
import { PushOutbox } from "../../src/services/push/push-outbox.ts"
import { Sessions } from "../../src/services/sessions/sessions.ts"
import { Settings } from "../../src/services/settings/settings.ts"
import { TestNumbers } from "../../src/services/accounts/test-numbers.ts"
import type { Process } from "../kernel/process.ts"
import { overStore } from "../stores/store.ts"
import type { Stores } from "../stores/stores.ts"
import type { SimulatedValkey } from "../stores/valkey.ts"
import { broken } from "./mutation.ts"

/** A port whose memory adapter is asked over the wire to Postgres. */
const remote = <Self, Port extends object, R>(
  tag: Context.Service<Self, Port>,
  adapter: Layer.Layer<Self, never, R>,
  { postgres }: Stores,
  caller: Process,
  local: ReadonlyArray<keyof Port> = []
) =>
  Layer.effect(tag)(Effect.map(tag, (port) => overStore(port, postgres, caller, local) as never)).pipe(
    Layer.provide(adapter)
  )

/** The real group commit, over a writer whose transaction is one step of the store. */
const journal = ({ mutation, postgres, tables, witness }: Stores, caller: Process) =>
  Layer.effect(Journal)(Effect.gen(function*() {
    const random = yield* SecureRandom.SecureRandom
    const written = yield* Journal
    const judgeAndWrite = mutation?.commit?.(commitTurn) ?? commitTurn
    const commit: typeof commitTurn = (rows, turn, ids) => {
      const verdict = judgeAndWrite(rows, turn, ids)
      witness.onTurn(turn, Exit.isSuccess(verdict) && verdict.value._tag === "Committed", caller)
      return verdict
    }
    const idsOf = (turn: TurnWrite) => Effect.forEach(consumptionsOf(turn), () => random.uuidV7())
    const writer: GroupWriter = {
      writeBatch: (turns) =>
        Effect.flatMap(Effect.forEach(turns, idsOf), (ids) =>
          postgres.call(
            caller,
            Effect.sync(() => turns.map((turn, index) => commit(tables, turn, ids[index] ?? [])))
          )),
      writeOne: (turn) =>
        Effect.flatMap(idsOf(turn), (ids) =>
          Effect.flatten(postgres.call(
            caller,
            Effect.sync(() =>
              Exit.match(commit(tables, turn, ids), {
                onFailure: Effect.failCause,
                onSuccess: Effect.succeed
              })
            )
          )))
    }
    return Journal.of({
      ...overStore(written, postgres, caller),
      commit: yield* makeGroupCommit(writer)
    })
  })).pipe(Layer.provide(JournalMemory.layer))

const settings = ({ postgres, tables }: Stores, caller: Process) =>
  Layer.effect(Settings)(Effect.suspend(() => cached(overStore(settingsStore(tables), postgres, caller))))

const noticesOfAvailability = [
  "wentOnline",
  "wentOffline",
  "deactivated",
  "reactivated",
  "capacityChanged",
  "offersChanged"
] as const

const bus = (stores: Stores, caller: Process) =>
  Layer.effect(Bus)(
    Effect.suspend(() =>
      makeLinkedBus(stores.channels.map((channel) => channel.linkOf(caller)), {
        ...busTimings,
        ...stores.pace.bus
      })
    )
  )

const rows = (stores: Stores, caller: Process) =>
  remote(Availability, AvailabilityMemory.layer, stores, caller, noticesOfAvailability)

/** What Valkey makes cheaper, on the rows alone. */
const withoutValkey = (stores: Stores, caller: Process) =>
  Beacon.layer.pipe(Layer.provideMerge(Layer.mergeAll(
    withSharedCounts(rows(stores, caller)),
    MirrorOff.layer,
    RateLimitsMemory.layer,
    stores.presence.layerOf(caller)
  )))

/** The real mirror, breaker, reseed, presence, limits and beacon over the simulated Valkey. */
const withValkey = (stores: Stores, caller: Process, valkey: SimulatedValkey) => {
  const mirrored = Layer.effectContext(
    Effect.suspend(() =>
      makeMirrored(
        { write_back_seconds: stores.pace.sweeps.heartbeat_write_back_seconds },
        overStore(mirrorRows(stores.tables), stores.postgres, caller)
      )
    )
  ).pipe(Layer.provide(rows(stores, caller)))
  return BeaconValkey.layer.pipe(
    Layer.provideMerge(Layer.mergeAll(mirrored, RateLimitsValkey.layer, PresenceValkey.layer)),
    Layer.provide(Layer.sync(Valkey)(() => valkey.serviceOf(caller)))
  )
}

/** No simulated client reads a code: all of them prove a phone with the tester's fixed code. */
const codeSender = Layer.succeed(CodeSender)({ send: () => Effect.void })

const soundPorts = (stores: Stores, caller: Process) =>
  (stores.valkey === null ? withoutValkey(stores, caller) : withValkey(stores, caller, stores.valkey)).pipe(
    Layer.provideMerge(Layer.mergeAll(
      remote(AccountChanges, AccountChangesMemory.layer, stores, caller),
      remote(Audit, AuditMemory.layer, stores, caller),
      remote(AuthSessions, AuthSessionsMemory.layer, stores, caller),
      remote(Devices, DevicesMemory.layer, stores, caller),
      remote(MissedOffers, MissedOffersMemory.layer, stores, caller),
      remote(Mitras, MitrasMemory.layer, stores, caller),
      remote(OneTimeCodes, OneTimeCodesMemory.layer, stores, caller),
      remote(Oversight, OversightMemory.layer, stores, caller),
      remote(PaymentReview, PaymentDeskMemory.layer, stores, caller),
      remote(Payments, PaymentsMemory.layer, stores, caller),
      remote(Accounts, PeopleMemory.layer, stores, caller),
      remote(Proposals, ProposalsMemory.layer, stores, caller),
      remote(Pricing, PricingMemory.layer, stores, caller),
      remote(PushOutbox, PushOutboxMemory.layer, stores, caller),
      remote(Sessions, SessionsMemory.layer, stores, caller),
      remote(TestNumbers, TestNumbersMemory.layer, stores, caller),
      CheckoutBuiltin.layer,
      codeSender,
      settings(stores, caller),
      journal(stores, caller),
      bus(stores, caller),
      stores.push.layerOf(caller)
    )),
    Layer.provideMerge(Layer.succeed(MemoryTables)(stores.tables))
  )

export const ports = (stores: Stores, caller: Process) => {
  const { mutation, tables } = stores
  const sound = soundPorts(stores, caller)
  return mutation === null ? sound : Layer.provideMerge(broken(mutation, tables), sound)
}
