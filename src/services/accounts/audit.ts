// Audit: who did what, to what, when and from where. Append-only; most entries are written inside
// the transaction of the change they describe.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AuditEntry } from "../../domain/audit.ts"
import type { Unavailable } from "../platform/unavailable.ts"

export type { AuditEntry } from "../../domain/audit.ts"

/** For a change whose adapter knows what was there before and what is there after. */
export type ChangeEntry = Omit<AuditEntry, "before" | "after">

export class Audit extends Context.Service<Audit, {
  /** The same id again changes nothing. */
  readonly append: (entry: AuditEntry) => Effect.Effect<void, Unavailable>
  /** Newest first; `before` is the id of the last entry of the previous page. `limit` 1 to 200. */
  readonly page: (options: {
    readonly before: string | null
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<AuditEntry>, Unavailable>
}>()("halobestie/services/Audit") {}
