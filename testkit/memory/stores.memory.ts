// Every store port in memory: the one list of memory adapters, for the simulator and for worlds of tests.
import type * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import type { SecureRandom } from "effect/crypto"
import { AccountChanges } from "../../src/services/accounts/account-changes.ts"
import { Accounts } from "../../src/services/accounts/accounts.ts"
import { Audit } from "../../src/services/accounts/audit.ts"
import { AuthSessions } from "../../src/services/accounts/auth-sessions.ts"
import { Devices } from "../../src/services/accounts/devices.ts"
import { Mitras } from "../../src/services/accounts/mitras.ts"
import { OneTimeCodes } from "../../src/services/accounts/one-time-codes.ts"
import { TestNumbers } from "../../src/services/accounts/test-numbers.ts"
import { MissedOffers } from "../../src/services/availability/missed-offers.ts"
import type { Journal } from "../../src/services/journal/journal.ts"
import { PaymentReview } from "../../src/services/payments/payment-review.ts"
import { Payments } from "../../src/services/payments/payments.ts"
import { Pricing } from "../../src/services/payments/pricing.ts"
import type { StorePorts } from "../../src/services/ports.ts"
import { PushOutbox } from "../../src/services/push/push-outbox.ts"
import { Proposals } from "../../src/services/sessions/proposals.ts"
import { Sessions } from "../../src/services/sessions/sessions.ts"
import type { Settings } from "../../src/services/settings/settings.ts"
import * as AccountChangesMemory from "./account-changes.memory.ts"
import * as AccountsMemory from "./accounts.memory.ts"
import * as AuditMemory from "./audit.memory.ts"
import * as AuthSessionsMemory from "./auth-sessions.memory.ts"
import * as DevicesMemory from "./devices.memory.ts"
import * as JournalMemory from "./journal.memory.ts"
import * as MissedOffersMemory from "./missed-offers.memory.ts"
import * as MitrasMemory from "./mitras.memory.ts"
import * as OneTimeCodesMemory from "./one-time-codes.memory.ts"
import * as PaymentReviewMemory from "./payment-review.memory.ts"
import * as PaymentsMemory from "./payments.memory.ts"
import * as PricingMemory from "./pricing.memory.ts"
import * as ProposalsMemory from "./proposals.memory.ts"
import * as PushOutboxMemory from "./push-outbox.memory.ts"
import * as SessionsMemory from "./sessions.memory.ts"
import * as SettingsMemory from "./settings.memory.ts"
import type { MemoryTables } from "./store/tables.ts"
import * as TestNumbersMemory from "./test-numbers.memory.ts"

type Needs = MemoryTables | SecureRandom.SecureRandom

/** Puts something between a port and its memory adapter. */
export type Reach = <Self, Port extends object>(
  tag: Context.Service<Self, Port>,
  adapter: Layer.Layer<Self, never, Needs>
) => Layer.Layer<Self, never, Needs>

/** These two are more than their rows: who reaches rows from afar writes and caches on his own side. */
interface Made {
  readonly journal: Layer.Layer<Journal, never, Needs>
  readonly settings: Layer.Layer<Settings, never, Needs>
}

export const layerThrough = (reach: Reach, made: Made): Layer.Layer<StorePorts, never, Needs> =>
  Layer.mergeAll(
    reach(AccountChanges, AccountChangesMemory.layer),
    reach(Audit, AuditMemory.layer),
    reach(AuthSessions, AuthSessionsMemory.layer),
    reach(Devices, DevicesMemory.layer),
    reach(MissedOffers, MissedOffersMemory.layer),
    reach(Mitras, MitrasMemory.layer),
    reach(OneTimeCodes, OneTimeCodesMemory.layer),
    reach(PaymentReview, PaymentReviewMemory.layer),
    reach(Payments, PaymentsMemory.layer),
    reach(Accounts, AccountsMemory.layer),
    reach(Proposals, ProposalsMemory.layer),
    reach(Pricing, PricingMemory.layer),
    reach(PushOutbox, PushOutboxMemory.layer),
    reach(Sessions, SessionsMemory.layer),
    reach(TestNumbers, TestNumbersMemory.layer),
    made.settings,
    made.journal
  )

/** Over tables and a source of randomness. */
export const layer = layerThrough((_, adapter) => adapter, {
  journal: JournalMemory.layer,
  settings: SettingsMemory.layer
})
