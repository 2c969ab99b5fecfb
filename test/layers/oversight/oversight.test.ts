// The Oversight suite over the memory adapters.
import { SecureRandom } from "effect/crypto"
import * as Layer from "effect/Layer"
import { oversight } from "../../../testkit/conformance/oversight.ts"
import * as Written from "../../../testkit/conformance/written.ts"
import * as AccountsMemory from "../../../testkit/memory/accounts.memory.ts"
import * as AuditMemory from "../../../testkit/memory/audit.memory.ts"
import * as AuthSessionsMemory from "../../../testkit/memory/auth-sessions.memory.ts"
import * as JournalMemory from "../../../testkit/memory/journal.memory.ts"
import * as MitrasMemory from "../../../testkit/memory/mitras.memory.ts"
import * as OversightMemory from "../../../testkit/memory/oversight.memory.ts"
import * as PaymentsMemory from "../../../testkit/memory/payments.memory.ts"
import * as SessionsMemory from "../../../testkit/memory/sessions.memory.ts"
import * as Tables from "../../../testkit/memory/store/tables.ts"

oversight(
  "memory",
  Layer.mergeAll(
    AccountsMemory.layer,
    AuditMemory.layer,
    AuthSessionsMemory.layer,
    JournalMemory.layer,
    MitrasMemory.layer,
    OversightMemory.layer,
    PaymentsMemory.layer,
    SessionsMemory.layer,
    Written.layerMemory
  ).pipe(Layer.provide([Tables.layer, SecureRandom.layerWebCrypto]))
)
