// Settings in memory: the rows are the shared in-memory store's, the cache is this layer's own.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Settings } from "../../src/services/settings/settings.ts"
import { appendEntry } from "./audit-log.memory.ts"
import { MemoryTables, type Tables } from "./store/tables.ts"
import { cached, type SettingsStore } from "../../src/layers/settings/settings.ts"

export const settingsStore = (tables: Tables): SettingsStore => ({
  rows: Effect.sync(() => [...tables.settings].map(([key, row]) => ({ key, value: row.value }))),
  write: (key, value, audit) =>
    Effect.sync(() => {
      if (appendEntry(tables, audit)) tables.settings.set(key, { value, updated_at: audit.at })
    })
})

export const layer = Layer.effect(Settings)(
  Effect.flatMap(MemoryTables, (tables) => cached(settingsStore(tables)))
)
