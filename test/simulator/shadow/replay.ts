// Replays a recording against the real Postgres writer: rows of other ports are put as they were, turns are
// handed to the writer in groups, and after each group its verdicts and every row it touched are compared.
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { SecureRandom } from "effect/crypto"
import { isAppend } from "../../../src/layers/journal/appends.postgres.ts"
import { makeWriter } from "../../../src/layers/journal/journal.postgres.ts"
import { type Columns, columnsOf, isShadowed, keyOf, type ShadowedTable } from "./columns.ts"
import { makeShadowDatabase, type ShadowDatabase } from "./database.ts"
import type { RowChange, Step, TurnStep } from "./recording.ts"

const groupTurnsMax = 16

interface Group {
  /** Rows that other ports wrote before it. */
  readonly rows: Array<RowChange>
  readonly turns: Array<TurnStep>
}

/** Whose rows a turn writes, or lets decide. */
const concerns = ({ turn }: TurnStep): ReadonlyArray<string> => [
  turn.actor.id,
  ...(turn.session?.slot?._tag === "Claim" || turn.session?.slot?._tag === "Move"
    ? [turn.session.slot.mitra_id]
    : []),
  ...(turn.session?.payments ?? []).map(({ payment_id }) => payment_id)
]

const isAbout = (group: Group, { key, row, table }: RowChange): boolean =>
  group.turns.some((step) =>
    step.changes.some((change) => change.table === table && change.key === key) ||
    concerns(step).some((id) => key.includes(id) || Object.values(row ?? {}).includes(id))
  )

/** Who has a slot or an account first depends on the order, and a group has an order of its own. */
const isOrdered = ({ turn }: TurnStep): boolean =>
  turn.mitra !== null || (turn.session?.slot ?? null) !== null

/** As the group commit forms them: turns that the database judges have groups of their own. */
const mayJoin = (group: Group, step: TurnStep): boolean =>
  group.turns.length < groupTurnsMax &&
  group.turns.every(({ turn }) => isAppend(turn) === isAppend(step.turn)) &&
  group.turns.every(({ turn }) => turn.actor.id !== step.turn.actor.id) &&
  !(isOrdered(step) && group.turns.some(isOrdered))

/** In the order of the recording, but for rows that are none of a group's business: they go before it. */
const groupsOf = (steps: ReadonlyArray<Step>): ReadonlyArray<Group> => {
  const groups: Array<Group> = []
  let group: Group = { rows: [], turns: [] }
  const next = () => {
    groups.push(group)
    group = { rows: [], turns: [] }
  }
  for (const step of steps) {
    if (step._tag === "Rows") {
      if (step.changes.some((change) => isAbout(group, change))) next()
      group.rows.push(...step.changes)
      continue
    }
    if (!mayJoin(group, step)) next()
    group.turns.push(step)
  }
  next()
  return groups
}

/** Both sides' rows by table and key, as they are now. */
class Rows {
  readonly #rows = new Map<string, Columns | null>()

  set(table: ShadowedTable, key: string, columns: Columns | null): void {
    this.#rows.set(`${table} ${key}`, columns)
  }

  get(table: ShadowedTable, key: string): Columns | null {
    return this.#rows.get(`${table} ${key}`) ?? null
  }
}

const put = Effect.fnUntraced(function*(
  database: ShadowDatabase,
  changes: ReadonlyArray<RowChange>,
  memory: Rows,
  postgres: Rows
) {
  const rows = new Map<ShadowedTable, Map<string, Columns>>()
  for (const { key, row, table } of changes) {
    // Entries of the log have no second reader, and "nothing" in their JSON is not an absent column.
    if (!isShadowed(table) || table === "audit_log") continue
    if (row === null) {
      yield* database.remove(table, key)
      postgres.set(table, key, null)
      continue
    }
    const columns = columnsOf(table, row)
    memory.set(table, key, columns)
    postgres.set(table, key, columns)
    rows.set(table, (rows.get(table) ?? new Map<string, Columns>()).set(key, columns))
  }
  if (rows.size === 0) return
  yield* database.put(new Map([...rows].map(([table, some]) => [table, [...some.values()]])))
})

const compareRows = Effect.fnUntraced(function*(
  database: ShadowDatabase,
  turns: ReadonlyArray<TurnStep>,
  memory: Rows,
  postgres: Rows
) {
  const touched = new Map<string, readonly [ShadowedTable, string]>()
  for (const { key, row, table } of turns.flatMap(({ changes }) => changes)) {
    if (!isShadowed(table)) {
      return yield* Effect.die(new Error(`a turn wrote ${table}, which is not compared`))
    }
    memory.set(table, key, row === null ? null : columnsOf(table, row))
    touched.set(`${table} ${key}`, [table, key])
  }
  for (const { after, before, table } of yield* database.written) {
    const key = keyOf(table, after ?? before ?? {})
    postgres.set(table, key, after)
    touched.set(`${table} ${key}`, [table, key])
  }
  for (const [table, key] of touched.values()) {
    const kinds = turns.map(({ turn }) =>
      turn.session?.events.map(({ event }) => event._tag).join("+") ?? "mitra"
    )
    assert.deepStrictEqual(
      postgres.get(table, key),
      memory.get(table, key),
      `${table} ${key}, after ${kinds.join(", ")}`
    )
  }
  return [...touched.values()].map(([table]) => table)
})

/** Fails at the first difference; gives what was compared. */
export const replay = Effect.fnUntraced(function*(steps: ReadonlyArray<Step>) {
  const database = yield* makeShadowDatabase
  const transactionIds: Array<string> = []
  const random = yield* SecureRandom.SecureRandom
  const nextId = Effect.sync(() => transactionIds.shift() ?? "no id was recorded")
  const writer = yield* makeWriter.pipe(
    Effect.provideService(SecureRandom.SecureRandom, { ...random, uuidV7: (() => nextId) as never })
  )
  const [memory, postgres] = [new Rows(), new Rows()]
  const compared = {
    turns: 0,
    groups: 0,
    verdicts: new Set<string>(),
    appended: new Set<string>(),
    tables: new Set<string>()
  }
  for (const { rows, turns } of groupsOf(steps)) {
    yield* put(database, rows, memory, postgres)
    if (turns.length === 0) continue
    for (const { transactionIds: ids, verdict } of turns) {
      if (Exit.isSuccess(verdict) && verdict.value._tag === "Committed") transactionIds.push(...ids)
    }
    const outcomes = yield* writer.writeBatch(turns.map(({ turn }) => turn))
    assert.deepStrictEqual(outcomes, turns.map(({ verdict }) => verdict))
    outcomes.forEach((outcome, index) => {
      if (!Exit.isSuccess(outcome)) return
      compared.verdicts.add(outcome.value._tag)
      if (isAppend(turns[index]!.turn)) compared.appended.add(outcome.value._tag)
    })
    for (const table of yield* compareRows(database, turns, memory, postgres)) compared.tables.add(table)
    compared.turns += turns.length
    compared.groups += 1
  }
  return compared
})
