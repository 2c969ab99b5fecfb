// Settings: the product's tunable numbers. Reads come from memory, refreshed when the bus says so
// and at least once a minute; a write is one transaction with its audit entry.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { SettingKey, Settings as Values } from "../domain/settings.ts"
import type { AuditEntry } from "./audit.ts"
import type { Unavailable } from "./unavailable.ts"

export class Settings extends Context.Service<Settings, {
  /** Current values; defaults fill what was never written. */
  readonly current: Effect.Effect<Values, Unavailable>
  /** Stores one checked value; the audit entry goes with it. */
  readonly put: <Key extends SettingKey>(
    key: Key,
    value: Values[Key],
    audit: AuditEntry
  ) => Effect.Effect<void, Unavailable>
  /** Forgets the cached values: the next read asks the database. */
  readonly refresh: Effect.Effect<void>
}>()("halobestie/services/Settings") {}
