// Part of SignIns in memory: sign-in codes as rows of the shared in-memory store.
import * as Effect from "effect/Effect"
import { standingOf, tooSoon } from "../../src/domain/sign-in/one-time-code.ts"
import type {
  Checked,
  CodeLimits,
  Issued,
  OneTimeCode,
  SignIns
} from "../../src/services/accounts/sign-ins.ts"
import { hold, isPhone } from "./store/constraints.ts"
import { MemoryTables, type OneTimeCodeRow, type Tables } from "./store/tables.ts"

type CheckOptions = Parameters<SignIns["Service"]["checkCode"]>[0]

const newestFirst = (rows: ReadonlyArray<OneTimeCodeRow>): ReadonlyArray<OneTimeCodeRow> =>
  rows.toSorted((a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : -1))

const issue = (tables: Tables, code: OneTimeCode, limits: CodeLimits): Issued => {
  if (tables.one_time_codes.has(code.id)) return { _tag: "Issued" }
  const toPhone = newestFirst(tables.one_time_codes.where("phone", code.phone))
  const refused = tooSoon(limits, {
    to_phone: toPhone.filter((row) => row.ip === code.ip).map((row) => row.created_at),
    to_phone_in_total: toPhone.map((row) => row.created_at),
    to_ip: newestFirst(tables.one_time_codes.where("ip", code.ip)).map((row) => row.created_at)
  })
  if (refused !== null) return refused
  hold(isPhone(code.phone), "one_time_codes_phone_check")
  tables.one_time_codes.set(code.id, { ...code, attempts: 0, used_at: null })
  return { _tag: "Issued" }
}

const check = (tables: Tables, options: CheckOptions): Checked => {
  const row = newestFirst(tables.one_time_codes.where("phone", options.phone))
    .find(({ asked_by, user_type }) => user_type === options.user_type && asked_by === options.asked_by)
  if (row === undefined) return "unknown"
  const standing = standingOf(row, options.attempts_max, options.now)
  if (standing !== "open") return standing
  const matches = options.code_hashes.includes(row.code_hash)
  const used_at = matches ? options.now : null
  tables.one_time_codes.set(row.id, { ...row, attempts: row.attempts + 1, used_at })
  return matches ? "matched" : "mismatch"
}

type Part = Pick<SignIns["Service"], "issueCode" | "checkCode">
const part = (calls: Part): Part => calls

export const makeOneTimeCodes = Effect.map(MemoryTables, (tables) =>
  part({
    issueCode: (code, limits) => Effect.sync(() => issue(tables, code, limits)),
    checkCode: (options) => Effect.sync(() => check(tables, options))
  }))
