// The suite of missed offers over Mitras in Postgres, each test on a fresh database.
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
import * as SessionOversightPostgres from "../../../src/layers/sessions/session-oversight.postgres.ts"
import * as SessionViewsPostgres from "../../../src/layers/sessions/session-views.postgres.ts"
import * as SessionsPostgres from "../../../src/layers/sessions/sessions.postgres.ts"
import { missedOffers } from "../../../testkit/conformance/missed-offers.ts"
import * as Written from "../../../testkit/conformance/written.ts"
import { freshDatabase } from "../../support/postgres.ts"

missedOffers(
  "postgres",
  Layer.mergeAll(
    SignInsPostgres.layer,
    JournalPostgres.layer,
    MitrasPostgres.layer,
    PaymentsPostgres.layer,
    PricingPostgres.layer,
    StaffPostgres.layer,
    PeoplePostgres.layer,
    SessionOversightPostgres.layer,
    SessionViewsPostgres.layer,
    SessionsPostgres.layer,
    Written.layerPostgres
  ).pipe(Layer.provide([freshDatabase, SecureRandom.layerWebCrypto, CipherNone.layer]))
)
