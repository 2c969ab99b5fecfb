// The Journal and Sessions suites over the Postgres adapters, plain and sealed, each test on a fresh
// database.
import { SecureRandom } from "effect/crypto"
import * as Layer from "effect/Layer"
import * as SignInsPostgres from "../../../src/layers/accounts/sign-ins.postgres.ts"
import * as CipherNone from "../../../src/layers/encryption/cipher.none.ts"
import * as JournalPostgres from "../../../src/layers/journal/journal.postgres.ts"
import * as MitrasPostgres from "../../../src/layers/accounts/mitras.postgres.ts"
import * as PaymentsPostgres from "../../../src/layers/payments/payments.postgres.ts"
import * as PricingPostgres from "../../../src/layers/payments/pricing.postgres.ts"
import * as StaffPostgres from "../../../src/layers/accounts/staff.postgres.ts"
import * as PeoplePostgres from "../../../src/layers/accounts/accounts.postgres.ts"
import * as PushOutboxPostgres from "../../../src/layers/push/push-outbox.postgres.ts"
import * as SessionOversightPostgres from "../../../src/layers/sessions/session-oversight.postgres.ts"
import * as SessionViewsPostgres from "../../../src/layers/sessions/session-views.postgres.ts"
import * as SessionsPostgres from "../../../src/layers/sessions/sessions.postgres.ts"
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
import { sealing } from "../../support/keys.ts"
import { freshDatabase } from "../../support/postgres.ts"

const adapters = Layer.mergeAll(
  SignInsPostgres.layer,
  JournalPostgres.layer,
  MitrasPostgres.layer,
  PaymentsPostgres.layer,
  PricingPostgres.layer,
  StaffPostgres.layer,
  PeoplePostgres.layer,
  PushOutboxPostgres.layer,
  SessionOversightPostgres.layer,
  SessionViewsPostgres.layer,
  SessionsPostgres.layer,
  Written.layerPostgres
).pipe(Layer.provide([freshDatabase, SecureRandom.layerWebCrypto]))

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
for (const suite of suites) suite("postgres", adapters.pipe(Layer.provide(CipherNone.layer)))
// Those that keep and read texts.
for (const suite of [journal, journalReroute, sessions, sessionsLossless, sessionOversight]) {
  suite("postgres, sealed", adapters.pipe(Layer.provide(sealing("k1"))))
}
