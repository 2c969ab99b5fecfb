// The MissedOffers suite over the memory adapter.
import { SecureRandom } from "effect/crypto"
import * as Layer from "effect/Layer"
import * as AuthSessionsMemory from "../../src/layers/auth-sessions.memory.ts"
import * as JournalMemory from "../../src/layers/journal.memory.ts"
import * as Tables from "../../src/layers/memory/tables.ts"
import * as MissedOffersMemory from "../../src/layers/missed-offers.memory.ts"
import * as MitrasMemory from "../../src/layers/mitras.memory.ts"
import * as PaymentsMemory from "../../src/layers/payments.memory.ts"
import * as PeopleMemory from "../../src/layers/people.memory.ts"
import * as SessionsMemory from "../../src/layers/sessions.memory.ts"
import { missedOffers } from "../conformance/missed-offers.ts"
import * as Written from "../conformance/written.ts"

missedOffers(
  "memory",
  Layer.mergeAll(
    AuthSessionsMemory.layer,
    JournalMemory.layer,
    MissedOffersMemory.layer,
    MitrasMemory.layer,
    PaymentsMemory.layer,
    PeopleMemory.layer,
    SessionsMemory.layer,
    Written.layerMemory
  ).pipe(Layer.provide([Tables.layer, SecureRandom.layerWebCrypto]))
)
