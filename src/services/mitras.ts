// Mitras: owning and reading one mitra's row. Availability (who may be asked now) is its own port.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { MitraState, OfflineCause } from "../domain/mitra.ts"
import type { Unavailable } from "./unavailable.ts"

export interface OnlineLogEntry {
  readonly is_online: boolean
  readonly cause: OfflineCause | "toggle"
  readonly at: number
}

export class Mitras extends Context.Service<Mitras, {
  /**
   * Takes the next epoch for `runner` and loads the mitra as she is after every write of an older
   * epoch, or null if there is none.
   */
  readonly claim: (
    mitraId: string,
    runner: string
  ) => Effect.Effect<{ readonly epoch: number; readonly state: MitraState } | null, Unavailable>
  readonly find: (mitraId: string) => Effect.Effect<MitraState | null, Unavailable>
  readonly ownerOf: (
    mitraId: string
  ) => Effect.Effect<{ readonly runner: string | null; readonly epoch: number } | null, Unavailable>
  /** Slots in use, with the session that holds each. */
  readonly slotsOf: (
    mitraId: string
  ) => Effect.Effect<ReadonlyArray<{ readonly slot: number; readonly session_id: string }>, Unavailable>
  /** Newest first, at most `limit`. */
  readonly onlineLog: (
    mitraId: string,
    limit: number
  ) => Effect.Effect<ReadonlyArray<OnlineLogEntry>, Unavailable>
}>()("halobestie/services/Mitras") {}
