// Cipher: what private texts are in the database. A text is stored plain or sealed, never both; sealed, it
// opens only with its own associated data, and a phone is found again by its blind index.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Unavailable } from "../platform/unavailable.ts"

/** As it is stored: exactly one of the two is there. */
export interface StoredText {
  readonly plain: string | null
  readonly sealed: string | null
}

/** Synchronous: a whole group of turns is sealed without a step of the scheduler between two texts. */
export type Seal = (text: string, associatedData: string) => StoredText

export interface BlindIndexes {
  /** Stored beside a text sealed now; null where it is kept plain. */
  readonly written: string | null
  /** Under each key there is: rows sealed before a rotation are found too. */
  readonly known: ReadonlyArray<string>
}

export class Cipher extends Context.Service<Cipher, {
  /** The keys that open. */
  readonly key_ids: ReadonlyArray<string>
  /** The key that seals; null: what is written now stays plain. */
  readonly seals_with: string | null
  /** Good for this many texts: their randomness is drawn here, at once. */
  readonly sealer: (texts: number) => Effect.Effect<Seal>
  /**
   * Fails, as `encryption` and not retryable, when its key is not here, when it was sealed for other
   * associated data, or when it is not what was sealed.
   */
  readonly open: (sealed: string, associatedData: string) => Effect.Effect<string, Unavailable>
  /** Keyed hashes: equal for equal texts of a kind, and of no use to a reader without the key. */
  readonly blindIndexesOf: (kind: string, text: string) => BlindIndexes
}>()("halobestie/services/Cipher") {}
