// The suite of missed offers over the memory adapter of Mitras.
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
import * as SessionOversightMemory from "../../../testkit/memory/session-oversight.memory.ts"
import * as SessionViewsMemory from "../../../testkit/memory/session-views.memory.ts"
import * as SessionsMemory from "../../../testkit/memory/sessions.memory.ts"
import { missedOffers } from "../../../testkit/conformance/missed-offers.ts"
import * as Written from "../../../testkit/conformance/written.ts"

missedOffers(
  "memory",
  Layer.mergeAll(
    SignInsMemory.layer,
    JournalMemory.layer,
    MitrasMemory.layer,
    PaymentsMemory.layer,
    PricingMemory.layer,
    StaffMemory.layer,
    PeopleMemory.layer,
    SessionOversightMemory.layer,
    SessionViewsMemory.layer,
    SessionsMemory.layer,
    Written.layerMemory
  ).pipe(Layer.provide([Tables.layer, SecureRandom.layerWebCrypto]))
)
