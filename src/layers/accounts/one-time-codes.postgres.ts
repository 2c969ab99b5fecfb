// One-time codes in Postgres, part of SignIns. Limits are counts of rows, so issuing takes a lock on the
// phone and on the address; an attempt takes the code's row.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import { Mac } from "effect/crypto"
import * as SqlClient from "effect/sql/SqlClient"
import type { Fragment } from "effect/sql/Statement"
import { standingOf, tooSoon } from "../../domain/sign-in/one-time-code.ts"
import type { Checked, CodeLimits, Issued, OneTimeCode, SignIns } from "../../services/accounts/sign-ins.ts"
import { Cipher } from "../../services/encryption/cipher.ts"
import { hasPhone, keptPhone } from "../encryption/phones.ts"
import { lockFor } from "../platform/postgres/advisory-locks.ts"
import { allOf, firstOf, Millis, timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"

type CheckOptions = Parameters<SignIns["Service"]["checkCode"]>[0]

const timesOf = allOf(Schema.Struct({ created_at: Millis }))
const codeOf = firstOf(Schema.Struct({
  id: Schema.String,
  code_hash: Schema.String,
  attempts: Schema.Int,
  expires_at: Millis,
  used_at: Schema.NullOr(Millis)
}))

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const newestTimes = (sql: SqlClient.SqlClient, matching: Fragment, limit: number) =>
  sql`SELECT created_at FROM one_time_codes WHERE ${matching}
    ORDER BY created_at DESC LIMIT ${limit}`.pipe(
    Effect.flatMap(timesOf),
    Effect.map((rows) => rows.map((row) => row.created_at))
  )

const issue = (sql: SqlClient.SqlClient, cipher: Cipher["Service"]) =>
  Effect.fnUntraced(function*(code: OneTimeCode, limits: CodeLimits) {
    // Phone before address, everywhere: two calls can never hold one each and wait for the other.
    yield* lockFor(sql, "code_phone", code.phone)
    yield* lockFor(sql, "code_ip", code.ip)
    const repeated = yield* sql`SELECT 1 FROM one_time_codes WHERE id = ${code.id}`
    if (repeated.length > 0) return { _tag: "Issued" } satisfies Issued
    const ofPhone = hasPhone(sql, cipher, "one_time_codes", code.phone)
    const to_phone = yield* newestTimes(sql, sql`${ofPhone} AND ip = ${code.ip}`, limits.per_phone_hourly)
    const to_phone_in_total = yield* newestTimes(sql, ofPhone, limits.per_phone_hourly_in_total)
    const to_ip = yield* newestTimes(sql, sql`ip = ${code.ip}`, limits.per_ip_hourly)
    const refused = tooSoon(limits, { to_phone, to_phone_in_total, to_ip })
    if (refused !== null) return refused satisfies Issued
    const kept = yield* keptPhone(cipher, "one_time_codes", code.id, code.phone)
    yield* sql`INSERT INTO one_time_codes (id, phone, phone_sealed, phone_mark, user_type, code_hash, ip,
        asked_by, created_at, expires_at)
      VALUES (${code.id}, ${kept.phone}, ${kept.phone_sealed}, ${kept.phone_mark}, ${code.user_type},
        ${code.code_hash}, ${code.ip}, ${code.asked_by}, ${timestamp(code.created_at)}, ${
      timestamp(code.expires_at)
    })`
    return { _tag: "Issued" } satisfies Issued
  }, sql.withTransaction)

const check = (sql: SqlClient.SqlClient, cipher: Cipher["Service"]) =>
  Effect.fnUntraced(function*(options: CheckOptions) {
    const code = yield* Effect.flatMap(
      sql`SELECT id, code_hash, attempts, expires_at, used_at FROM one_time_codes
        WHERE ${hasPhone(sql, cipher, "one_time_codes", options.phone)} AND user_type = ${options.user_type}
          -- The version before does not say who asked.
          AND (asked_by = ${options.asked_by} OR asked_by IS NULL)
        ORDER BY created_at DESC, id DESC LIMIT 1 FOR UPDATE`,
      codeOf
    )
    if (code === null) return "unknown" satisfies Checked
    const standing = standingOf(code, options.attempts_max, options.now)
    if (standing !== "open") return standing satisfies Checked
    // The attempt counts whether or not the caller waits for the answer: no caller hears of a
    // comparison whose attempt was not committed with it.
    yield* sql`UPDATE one_time_codes SET attempts = attempts + 1 WHERE id = ${code.id}`
    const stored = bytes(code.code_hash)
    const matching = options.code_hashes.filter((hash) => Mac.timingSafeEqual(stored, bytes(hash)))
    if (matching.length === 0) return "mismatch" satisfies Checked
    yield* sql`UPDATE one_time_codes SET used_at = ${timestamp(options.now)} WHERE id = ${code.id}`
    return "matched" satisfies Checked
  }, sql.withTransaction)

// Strangers may ask for codes. Calls from one address, or for one phone, wait for each other's lock while
// each holds a connection; with so few connections for codes, the pool is left to the other calls.
const connectionsMax = 4

type Part = Pick<SignIns["Service"], "issueCode" | "checkCode">
const part = (calls: Part): Part => calls

export const makeOneTimeCodes = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const places = yield* Semaphore.make(connectionsMax)
  const cipher = yield* Cipher
  const issued = issue(sql, cipher)
  const checked = check(sql, cipher)
  return part({
    issueCode: (code, limits) => answered(places.withPermit(issued(code, limits))),
    checkCode: (options) => answered(places.withPermit(checked(options)))
  })
})
