// How the read replica stands, for health; null where there is none.
import * as Context from "effect/Context"

export interface ReplicaState {
  /** Null: nobody knows. */
  readonly lag_seconds: number | null
  /** Why it serves nothing; null: it serves. */
  readonly trouble: string | null
}

export const ReplicaStanding = Context.Reference<(() => ReplicaState) | null>(
  "halobestie/services/ReplicaStanding",
  { defaultValue: () => null }
)
