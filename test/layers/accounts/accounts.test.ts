// The account ports' conformance suites over their memory adapters.
import * as Layer from "effect/Layer"
import * as StaffMemory from "../../../testkit/memory/staff.memory.ts"
import * as SignInsMemory from "../../../testkit/memory/sign-ins.memory.ts"
import * as Tables from "../../../testkit/memory/store/tables.ts"
import * as MitrasMemory from "../../../testkit/memory/mitras.memory.ts"
import * as PricingMemory from "../../../testkit/memory/pricing.memory.ts"
import * as PaymentsMemory from "../../../testkit/memory/payments.memory.ts"
import * as PeopleMemory from "../../../testkit/memory/accounts.memory.ts"
import * as SettingsMemory from "../../../testkit/memory/settings.memory.ts"
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

const everything = Layer.mergeAll(
  StaffMemory.layer,
  SignInsMemory.layer,
  MitrasMemory.layer,
  PaymentsMemory.layer,
  PricingMemory.layer,
  PeopleMemory.layer,
  SettingsMemory.layer,
  Rows.layerMemory
).pipe(Layer.provide(Tables.layer))

for (
  const suite of [
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
) {
  suite("memory", everything)
}
