// The Journal and Sessions suites over the memory adapters.
import { SecureRandom } from "effect/crypto"
import * as Layer from "effect/Layer"
import * as AuthSessionsMemory from "../../src/layers/auth-sessions.memory.ts"
import * as JournalMemory from "../../src/layers/journal.memory.ts"
import * as Tables from "../../src/layers/memory/tables.ts"
import * as MitrasMemory from "../../src/layers/mitras.memory.ts"
import * as PaymentDeskMemory from "../../src/layers/payment-desk.memory.ts"
import * as PaymentsMemory from "../../src/layers/payments.memory.ts"
import * as PeopleMemory from "../../src/layers/people.memory.ts"
import * as ProposalsMemory from "../../src/layers/proposals.memory.ts"
import * as PushOutboxMemory from "../../src/layers/push-outbox.memory.ts"
import * as SessionsMemory from "../../src/layers/sessions.memory.ts"
import { journal } from "../conformance/journal.ts"
import { journalMoney } from "../conformance/journal-money.ts"
import { journalPairing } from "../conformance/journal-pairing.ts"
import { journalReroute } from "../conformance/journal-reroute.ts"
import { pushDesk } from "../conformance/push-desk.ts"
import { pushOutbox } from "../conformance/push-outbox.ts"
import { sessions } from "../conformance/sessions.ts"
import { sessionsLists } from "../conformance/sessions-lists.ts"
import { sessionsLossless } from "../conformance/sessions-lossless.ts"
import { sessionsOversight } from "../conformance/sessions-oversight.ts"
import { sessionsOfPayments } from "../conformance/sessions-of-payments.ts"
import * as Written from "../conformance/written.ts"

const everything = Layer.mergeAll(
  AuthSessionsMemory.layer,
  JournalMemory.layer,
  MitrasMemory.layer,
  PaymentDeskMemory.layer,
  PaymentsMemory.layer,
  PeopleMemory.layer,
  ProposalsMemory.layer,
  PushOutboxMemory.layer,
  SessionsMemory.layer,
  Written.layerMemory
).pipe(Layer.provide([Tables.layer, SecureRandom.layerWebCrypto]))

const suites = [
  journal,
  journalMoney,
  journalPairing,
  journalReroute,
  pushOutbox,
  pushDesk,
  sessions,
  sessionsLists,
  sessionsLossless,
  sessionsOfPayments,
  sessionsOversight
]
for (const suite of suites) suite("memory", everything)
