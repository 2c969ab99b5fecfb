// The account ports' conformance suites over their memory adapters.
import * as Layer from "effect/Layer"
import * as AccountChangesMemory from "../../src/layers/account-changes.memory.ts"
import * as AuditMemory from "../../src/layers/audit.memory.ts"
import * as AuthSessionsMemory from "../../src/layers/auth-sessions.memory.ts"
import * as Tables from "../../src/layers/memory/tables.ts"
import * as MitrasMemory from "../../src/layers/mitras.memory.ts"
import * as OneTimeCodesMemory from "../../src/layers/one-time-codes.memory.ts"
import * as PaymentDeskMemory from "../../src/layers/payment-desk.memory.ts"
import * as PricingMemory from "../../src/layers/pricing.memory.ts"
import * as PaymentsMemory from "../../src/layers/payments.memory.ts"
import * as PeopleMemory from "../../src/layers/people.memory.ts"
import * as SettingsMemory from "../../src/layers/settings.memory.ts"
import * as DevicesMemory from "../../src/layers/devices.memory.ts"
import * as TestNumbersMemory from "../../src/layers/test-numbers.memory.ts"
import { accountChanges } from "../conformance/account-changes.ts"
import { audit } from "../conformance/audit.ts"
import { authSessions } from "../conformance/auth-sessions.ts"
import { devices } from "../conformance/devices.ts"
import { mitras } from "../conformance/mitras.ts"
import { oneTimeCodes } from "../conformance/one-time-codes.ts"
import { payments } from "../conformance/payments.ts"
import { paymentDesk } from "../conformance/payment-desk.ts"
import { paymentDiscounts } from "../conformance/payments-discounts.ts"
import { pricing } from "../conformance/pricing.ts"
import { paymentSweeps } from "../conformance/payments-sweeps.ts"
import { people } from "../conformance/people.ts"
import { peoplePhones } from "../conformance/people-phones.ts"
import * as Rows from "../conformance/rows.ts"
import { settings } from "../conformance/settings.ts"

const everything = Layer.mergeAll(
  AccountChangesMemory.layer,
  AuditMemory.layer,
  AuthSessionsMemory.layer,
  MitrasMemory.layer,
  OneTimeCodesMemory.layer,
  PaymentDeskMemory.layer,
  PaymentsMemory.layer,
  PricingMemory.layer,
  PeopleMemory.layer,
  SettingsMemory.layer,
  DevicesMemory.layer,
  TestNumbersMemory.layer,
  Rows.layerMemory
).pipe(Layer.provide(Tables.layer))

for (
  const suite of [
    people,
    peoplePhones,
    accountChanges,
    devices,
    authSessions,
    oneTimeCodes,
    payments,
    paymentSweeps,
    paymentDiscounts,
    paymentDesk,
    pricing,
    settings,
    audit,
    mitras
  ]
) {
  suite("memory", everything)
}
