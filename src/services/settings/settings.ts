// Settings: the product's tunable numbers. Reads come from memory, refreshed when the bus says so
// and at least once a minute; a write is one transaction with its audit entry.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Json } from "effect/Schema"
import type { SettingKey, Settings as Values } from "../../domain/settings.ts"
import type { AuditEntry } from "../../domain/audit.ts"
import type { Unavailable } from "../platform/unavailable.ts"

export class Settings extends Context.Service<Settings, {
  /** Current values, at most a minute old; defaults fill what was never written or is not usable. */
  readonly current: Effect.Effect<Values, Unavailable>
  /**
   * Stores one checked value; the audit entry goes with it, in one transaction. The same entry again
   * is a repeat and changes nothing. False, and nothing is stored: another value than `seen` is in force.
   * This runner's next read sees the new value.
   */
  readonly put: <Key extends SettingKey>(
    key: Key,
    value: Values[Key],
    audit: AuditEntry,
    seen?: Json
  ) => Effect.Effect<boolean, Unavailable>
  /** Forgets the cached values: the next read asks the database. */
  readonly refresh: Effect.Effect<void>
}>()("halobestie/services/Settings") {}
