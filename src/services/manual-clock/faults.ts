// Faults: the faults a tester started, read where they take effect. Null unless the server was started
// with FAULTS=true or CLOCK=simulated, and always in production.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as RealTime from "../platform/real-time.ts"

export type FaultKind =
  | { readonly kind: "cut_socket"; readonly user_id: string }
  | { readonly kind: "lag_socket"; readonly user_id: string; readonly delay_ms: number }
  | { readonly kind: "lose_valkey" }
  | { readonly kind: "slow_database"; readonly delay_ms: number }
  | { readonly kind: "double_webhook" }

export interface Fault {
  readonly id: string
  readonly fault: FaultKind
  /** Both in real time: a fault is undone whatever the product's clock does. */
  readonly began_at: number
  readonly undone_at: number
}

/** An open socket, as far as a fault may touch it. */
export interface FaultySocket {
  readonly user_id: () => string | null
  readonly cut: () => void
}

export interface ActiveFaults {
  readonly database_delay_ms: () => number
  readonly valkeyIsLost: () => boolean
  /** True once for each webhook that was asked to come twice. */
  readonly doublesWebhook: () => boolean
  readonly isCut: (userId: string) => boolean
  readonly lag_ms: (userId: string) => number
  /** An open socket that may be cut; returns its undoing. */
  readonly addSocket: (socket: FaultySocket) => () => void
}

export interface FaultMenu extends ActiveFaults {
  readonly list: Effect.Effect<ReadonlyArray<Fault>>
  /** Null when there are too many already. */
  readonly start: (fault: FaultKind, undoAfterMs: number) => Effect.Effect<Fault | null>
  /** Undoes one fault, or all when null; returns how many. */
  readonly undo: (id: string | null) => Effect.Effect<number>
}

/** Faults at the same time. */
export const faultsMax = 50

export const Faults = Context.Reference<FaultMenu | null>("halobestie/services/Faults", {
  defaultValue: () => null
})

/** Waits as long as the tester wants the database to take. */
export const slowDatabase: Effect.Effect<void> = Effect.flatMap(Faults, (faults) => {
  const delay_ms = faults?.database_delay_ms() ?? 0
  return delay_ms === 0 ? Effect.void : RealTime.onRealTime(Effect.sleep(delay_ms))
})
