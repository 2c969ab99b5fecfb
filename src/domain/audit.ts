// An entry of the audit log: who did what, to what, when and from where. Entries are never rewritten.
import type { Json } from "effect/Schema"

export interface AuditEntry {
  readonly id: string
  readonly staff_id: string
  readonly action: string
  readonly target_type: string
  readonly target_id: string
  readonly before: Json
  readonly after: Json
  /** Where the call came from: the peer address of the internal listener. */
  readonly peer: string
  readonly at: number
}

/** For a change whose adapter knows what was there before and what is there after. */
export type ChangeEntry = Omit<AuditEntry, "before" | "after">
