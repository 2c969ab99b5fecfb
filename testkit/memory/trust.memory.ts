// Trust in memory: blocks, cases and pauses as rows of the shared in-memory store.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ChangeEntry } from "../../src/domain/audit.ts"
import { otherSide, type PauseCause, type Person, personOf, type Resolution } from "../../src/domain/trust.ts"
import {
  type Block,
  blocksMax,
  type Case,
  type CaseLine,
  type OwnBlock,
  type Report,
  type Reported,
  type Resolved,
  Trust
} from "../../src/services/trust/trust.ts"
import { appendEntry } from "./audit-log.memory.ts"
import { holdReference } from "./store/constraints.ts"
import { type CaseRow, MemoryTables, type Tables } from "./store/tables.ts"

const keyOf = ({ user_id, user_type }: Person): string => `${user_type}:${user_id}`
const blockKey = ({ by_side, customer_id, mitra_id }: Block): string =>
  `${customer_id}/${mitra_id}/${by_side}`
const newestFirst = <Row extends { readonly id: string }>(rows: Iterable<Row>): ReadonlyArray<Row> =>
  [...rows].toSorted((a, b) => a.id < b.id ? 1 : -1)

const madeBy = (tables: Tables, by: Person): ReadonlyArray<Block> =>
  newestFirst(tables.blocks.values()).filter((row) =>
    row.by_side === by.user_type && personOf(row, by.user_type).user_id === by.user_id
  )

const block = (tables: Tables, given: Block): string | null => {
  const before = tables.blocks.get(blockKey(given))
  if (before !== undefined) return before.id
  if (madeBy(tables, personOf(given, given.by_side)).length >= blocksMax) return null
  holdReference(tables.customers, given.customer_id, "blocks_customer_id_fkey")
  holdReference(tables.mitras, given.mitra_id, "blocks_mitra_id_fkey")
  tables.blocks.set(blockKey(given), given)
  return given.id
}

const blocksOf = (tables: Tables, by: Person): ReadonlyArray<OwnBlock> =>
  madeBy(tables, by).slice(0, blocksMax).map(({ at, customer_id, id, mitra_id, session_id }) => ({
    id,
    name: by.user_type === "customer"
      ? tables.mitras.get(mitra_id)?.display_name ?? ""
      : tables.customers.get(customer_id)?.call_name ?? "",
    session_id,
    at
  }))

const isPaused = (tables: Tables, person: Person): boolean => {
  const row = tables.pauses.get(keyOf(person))
  return row !== undefined && row.lifted_at === null
}

const pause = (tables: Tables, person: Person, cause: PauseCause, since: number): boolean => {
  if (isPaused(tables, person)) return false
  tables.pauses.set(keyOf(person), { ...person, cause, since, lifted_at: null })
  return true
}

const reportersOf = (tables: Tables, person: Person, since: number): number => {
  const lifted = tables.pauses.get(keyOf(person))?.lifted_at ?? Number.NEGATIVE_INFINITY
  const counted = [...tables.cases.values()].filter((row) =>
    row.by_side === otherSide(person.user_type) &&
    personOf(row, person.user_type).user_id === person.user_id &&
    row.created_at >= since && row.created_at > lifted && row.resolution !== "dismissed"
  )
  return new Set(counted.map((row) => personOf(row, row.by_side).user_id)).size
}

const report = (
  tables: Tables,
  given: Report,
  rule: { readonly pause_at: number; readonly counted_since: number }
): Reported => {
  const before = [...tables.cases.values()].find((row) =>
    row.session_id === given.session_id && row.customer_id === given.customer_id &&
    row.mitra_id === given.mitra_id && row.by_side === given.by_side &&
    (row.resolved_at === null || row.id === given.id)
  )
  if (before === undefined) {
    const { at, ...row } = given
    tables.cases.set(given.id, {
      ...row,
      created_at: at,
      resolved_at: null,
      resolved_by: null,
      resolution: null
    })
  }
  const case_id = before?.id ?? given.id
  if (rule.pause_at <= 0) return { case_id, paused: false }
  const reported = personOf(given, otherSide(given.by_side))
  const reporters = reportersOf(tables, reported, rule.counted_since)
  return { case_id, paused: reporters >= rule.pause_at && pause(tables, reported, "reports", given.at) }
}

const caseOf = (tables: Tables, row: CaseRow): Case => ({
  ...row,
  customer_name: tables.customers.get(row.customer_id)?.call_name ?? "",
  mitra_name: tables.mitras.get(row.mitra_id)?.display_name ?? "",
  is_paused: isPaused(tables, personOf(row, otherSide(row.by_side)))
})

const lineOf = (tables: Tables, row: CaseRow): CaseLine => {
  const { evidence: _evidence, words: _words, ...line } = caseOf(tables, row)
  return line
}

const readCase = (tables: Tables, caseId: string, entry: ChangeEntry): Case | null => {
  const row = tables.cases.get(caseId)
  if (row === undefined) return null
  appendEntry(tables, { ...entry, before: null, after: null })
  return caseOf(tables, row)
}

const resolveCase = (
  tables: Tables,
  caseId: string,
  resolution: Resolution,
  note: string,
  entry: ChangeEntry
): Resolved => {
  const row = tables.cases.get(caseId)
  if (row === undefined) return "unknown"
  if (row.resolved_at !== null) return "resolved_before"
  appendEntry(tables, { ...entry, before: null, after: { resolution, note } })
  tables.cases.set(caseId, { ...row, resolved_at: entry.at, resolved_by: entry.staff_id, resolution })
  if (resolution === "paused") pause(tables, personOf(row, otherSide(row.by_side)), "staff", entry.at)
  return "resolved"
}

const liftPause = (tables: Tables, person: Person, entry: ChangeEntry): boolean => {
  const row = tables.pauses.get(keyOf(person))
  if (row === undefined || row.lifted_at !== null) return false
  appendEntry(tables, { ...entry, before: { is_paused: true }, after: { is_paused: false } })
  tables.pauses.set(keyOf(person), { ...row, lifted_at: entry.at })
  return true
}

export const layer = Layer.effect(Trust)(Effect.map(MemoryTables, (tables) =>
  Trust.of({
    block: (given) => Effect.sync(() => block(tables, given)),
    unblock: (by, blockId) =>
      Effect.sync(() => {
        const row = madeBy(tables, by).find(({ id }) => id === blockId)
        return row !== undefined && tables.blocks.delete(blockKey(row))
      }),
    blocksOf: (by) => Effect.sync(() => blocksOf(tables, by)),
    blockedMitrasOf: (customerId) =>
      Effect.sync(() => [
        ...new Set(tables.blocks.where("customer", customerId).map((row) => row.mitra_id))
      ]),
    isBlocked: ({ customer_id, mitra_id }) =>
      Effect.sync(() =>
        tables.blocks.where("customer", customer_id).some((row) => row.mitra_id === mitra_id)
      ),
    report: (given, rule) => Effect.sync(() => report(tables, given, rule)),
    cases: ({ before, limit, open }) =>
      Effect.sync(() =>
        newestFirst(tables.cases.values())
          .filter((row) => (row.resolved_at === null) === open && (before === null || row.id < before))
          .slice(0, limit)
          .map((row) => lineOf(tables, row))
      ),
    readCase: (caseId, entry) => Effect.sync(() => readCase(tables, caseId, entry)),
    resolveCase: (caseId, resolution, note, entry) =>
      Effect.sync(() => resolveCase(tables, caseId, resolution, note, entry)),
    isPaused: (person) => Effect.sync(() => isPaused(tables, person)),
    liftPause: (person, entry) => Effect.sync(() => liftPause(tables, person, entry)),
    pausedOnline: (limit) =>
      Effect.sync(() =>
        [...tables.pauses.values()]
          .filter((row) => row.user_type === "mitra" && row.lifted_at === null)
          .map((row) => row.user_id)
          .filter((id) => tables.mitra_status.get(id)?.is_online === true)
          .toSorted()
          .slice(0, limit)
      )
  })))
