// Mitras in memory: one mitra's row, its owner, slots and log in the shared in-memory store.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { MitraState } from "../domain/mitra.ts"
import { Mitras } from "../services/mitras.ts"
import { MemoryTables, type Tables } from "./memory/tables.ts"

const stateOf = (tables: Tables, mitraId: string): MitraState | null => {
  const account = tables.mitras.get(mitraId)
  const status = tables.mitra_status.get(mitraId)
  if (account === undefined || status === undefined) return null
  return {
    id: mitraId,
    display_name: account.display_name,
    is_active: account.is_active,
    is_online: status.is_online,
    online_since: status.online_since
  }
}

const claim = (tables: Tables, mitraId: string, runner: string) => {
  const status = tables.mitra_status.get(mitraId)
  if (status === undefined) return null
  const epoch = status.owner_epoch + 1
  tables.mitra_status.set(mitraId, { ...status, owner_epoch: epoch, owner_runner: runner })
  const state = stateOf(tables, mitraId)
  return state === null ? null : { epoch, state }
}

export const layer = Layer.effect(Mitras)(
  Effect.map(MemoryTables, (tables) =>
    Mitras.of({
      claim: (mitraId, runner) => Effect.sync(() => claim(tables, mitraId, runner)),
      find: (mitraId) => Effect.sync(() => stateOf(tables, mitraId)),
      ownerOf: (mitraId) =>
        Effect.sync(() => {
          const status = tables.mitra_status.get(mitraId)
          return status === undefined ? null : { runner: status.owner_runner, epoch: status.owner_epoch }
        }),
      slotsOf: (mitraId) =>
        Effect.sync(() =>
          [...tables.mitra_slots.values()]
            .filter((row) => row.mitra_id === mitraId)
            .toSorted((a, b) => a.slot - b.slot)
            .map(({ slot, session_id }) => ({ slot, session_id }))
        ),
      onlineLog: (mitraId, limit) =>
        Effect.sync(() =>
          tables.mitra_online_logs
            .filter((row) => row.mitra_id === mitraId)
            .toReversed()
            .slice(0, limit)
            .map(({ is_online, cause, at }) => ({ is_online, cause, at }))
        )
    }))
)
