// The push outbox between a worker and the turns, at the same moment: neither waits for long, and no message
// is lost between a claim and the next word.
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { SecureRandom } from "effect/crypto"
import * as SqlClient from "effect/sql/SqlClient"
import * as SignIns from "../../../src/layers/accounts/sign-ins.postgres.ts"
import * as CipherNone from "../../../src/layers/encryption/cipher.none.ts"
import * as Journal from "../../../src/layers/journal/journal.postgres.ts"
import * as Mitras from "../../../src/layers/accounts/mitras.postgres.ts"
import * as Payments from "../../../src/layers/payments/payments.postgres.ts"
import * as Pricing from "../../../src/layers/payments/pricing.postgres.ts"
import * as Staff from "../../../src/layers/accounts/staff.postgres.ts"
import * as Accounts from "../../../src/layers/accounts/accounts.postgres.ts"
import * as PushOutbox from "../../../src/layers/push/push-outbox.postgres.ts"
import * as SessionOversight from "../../../src/layers/sessions/session-oversight.postgres.ts"
import * as SessionViews from "../../../src/layers/sessions/session-views.postgres.ts"
import * as Sessions from "../../../src/layers/sessions/sessions.postgres.ts"
import { t0 } from "../../../testkit/conformance/given.ts"
import { claimAt, claimed, offers, quietChat, statuses } from "../../../testkit/conformance/push-given.ts"
import * as Stage from "../../../testkit/conformance/stage.ts"
import { asCustomer, session } from "../../../testkit/conformance/stage.ts"
import * as Written from "../../../testkit/conformance/written.ts"
import { somebodyBlocked } from "../../support/blocked.ts"
import { freshDatabase } from "../../support/postgres.ts"

const everything = Layer.mergeAll(
  SignIns.layer,
  Journal.layer,
  Mitras.layer,
  Payments.layer,
  Pricing.layer,
  Staff.layer,
  Accounts.layer,
  PushOutbox.layer,
  SessionOversight.layer,
  SessionViews.layer,
  Sessions.layer,
  Written.layerPostgres
).pipe(
  Layer.provide(CipherNone.layer),
  Layer.provideMerge(Layer.merge(freshDatabase, SecureRandom.layerWebCrypto))
)

/** Runs the statement and keeps its transaction open until it is told to end; `last` goes before a commit. */
const held = Effect.fnUntraced(function*(statement: string, last = "SELECT 1") {
  const sql = yield* SqlClient.SqlClient
  const done = yield* Deferred.make<void>()
  const end = yield* Deferred.make<void, "rolled back">()
  const fiber = yield* sql.unsafe(statement).pipe(
    Effect.andThen(Deferred.succeed(done, undefined)),
    Effect.andThen(Deferred.await(end)),
    Effect.andThen(sql.unsafe(last)),
    sql.withTransaction,
    Effect.exit,
    Effect.forkChild
  )
  yield* Deferred.await(done)
  return {
    commit: Effect.andThen(Deferred.succeed(end, undefined), Fiber.join(fiber)),
    rollBack: Effect.andThen(Deferred.fail(end, "rolled back"), Fiber.join(fiber))
  }
})

describe("a message sent while a worker takes the push of the one before", () => {
  it.live("waits for that moment and gets a push of its own", () =>
    Effect.gen(function*() {
      const owner = yield* quietChat
      yield* Stage.act(owner, Stage.send(asCustomer(1), "message-1"), { at: t0 + 100 })
      // As a claim does it: locked first, judged, and only then changed.
      const claim = yield* held(
        `SELECT id FROM push_outbox WHERE kind = 'message' FOR UPDATE`,
        `UPDATE push_outbox SET status = 'sending', claims = 1 WHERE kind = 'message'`
      )
      const second = yield* Effect.forkChild(
        Stage.act(owner, Stage.send(asCustomer(1), "message-2"), { at: t0 + 200 })
      )
      yield* somebodyBlocked
      yield* claim.commit
      assert.strictEqual((yield* Fiber.join(second))._tag, "Committed")
      assert.include(yield* statuses(1), "message pending")
    }).pipe(Effect.provide(everything)))

  it.live("finds one push when nobody takes it, without changing its row", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const owner = yield* quietChat
      yield* Stage.act(owner, Stage.send(asCustomer(1), "message-1"), { at: t0 + 100 })
      const version = sql<
        { place: string }
      >`SELECT ctid::text AS place FROM push_outbox WHERE kind = 'message'`
      const before = yield* version
      yield* Stage.act(owner, Stage.send(asCustomer(1), "message-2"), { at: t0 + 200 })
      assert.deepStrictEqual(yield* version, before)
    }).pipe(Effect.provide(everything)))
})

describe("a claim", () => {
  it.live("does not wait for a turn that is just withdrawing an offer, and never hands that offer out", () =>
    Effect.gen(function*() {
      yield* offers(2)
      const withdrawal = yield* held(
        `UPDATE push_outbox SET status = 'cancelled', finished_at = created_at
         WHERE session_id = '${session(1)}'`
      )
      const found = yield* claimed(t0 + 10)
      assert.deepStrictEqual(found.map((push) => push.session_id), [session(2)])
      yield* withdrawal.commit
      assert.deepStrictEqual(yield* claimAt(t0 + 20), { pushes: [], over: 0 })
    }).pipe(Effect.provide(everything)))

  it.live("hands it out after all when the withdrawal was rolled back", () =>
    Effect.gen(function*() {
      yield* offers(1)
      const withdrawal = yield* held(
        `UPDATE push_outbox SET status = 'cancelled', finished_at = created_at`
      )
      assert.lengthOf(yield* claimed(t0 + 10), 0)
      yield* withdrawal.rollBack
      assert.lengthOf(yield* claimed(t0 + 20), 1)
    }).pipe(Effect.provide(everything)))
})
