// The account ports' conformance suites over their Postgres adapters, plain and sealed, each test on a fresh
// database.
import * as Layer from "effect/Layer"
import * as StaffPostgres from "../../../src/layers/accounts/staff.postgres.ts"
import * as SignInsPostgres from "../../../src/layers/accounts/sign-ins.postgres.ts"
import * as MitrasPostgres from "../../../src/layers/accounts/mitras.postgres.ts"
import * as PricingPostgres from "../../../src/layers/payments/pricing.postgres.ts"
import * as PaymentsPostgres from "../../../src/layers/payments/payments.postgres.ts"
import * as PeoplePostgres from "../../../src/layers/accounts/accounts.postgres.ts"
import * as SettingsPostgres from "../../../src/layers/settings/settings.postgres.ts"
import * as CipherNone from "../../../src/layers/encryption/cipher.none.ts"
import { changesByStaff } from "../../../testkit/conformance/changes-by-staff.ts"
import { audit } from "../../../testkit/conformance/audit-log.ts"
import { authSessions } from "../../../testkit/conformance/auth-sessions.ts"
import { lostRefreshes } from "../../../testkit/conformance/lost-refreshes.ts"
import { devices } from "../../../testkit/conformance/devices.ts"
import { mitras } from "../../../testkit/conformance/mitras.ts"
import { oneTimeCodes } from "../../../testkit/conformance/one-time-codes.ts"
import { payments } from "../../../testkit/conformance/payments.ts"
import { paymentReview } from "../../../testkit/conformance/payment-review.ts"
import { openOrders } from "../../../testkit/conformance/payments-open-orders.ts"
import { paymentDiscounts } from "../../../testkit/conformance/payments-discounts.ts"
import { pricing } from "../../../testkit/conformance/pricing.ts"
import { paymentSweeps } from "../../../testkit/conformance/payments-sweeps.ts"
import { accounts } from "../../../testkit/conformance/accounts.ts"
import { peoplePhones } from "../../../testkit/conformance/accounts-phones.ts"
import * as Rows from "../../../testkit/conformance/rows.ts"
import { settings } from "../../../testkit/conformance/settings.ts"
import { sealing } from "../../support/keys.ts"
import { freshDatabase } from "../../support/postgres.ts"

const adapters = Layer.mergeAll(
  StaffPostgres.layer,
  SignInsPostgres.layer,
  MitrasPostgres.layer,
  PaymentsPostgres.layer,
  PricingPostgres.layer,
  PeoplePostgres.layer,
  SettingsPostgres.layer,
  Rows.layerPostgres
).pipe(Layer.provide(freshDatabase))

const suites = [
  accounts,
  peoplePhones,
  changesByStaff,
  devices,
  authSessions,
  lostRefreshes,
  oneTimeCodes,
  payments,
  paymentSweeps,
  paymentDiscounts,
  openOrders,
  paymentReview,
  pricing,
  settings,
  audit,
  mitras
]
/** Those that keep phones. */
const phoneSuites = [accounts, peoplePhones, changesByStaff, oneTimeCodes]

for (const suite of suites) suite("postgres", adapters.pipe(Layer.provide(CipherNone.layer)))
for (const suite of phoneSuites) suite("postgres, sealed", adapters.pipe(Layer.provide(sealing("k1"))))
