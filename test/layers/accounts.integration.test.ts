// The account ports' conformance suites over their Postgres adapters, each test on a fresh database.
import * as Layer from "effect/Layer"
import * as AuditPostgres from "../../src/layers/audit.postgres.ts"
import * as AuthSessionsPostgres from "../../src/layers/auth-sessions.postgres.ts"
import * as MitrasPostgres from "../../src/layers/mitras.postgres.ts"
import * as OneTimeCodesPostgres from "../../src/layers/one-time-codes.postgres.ts"
import * as PaymentsPostgres from "../../src/layers/payments.postgres.ts"
import * as PeoplePostgres from "../../src/layers/people.postgres.ts"
import * as SettingsPostgres from "../../src/layers/settings.postgres.ts"
import { audit } from "../conformance/audit.ts"
import { authSessions } from "../conformance/auth-sessions.ts"
import { mitras } from "../conformance/mitras.ts"
import { oneTimeCodes } from "../conformance/one-time-codes.ts"
import { payments } from "../conformance/payments.ts"
import { paymentSweeps } from "../conformance/payments-sweeps.ts"
import { people } from "../conformance/people.ts"
import * as Rows from "../conformance/rows.ts"
import { settings } from "../conformance/settings.ts"
import { freshDatabase } from "../support/postgres.ts"

const everything = Layer.mergeAll(
  AuditPostgres.layer,
  AuthSessionsPostgres.layer,
  MitrasPostgres.layer,
  OneTimeCodesPostgres.layer,
  PaymentsPostgres.layer,
  PeoplePostgres.layer,
  SettingsPostgres.layer,
  Rows.layerPostgres
).pipe(Layer.provide(freshDatabase))

for (const suite of [people, authSessions, oneTimeCodes, payments, paymentSweeps, settings, audit, mitras]) {
  suite("postgres", everything)
}
