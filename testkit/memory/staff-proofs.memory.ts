// StaffProofs in memory: attempts, second factors and proofs as rows of the shared in-memory store, with the
// answers of the Postgres adapter.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ChangeEntry } from "../../src/domain/audit.ts"
import { type Attempt, StaffProofs } from "../../src/services/accounts/staff-proofs.ts"
import { appendEntry } from "./audit-log.memory.ts"
import { MemoryTables, type SecondFactorRow, type Tables } from "./store/tables.ts"

const countAttempt = (tables: Tables, { at, network, who, window_ms }: Attempt) => {
  const key = `${who} ${network}`
  const known = tables.staff_sign_in_attempts.get(key)
  const goesOn = known !== undefined && known.began_at > at - window_ms
  const row = goesOn ? { ...known, attempts: known.attempts + 1 } : { attempts: 1, began_at: at }
  tables.staff_sign_in_attempts.set(key, row)
  return { attempts: row.attempts, until: row.began_at + window_ms }
}

/** Changes the row where it may be changed; whether it was. */
const change = (
  tables: Tables,
  staffId: string,
  next: (row: SecondFactorRow) => SecondFactorRow | null
): boolean => {
  const row = tables.staff_second_factors.get(staffId)
  const changed = row === undefined ? null : next(row)
  if (changed === null) return false
  tables.staff_second_factors.set(staffId, changed)
  return true
}

const audit = (tables: Tables, entry: ChangeEntry, before: boolean, after: boolean) =>
  appendEntry(tables, {
    ...entry,
    before: { has_second_factor: before },
    after: { has_second_factor: after }
  })

const begin = (tables: Tables, staffId: string, secret: string): boolean => {
  if ((tables.staff_second_factors.get(staffId)?.confirmed_at ?? null) !== null) return false
  tables.staff_second_factors.set(staffId, {
    secret,
    confirmed_at: null,
    last_step: 0,
    recovery_hashes: []
  })
  return true
}

const confirm = (
  tables: Tables,
  staffId: string,
  step: number,
  recovery_hashes: ReadonlyArray<string>,
  entry: ChangeEntry
): boolean => {
  const done = change(
    tables,
    staffId,
    (row) =>
      row.confirmed_at !== null || row.last_step >= step
        ? null
        : { ...row, confirmed_at: entry.at, last_step: step, recovery_hashes }
  )
  if (done) audit(tables, entry, false, true)
  return done
}

const takeRecoveryCode = (tables: Tables, staffId: string, hash: string) =>
  change(
    tables,
    staffId,
    (row) =>
      row.recovery_hashes.includes(hash)
        ? { ...row, recovery_hashes: row.recovery_hashes.filter((one) => one !== hash) }
        : null
  )

const secondFactor = (tables: Tables, staffId: string) => {
  const row = tables.staff_second_factors.get(staffId)
  if (row === undefined) return null
  const { recovery_hashes, ...factor } = row
  return { ...factor, recovery_codes_left: recovery_hashes.length }
}

export const layer = Layer.effect(StaffProofs)(
  Effect.map(MemoryTables, (tables) =>
    StaffProofs.of({
      countAttempt: (attempt) => Effect.sync(() => countAttempt(tables, attempt)),
      forgetAttempts: (who, network) =>
        Effect.sync(() => void tables.staff_sign_in_attempts.delete(`${who} ${network}`)),
      changePassword: (staffId, password_hash, entry) =>
        Effect.sync(() => {
          const row = tables.staff.get(staffId)
          if (row !== undefined) tables.staff.set(staffId, { ...row, password_hash })
          appendEntry(tables, { ...entry, before: null, after: null })
        }),
      secondFactor: (staffId) => Effect.sync(() => secondFactor(tables, staffId)),
      beginSecondFactor: (staffId, secret) => Effect.sync(() => begin(tables, staffId, secret)),
      confirmSecondFactor: (staffId, step, hashes, entry) =>
        Effect.sync(() => confirm(tables, staffId, step, hashes, entry)),
      takeStep: (staffId, step) =>
        Effect.sync(() =>
          change(tables, staffId, (row) => row.last_step < step ? { ...row, last_step: step } : null)
        ),
      takeRecoveryCode: (staffId, hash) => Effect.sync(() => takeRecoveryCode(tables, staffId, hash)),
      removeSecondFactor: (staffId, entry) =>
        Effect.sync(() => {
          const had = tables.staff_second_factors.delete(staffId)
          if (had) audit(tables, entry, true, false)
          return had
        }),
      prove: (authSessionId, at) =>
        Effect.sync(() => {
          const before = tables.staff_proofs.get(authSessionId) ?? at
          tables.staff_proofs.set(authSessionId, Math.max(before, at))
        }),
      provedAt: (authSessionId) => Effect.sync(() => tables.staff_proofs.get(authSessionId) ?? null)
    }))
)
