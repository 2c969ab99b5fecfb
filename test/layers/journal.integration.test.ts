// The Journal and Sessions suites over the Postgres adapters, each test on a fresh database.
import { SecureRandom } from "effect/crypto"
import * as Layer from "effect/Layer"
import * as AuthSessionsPostgres from "../../src/layers/auth-sessions.postgres.ts"
import * as JournalPostgres from "../../src/layers/journal.postgres.ts"
import * as MitrasPostgres from "../../src/layers/mitras.postgres.ts"
import * as PaymentsPostgres from "../../src/layers/payments.postgres.ts"
import * as PeoplePostgres from "../../src/layers/people.postgres.ts"
import * as PushOutboxPostgres from "../../src/layers/push-outbox.postgres.ts"
import * as SessionsPostgres from "../../src/layers/sessions.postgres.ts"
import { journal } from "../conformance/journal.ts"
import { journalMoney } from "../conformance/journal-money.ts"
import { journalPairing } from "../conformance/journal-pairing.ts"
import { pushDesk } from "../conformance/push-desk.ts"
import { pushOutbox } from "../conformance/push-outbox.ts"
import { sessions } from "../conformance/sessions.ts"
import { sessionsLists } from "../conformance/sessions-lists.ts"
import { sessionsLossless } from "../conformance/sessions-lossless.ts"
import * as Written from "../conformance/written.ts"
import { freshDatabase } from "../support/postgres.ts"

const everything = Layer.mergeAll(
  AuthSessionsPostgres.layer,
  JournalPostgres.layer,
  MitrasPostgres.layer,
  PaymentsPostgres.layer,
  PeoplePostgres.layer,
  PushOutboxPostgres.layer,
  SessionsPostgres.layer,
  Written.layerPostgres
).pipe(Layer.provide([freshDatabase, SecureRandom.layerWebCrypto]))

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
  suite("postgres", everything)
}
