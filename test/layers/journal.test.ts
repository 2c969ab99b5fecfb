// The Journal and Sessions suites over the memory adapters.
import { SecureRandom } from "effect/crypto"
import * as Layer from "effect/Layer"
import * as AuthSessionsMemory from "../../src/layers/auth-sessions.memory.ts"
import * as JournalMemory from "../../src/layers/journal.memory.ts"
import * as Tables from "../../src/layers/memory/tables.ts"
import * as MitrasMemory from "../../src/layers/mitras.memory.ts"
import * as PaymentsMemory from "../../src/layers/payments.memory.ts"
import * as PeopleMemory from "../../src/layers/people.memory.ts"
import * as PushOutboxMemory from "../../src/layers/push-outbox.memory.ts"
import * as SessionsMemory from "../../src/layers/sessions.memory.ts"
import { journal } from "../conformance/journal.ts"
import { journalMoney } from "../conformance/journal-money.ts"
import { journalPairing } from "../conformance/journal-pairing.ts"
import { pushDesk } from "../conformance/push-desk.ts"
import { pushOutbox } from "../conformance/push-outbox.ts"
import { sessions } from "../conformance/sessions.ts"
import { sessionsLists } from "../conformance/sessions-lists.ts"
import { sessionsLossless } from "../conformance/sessions-lossless.ts"
import * as Written from "../conformance/written.ts"

const everything = Layer.mergeAll(
  AuthSessionsMemory.layer,
  JournalMemory.layer,
  MitrasMemory.layer,
  PaymentsMemory.layer,
  PeopleMemory.layer,
  PushOutboxMemory.layer,
  SessionsMemory.layer,
  Written.layerMemory
).pipe(Layer.provide([Tables.layer, SecureRandom.layerWebCrypto]))

for (
  const suite of [
    journal,
    journalMoney,
    journalPairing,
    pushOutbox,
    pushDesk,
    sessions,
    sessionsLists,
    sessionsLossless
  ]
) {
  suite("memory", everything)
}
