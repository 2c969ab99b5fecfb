// Test numbers in memory, part of SignIns: rows of the shared store, changed with their audit entries.
import * as Effect from "effect/Effect"
import type { ChangeEntry } from "../../src/domain/audit.ts"
import { type SignIns, type TestNumber, testNumbersMax } from "../../src/services/accounts/sign-ins.ts"
import { appendEntry } from "./audit-log.memory.ts"
import { hold, isPhone } from "./store/constraints.ts"
import { MemoryTables, type Tables } from "./store/tables.ts"

const put = (tables: Tables, number: TestNumber, entry: ChangeEntry): boolean => {
  hold(isPhone(number.phone), "test_numbers_phone_check")
  const before = tables.test_numbers.get(number.phone)
  if (before === undefined && tables.test_numbers.size >= testNumbersMax) return false
  const audit = { ...entry, before: { is_set: before !== undefined }, after: { is_set: true } }
  if (appendEntry(tables, audit)) tables.test_numbers.set(number.phone, { ...number, updated_at: entry.at })
  return true
}

const remove = (tables: Tables, phone: string, entry: ChangeEntry): boolean => {
  if (!tables.test_numbers.has(phone)) return false
  appendEntry(tables, { ...entry, before: { is_set: true }, after: { is_set: false } })
  return tables.test_numbers.delete(phone)
}

type Part = Pick<SignIns["Service"], "testNumbers" | "testCodeOf" | "putTestNumber" | "removeTestNumber">
const part = (calls: Part): Part => calls

export const makeTestNumbers = Effect.map(MemoryTables, (tables) =>
  part({
    testNumbers: Effect.sync(() =>
      [...tables.test_numbers.values()]
        .map(({ code, phone }) => ({ phone, code }))
        .toSorted((a, b) => (a.phone < b.phone ? -1 : 1))
    ),
    testCodeOf: (phone) => Effect.sync(() => tables.test_numbers.get(phone)?.code ?? null),
    putTestNumber: (number, entry) => Effect.sync(() => put(tables, number, entry)),
    removeTestNumber: (phone, entry) => Effect.sync(() => remove(tables, phone, entry))
  }))
