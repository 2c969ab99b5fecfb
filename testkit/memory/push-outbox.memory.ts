// PushOutbox in memory: rows of the shared in-memory store, judged as Postgres judges them.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type PushKind, pushKinds } from "../../src/domain/push.ts"
import type { ChangeEntry } from "../../src/domain/audit.ts"
import {
  type Claimed,
  type ClaimedPush,
  type PushFinish,
  type PushHold,
  PushOutbox,
  type Replayed,
  replayMax
} from "../../src/services/push/push-outbox.ts"
import { appendEntry } from "./audit-log.memory.ts"
import { commandKey } from "../../src/domain/verdict.ts"
import { finished, isSuperseded, isWanted, openRows } from "./store/push-rows.ts"
import { MemoryTables, type PushRow, type Tables } from "./store/tables.ts"
import { dayIn, TimeZone } from "../../src/services/platform/time-zone.ts"
import { outboxId } from "../../src/layers/push/push-admin.postgres.ts"
import { betweenStatements } from "./store/statements.ts"

type Options<Name extends "claim" | "tidy"> = Parameters<PushOutbox["Service"][Name]>[0]

const soonestFirst = (a: PushRow, b: PushRow): number => a.expires_at - b.expires_at || (a.id < b.id ? -1 : 1)

const claimedOf = (row: PushRow): ClaimedPush => {
  const { finished_at: _at, last_error: _error, status: _status, ...push } = row
  return push
}

const holdAt = (tables: Tables, now: number): PushHold | null => {
  const held = tables.push_hold.get("hold")
  return held !== undefined && held.until > now ? held : null
}

const claim = (tables: Tables, { lease_until, limit, now }: Options<"claim">): Claimed => {
  if (holdAt(tables, now) !== null) return { pushes: [], over: 0 }
  const due = openRows(tables)
    .filter((row) => row.due_at <= now)
    .toSorted(soonestFirst)
    .slice(0, limit)
  // All are judged before any is changed, as one statement does it.
  const judged = due.map((row) => ({
    row: { ...row, claims: row.claims + 1 },
    isExpired: row.expires_at <= now,
    isOver: isSuperseded(tables, row) || !isWanted(tables, row)
  }))
  const pushes: Array<ClaimedPush> = []
  for (const { isExpired, isOver, row } of judged) {
    if (isExpired) tables.push_outbox.set(row.id, { ...row, status: "expired", finished_at: now })
    else if (isOver && row.kind === "message") tables.push_outbox.delete(row.id)
    else if (isOver) tables.push_outbox.set(row.id, { ...row, status: "cancelled", finished_at: now })
    else {
      const taken: PushRow = { ...row, status: "sending", due_at: lease_until }
      tables.push_outbox.set(row.id, taken)
      pushes.push(claimedOf(taken))
    }
  }
  return { pushes, over: judged.length - pushes.length }
}

const standing = (tables: Tables, push: ClaimedPush): PushRow | null => {
  const row = tables.push_outbox.get(push.id)
  return row !== undefined && row.status === "sending" && row.claims === push.claims ? row : null
}

const stillWanted = (tables: Tables, push: ClaimedPush, now: number): boolean => {
  const row = standing(tables, push)
  return row !== null && row.expires_at > now && isWanted(tables, row)
}

const finish = (tables: Tables, zone: string, done: PushFinish, now: number): void => {
  const row = standing(tables, done.push)
  if (row !== null) tables.push_outbox.set(row.id, finished(row, done.outcome, now))
  if (done.sent + done.failed === 0) return
  const day = dayIn(zone, now)
  const key = `${day}/${done.push.kind}`
  const before = tables.push_costs.get(key) ?? { day, kind: done.push.kind, sent: 0, failed: 0 }
  tables.push_costs.set(key, {
    ...before,
    sent: before.sent + done.sent,
    failed: before.failed + done.failed
  })
}

const clocksDifferMs = 3_600_000

const tidy = Effect.fnUntraced(function*(
  tables: Tables,
  { dead_before, done_before, limit, now }: Options<"tidy">
) {
  const expired = openRows(tables).filter((row) => row.expires_at <= now).slice(0, limit)
  for (const row of expired) tables.push_outbox.set(row.id, { ...row, status: "expired", finished_at: now })
  yield* betweenStatements
  const isOld = (row: PushRow): boolean =>
    row.finished_at !== null && row.finished_at < (row.status === "dead" ? dead_before : done_before)
  const old: Array<PushRow> = []
  for (const row of tables.push_outbox.values()) {
    // Rows lie in the order they were made, give or take the clocks of runners; none ended before that.
    if (old.length === limit || row.created_at >= Math.max(done_before, dead_before) + clocksDifferMs) break
    if (isOld(row)) old.push(row)
  }
  for (const row of old) tables.push_outbox.delete(row.id)
  return { expired: expired.length, deleted: old.length }
})

const deadOnes = (tables: Tables): ReadonlyArray<PushRow> =>
  tables.push_outbox.where("status", "dead").toSorted((a, b) => (a.id < b.id ? 1 : -1))

const depth = (tables: Tables, now: number) => {
  const rows = openRows(tables)
  const open = pushKinds.toSorted().flatMap((kind: PushKind) => {
    const times = rows.filter((row) => row.kind === kind).map((row) => row.created_at)
    return times.length === 0 ? [] : [{ kind, count: times.length, oldest_created_at: Math.min(...times) }]
  })
  return { open, dead: deadOnes(tables).length, hold: holdAt(tables, now) }
}

const letterOf = (row: PushRow) => {
  const {
    auth_session_id: _sign_in,
    claims: _claims,
    due_at: _due,
    finished_at,
    last_error,
    status: _status,
    ...letter
  } = row
  return { ...letter, died_at: finished_at ?? 0, code: last_error ?? "" }
}

const replay = (
  tables: Tables,
  pushId: string | null,
  command: { readonly sender_id: string; readonly command_id: string },
  entry: ChangeEntry
): Replayed => {
  const key = commandKey(outboxId, command.sender_id, command.command_id)
  const before = tables.commands_seen.get(key)
  if (before !== undefined) return before.outcome as unknown as Replayed
  const dead = deadOnes(tables)
  const asked = dead.filter((row) => pushId === null || row.id === pushId).slice(0, replayMax)
  const { at } = entry
  let replayed = 0
  for (const row of asked) {
    const isGood = row.expires_at > at
    if (isGood) replayed += 1
    tables.push_outbox.set(row.id, {
      ...row,
      attempts: 0,
      due_at: at,
      status: isGood ? "retrying" : "expired",
      finished_at: isGood ? null : at
    })
  }
  const outcome = { replayed, over: asked.length - replayed, left: dead.length - asked.length }
  appendEntry(tables, { ...entry, before: { dead: dead.length }, after: outcome })
  tables.commands_seen.set(key, { actor_id: outboxId, ...command, outcome, at })
  return outcome
}

const costs = (tables: Tables, zone: string, now: number, days: number) => {
  const last = dayIn(zone, now)
  const first = dayIn("UTC", Date.parse(last) - (days - 1) * 86_400_000)
  return [...tables.push_costs.values()]
    .filter(({ day }) => day >= first && day <= last)
    .toSorted((a, b) => (a.day === b.day ? (a.kind < b.kind ? -1 : 1) : a.day < b.day ? 1 : -1))
}

export const layer = Layer.effect(PushOutbox)(
  Effect.map(Effect.all([MemoryTables, TimeZone]), ([tables, zone]) =>
    PushOutbox.of({
      claim: (options) => Effect.sync(() => claim(tables, options)),
      isWanted: (push, now) => Effect.sync(() => stillWanted(tables, push, now)),
      finish: (done, now) => Effect.sync(() => finish(tables, zone, done, now)),
      hold: (hold) =>
        Effect.sync(() => {
          if ((tables.push_hold.get("hold")?.until ?? 0) < hold.until) tables.push_hold.set("hold", hold)
        }),
      tidy: (options) => tidy(tables, options),
      depth: (now) => Effect.sync(() => depth(tables, now)),
      deadLetters: ({ before, limit }) =>
        Effect.sync(() =>
          deadOnes(tables).filter(({ id }) => before === null || id < before).slice(0, limit).map(letterOf)
        ),
      replay: (pushId, command, entry) => Effect.sync(() => replay(tables, pushId, command, entry)),
      costs: (now, days) => Effect.sync(() => costs(tables, zone, now, days))
    }))
)
