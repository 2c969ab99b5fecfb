// Races between the account adapters and other writers of the same rows, with the other transaction
// held open at the worst moment.
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as StaffPostgres from "../../../src/layers/accounts/staff.postgres.ts"
import * as SignInsPostgres from "../../../src/layers/accounts/sign-ins.postgres.ts"
import * as CipherNone from "../../../src/layers/encryption/cipher.none.ts"
import * as MitrasPostgres from "../../../src/layers/accounts/mitras.postgres.ts"
import * as PaymentsPostgres from "../../../src/layers/payments/payments.postgres.ts"
import * as PricingPostgres from "../../../src/layers/payments/pricing.postgres.ts"
import * as PeoplePostgres from "../../../src/layers/accounts/accounts.postgres.ts"
import * as SettingsPostgres from "../../../src/layers/settings/settings.postgres.ts"
import { timestamp } from "../../../src/layers/platform/postgres/columns.ts"
import { Staff } from "../../../src/services/accounts/staff.ts"
import { Payments } from "../../../src/services/payments/payments.ts"
import { SignIns } from "../../../src/services/accounts/sign-ins.ts"
import { Mitras } from "../../../src/services/accounts/mitras.ts"
import { Settings } from "../../../src/services/settings/settings.ts"
import {
  givenMitra,
  givenStaff,
  hour,
  idOf,
  minute,
  mitraId,
  staffId,
  t0,
  times
} from "../../../testkit/conformance/given.ts"
import { givenTier, payment } from "../../../testkit/conformance/given-payments.ts"
import { somebodyBlocked } from "../../support/blocked.ts"
import { databaseAt, freshDatabase, freshDatabaseUrl } from "../../support/postgres.ts"

const adapters = Layer.mergeAll(
  StaffPostgres.layer,
  SettingsPostgres.layer,
  SignInsPostgres.layer,
  MitrasPostgres.layer,
  PaymentsPostgres.layer,
  PricingPostgres.layer,
  PeoplePostgres.layer
).pipe(Layer.provide(CipherNone.layer))
const fresh = adapters.pipe(Layer.provideMerge(freshDatabase))

/** Keeps `writes` uncommitted until `call` waits for them or has not had to; gives what `call` got. */
const during = <A, E, R, B, E2, R2>(writes: Effect.Effect<A, E, R>, call: Effect.Effect<B, E2, R2>) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const written = yield* Deferred.make<void>()
    // Forked out here: a fiber started inside the transaction would be part of it.
    const calling = yield* Effect.forkChild(Effect.andThen(Deferred.await(written), call))
    const blocked = yield* Effect.forkChild(Effect.andThen(Deferred.await(written), somebodyBlocked))
    yield* writes.pipe(
      Effect.andThen(Deferred.succeed(written, undefined)),
      Effect.andThen(Effect.raceFirst(Fiber.await(blocked), Fiber.await(calling))),
      sql.withTransaction
    )
    return yield* Fiber.join(calling)
  })

const session = (n: number) => ({
  id: idOf(n),
  family_id: idOf(n),
  user_type: "mitra" as const,
  user_id: mitraId,
  refresh_hash: `hash-${n}`,
  created_at: t0,
  expires_at: t0 + hour
})

describe("the account adapters and a deactivation in flight", () => {
  const deactivating = Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* sql`SELECT 1 FROM mitra_status WHERE mitra_id = ${mitraId} FOR UPDATE`
    yield* sql`SELECT 1 FROM mitras WHERE id = ${mitraId} FOR NO KEY UPDATE`
    yield* sql`UPDATE mitras SET is_active = false WHERE id = ${mitraId}`
    yield* sql`UPDATE mitra_status SET is_online = false WHERE mitra_id = ${mitraId}`
    yield* sql`UPDATE auth_sessions SET revoked_at = ${"2026-01-01"}, revoked_reason = 'deactivated'
      WHERE user_id = ${mitraId} AND revoked_at IS NULL`
  })

  it.live("a sign-in that crosses it gets a family that is not live", () =>
    Effect.gen(function*() {
      yield* givenMitra
      const port = yield* SignIns
      yield* during(deactivating, port.open(session(1), { only_one: true }))
      assert.isFalse(yield* port.isLive(idOf(1)))
    }).pipe(Effect.provide(fresh)))

  it.live("an owner who claims during it loads the mitra as it leaves her", () =>
    Effect.gen(function*() {
      yield* givenMitra
      const claimed = yield* during(deactivating, Effect.flatMap(Mitras, (port) => port.claim(mitraId, "b")))
      assert.isFalse(claimed?.state.is_active)
    }).pipe(Effect.provide(fresh)))
})

describe("a refresh and another one of the same token in flight", () => {
  it.live("is judged by what the other one leaves: long after a first use it is a theft", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const port = yield* SignIns
      yield* port.open(session(1), { only_one: false })
      const rotation = yield* during(
        sql`UPDATE auth_sessions SET rotated_at = ${timestamp(t0)} WHERE id = ${idOf(1)}`,
        port.rotate({
          refresh_hash: "hash-1",
          next: { id: idOf(2), refresh_hash: "hash-2", expires_at: t0 + hour },
          now: t0 + minute,
          grace_ms: 10_000
        })
      )
      assert.strictEqual(rotation._tag, "Reused")
      assert.isFalse(yield* port.isLive(idOf(1)))
    }).pipe(Effect.provide(fresh)))
})

describe("the payments sweep and a confirmation in flight", () => {
  it.live("the sweep leaves that payment alone instead of waiting for it", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const port = yield* Payments
      yield* givenTier
      yield* port.create(payment(1))
      yield* port.create(payment(2))
      const swept = yield* during(
        sql`SELECT 1 FROM payment_requests WHERE id = ${idOf(1)} FOR UPDATE`,
        port.expireStale(t0 + hour, 10)
      )
      assert.deepStrictEqual(swept, [idOf(2)])
    }).pipe(Effect.provide(fresh)))
})

describe("a setting whose value the database refuses", () => {
  it.live("leaves no audit entry of a change that never was", () =>
    Effect.gen(function*() {
      yield* givenStaff
      const port = yield* Settings
      const entry = {
        id: idOf(1),
        staff_id: staffId,
        action: "setting.write",
        target_type: "setting",
        target_id: "extension_default_action_on_timeout",
        before: null,
        after: null,
        peer: "",
        at: t0
      }
      const exit = yield* Effect.exit(
        port.put("extension_default_action_on_timeout", "\u0000" as "auto_reject", entry)
      )
      assert.isTrue(Exit.hasDies(exit))
      assert.deepStrictEqual(yield* (yield* Staff).auditPage({ before: null, limit: 10 }), [])
    }).pipe(Effect.provide(fresh)))
})

describe("two runners on one database", () => {
  it.live("exchange one refresh token at once and each gets a session; one phone gets one code", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      const runner = adapters.pipe(Layer.provide(databaseAt(url, 4)))
      const runners = yield* Effect.all([Layer.build(Layer.fresh(runner)), Layer.build(Layer.fresh(runner))])
      yield* Effect.flatMap(SignIns, (port) => port.open(session(1), { only_one: false })).pipe(
        Effect.provideContext(runners[0])
      )
      const turn = (n: number) =>
        Effect.gen(function*() {
          const rotation = yield* (yield* SignIns).rotate({
            refresh_hash: "hash-1",
            next: { id: idOf(n + 2), refresh_hash: `hash-${n + 2}`, expires_at: t0 + hour },
            now: t0,
            grace_ms: 10_000
          })
          const issued = yield* (yield* SignIns).issueCode({
            id: idOf(n + 2),
            phone: "+628110000001",
            user_type: "mitra",
            code_hash: "hash",
            ip: "10.0.0.1",
            asked_by: `device:${n}`,
            created_at: t0,
            expires_at: t0 + minute
          }, {
            now: t0,
            cooldown_ms: minute,
            per_phone_hourly: 5,
            per_phone_hourly_in_total: 5,
            per_ip_hourly: 5
          })
          return [rotation._tag, issued._tag] as const
        })
      const answers = yield* Effect.all(
        times(8).map((n) => Effect.provideContext(turn(n), runners[n % 2]!)),
        { concurrency: "unbounded" }
      )
      assert.isTrue(answers.every(([rotation]) => rotation === "Rotated"))
      assert.lengthOf(answers.filter(([, issued]) => issued === "Issued"), 1)
    }))
})
