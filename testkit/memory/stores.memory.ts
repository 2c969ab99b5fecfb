// Every store port in memory: the one list of memory adapters, for the simulator and for worlds of tests.
import type * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import type { SecureRandom } from "effect/crypto"
import { Accounts } from "../../src/services/accounts/accounts.ts"
import { Payments } from "../../src/services/payments/payments.ts"
import { Pricing } from "../../src/services/payments/pricing.ts"
import { StaffProofs } from "../../src/services/accounts/staff-proofs.ts"
import { Staff } from "../../src/services/accounts/staff.ts"
import { SignIns } from "../../src/services/accounts/sign-ins.ts"
import { Mitras } from "../../src/services/accounts/mitras.ts"
import type { Journal } from "../../src/services/journal/journal.ts"
import { Oversight } from "../../src/services/oversight/oversight.ts"
import type { StorePorts } from "../../src/services/ports.ts"
import { PushOutbox } from "../../src/services/push/push-outbox.ts"
import { SessionOversight } from "../../src/services/sessions/session-oversight.ts"
import { SessionViews } from "../../src/services/sessions/session-views.ts"
import { Sessions } from "../../src/services/sessions/sessions.ts"
import type { Settings } from "../../src/services/settings/settings.ts"
import { PersonalData } from "../../src/services/personal-data/personal-data.ts"
import { Trust } from "../../src/services/trust/trust.ts"
import * as AccountsMemory from "./accounts.memory.ts"
import * as SignInsMemory from "./sign-ins.memory.ts"
import * as JournalMemory from "./journal.memory.ts"
import * as MitrasMemory from "./mitras.memory.ts"
import * as OversightMemory from "./oversight.memory.ts"
import * as PaymentsMemory from "./payments.memory.ts"
import * as PricingMemory from "./pricing.memory.ts"
import * as PushOutboxMemory from "./push-outbox.memory.ts"
import * as SessionOversightMemory from "./session-oversight.memory.ts"
import * as SessionViewsMemory from "./session-views.memory.ts"
import * as SessionsMemory from "./sessions.memory.ts"
import * as SettingsMemory from "./settings.memory.ts"
import * as StaffMemory from "./staff.memory.ts"
import * as StaffProofsMemory from "./staff-proofs.memory.ts"
import * as PersonalDataMemory from "./personal-data.memory.ts"
import * as TrustMemory from "./trust.memory.ts"
import type { MemoryTables } from "./store/tables.ts"

type Needs = MemoryTables | SecureRandom.SecureRandom

/** Puts something between a port and its memory adapter. */
export type Reach = <Self, Port extends object>(
  tag: Context.Service<Self, Port>,
  adapter: Layer.Layer<Self, never, Needs>
) => Layer.Layer<Self, never, Needs>

/** These two are more than their rows: a server that reaches rows from afar caches and writes on its side. */
interface Made {
  readonly journal: Layer.Layer<Journal, never, Needs>
  readonly settings: Layer.Layer<Settings, never, Needs>
}

export const layerThrough = (reach: Reach, made: Made): Layer.Layer<StorePorts, never, Needs> =>
  Layer.mergeAll(
    reach(SignIns, SignInsMemory.layer),
    reach(Mitras, MitrasMemory.layer),
    reach(Oversight, OversightMemory.layer),
    reach(Payments, PaymentsMemory.layer),
    reach(Accounts, AccountsMemory.layer),
    reach(Pricing, PricingMemory.layer),
    reach(PushOutbox, PushOutboxMemory.layer),
    reach(SessionOversight, SessionOversightMemory.layer),
    reach(SessionViews, SessionViewsMemory.layer),
    reach(Sessions, SessionsMemory.layer),
    reach(Staff, StaffMemory.layer),
    reach(StaffProofs, StaffProofsMemory.layer),
    reach(Trust, TrustMemory.layer),
    reach(PersonalData, PersonalDataMemory.layer),
    made.settings,
    made.journal
  )

/** Over tables and a source of randomness. */
export const layer = layerThrough((_, adapter) => adapter, {
  journal: JournalMemory.layer,
  settings: SettingsMemory.layer
})
