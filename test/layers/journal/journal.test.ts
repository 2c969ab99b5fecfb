// The Journal and Sessions suites over the memory adapters.
import { SecureRandom } from "effect/crypto"
import * as Layer from "effect/Layer"
import * as SignInsMemory from "../../../testkit/memory/sign-ins.memory.ts"
import * as JournalMemory from "../../../testkit/memory/journal.memory.ts"
import * as Tables from "../../../testkit/memory/store/tables.ts"
import * as MitrasMemory from "../../../testkit/memory/mitras.memory.ts"
import * as PaymentsMemory from "../../../testkit/memory/payments.memory.ts"
import * as PricingMemory from "../../../testkit/memory/pricing.memory.ts"
import * as StaffMemory from "../../../testkit/memory/staff.memory.ts"
import * as PeopleMemory from "../../../testkit/memory/accounts.memory.ts"
import * as PushOutboxMemory from "../../../testkit/memory/push-outbox.memory.ts"
import * as SessionOversightMemory from "../../../testkit/memory/session-oversight.memory.ts"
import * as SessionViewsMemory from "../../../testkit/memory/session-views.memory.ts"
import * as SessionsMemory from "../../../testkit/memory/sessions.memory.ts"
import { journal } from "../../../testkit/conformance/journal.ts"
import { journalMoney } from "../../../testkit/conformance/journal-money.ts"
import { journalPairing } from "../../../testkit/conformance/journal-pairing.ts"
import { journalReroute } from "../../../testkit/conformance/journal-reroute.ts"
import { pushAdmin } from "../../../testkit/conformance/push-admin.ts"
import { pushOutbox } from "../../../testkit/conformance/push-outbox.ts"
import { pushSignIns } from "../../../testkit/conformance/push-sign-ins.ts"
import { sessions } from "../../../testkit/conformance/sessions.ts"
import { sessionViews } from "../../../testkit/conformance/session-views.ts"
import { sessionsLossless } from "../../../testkit/conformance/sessions-lossless.ts"
import { sessionOversight } from "../../../testkit/conformance/session-oversight.ts"
import { sessionsOfPayments } from "../../../testkit/conformance/sessions-of-payments.ts"
import * as Written from "../../../testkit/conformance/written.ts"

const rows = Layer.mergeAll(
  SignInsMemory.layer,
  MitrasMemory.layer,
  PaymentsMemory.layer,
  PricingMemory.layer,
  StaffMemory.layer,
  PeopleMemory.layer,
  PushOutboxMemory.layer,
  SessionOversightMemory.layer,
  SessionViewsMemory.layer,
  SessionsMemory.layer,
  Written.layerMemory
)
const over = (journal: typeof JournalMemory.layer) =>
  Layer.merge(journal, rows).pipe(Layer.provide([Tables.layer, SecureRandom.layerWebCrypto]))

const suites = [
  journal,
  journalMoney,
  journalPairing,
  journalReroute,
  pushOutbox,
  pushAdmin,
  pushSignIns,
  sessions,
  sessionViews,
  sessionsLossless,
  sessionsOfPayments,
  sessionOversight
]
for (const suite of suites) suite("memory", over(JournalMemory.layer))
for (const suite of [journal, journalMoney, journalPairing, journalReroute]) {
  suite("memory in groups", over(JournalMemory.layerInGroups))
}
