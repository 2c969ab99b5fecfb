// Settings in memory: the rows are the shared in-memory store's, the cache is this layer's own.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { isStillSeen } from "../../src/domain/settings.ts"
import { Settings } from "../../src/services/settings/settings.ts"
import { appendEntry } from "./audit-log.memory.ts"
import { MemoryTables, type Tables } from "./store/tables.ts"
import { cached, type SettingsStore } from "../../src/layers/settings/settings.ts"

export const settingsStore = (tables: Tables): SettingsStore => ({
  rows: Effect.sync(() => [...tables.settings].map(([key, row]) => ({ key, value: row.value }))),
  write: (key, value, audit, seen) =>
    Effect.sync(() => {
      const isRepeat = tables.audit_log.has(audit.id)
      if (!isRepeat && !isStillSeen(key, tables.settings.get(key)?.value, seen)) return false
      if (appendEntry(tables, audit)) tables.settings.set(key, { value, updated_at: audit.at })
      return true
    })
})

export const layer = Layer.effect(Settings)(
  Effect.flatMap(MemoryTables, (tables) => cached(settingsStore(tables)))
)
