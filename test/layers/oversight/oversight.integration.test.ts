// The Oversight suite over Postgres, plain and with sealed texts.
import { SecureRandom } from "effect/crypto"
import * as Layer from "effect/Layer"
import * as AccountsPostgres from "../../../src/layers/accounts/accounts.postgres.ts"
import * as MitrasPostgres from "../../../src/layers/accounts/mitras.postgres.ts"
import * as SignInsPostgres from "../../../src/layers/accounts/sign-ins.postgres.ts"
import * as StaffPostgres from "../../../src/layers/accounts/staff.postgres.ts"
import * as CipherNone from "../../../src/layers/encryption/cipher.none.ts"
import * as JournalPostgres from "../../../src/layers/journal/journal.postgres.ts"
import * as OversightPostgres from "../../../src/layers/oversight/oversight.postgres.ts"
import * as PaymentsPostgres from "../../../src/layers/payments/payments.postgres.ts"
import * as PricingPostgres from "../../../src/layers/payments/pricing.postgres.ts"
import * as SessionOversightPostgres from "../../../src/layers/sessions/session-oversight.postgres.ts"
import * as SessionViewsPostgres from "../../../src/layers/sessions/session-views.postgres.ts"
import * as SessionsPostgres from "../../../src/layers/sessions/sessions.postgres.ts"
import { oversight } from "../../../testkit/conformance/oversight.ts"
import * as Written from "../../../testkit/conformance/written.ts"
import { sealing } from "../../support/keys.ts"
import { freshDatabase } from "../../support/postgres.ts"

const adapters = Layer.mergeAll(
  AccountsPostgres.layer,
  JournalPostgres.layer,
  MitrasPostgres.layer,
  OversightPostgres.layer,
  PaymentsPostgres.layer,
  PricingPostgres.layer,
  SessionOversightPostgres.layer,
  SessionViewsPostgres.layer,
  SessionsPostgres.layer,
  SignInsPostgres.layer,
  StaffPostgres.layer,
  Written.layerPostgres
).pipe(Layer.provide([freshDatabase, SecureRandom.layerWebCrypto]))

oversight("postgres", adapters.pipe(Layer.provide(CipherNone.layer)))
oversight("postgres, sealed", adapters.pipe(Layer.provide(sealing("k1"))))
