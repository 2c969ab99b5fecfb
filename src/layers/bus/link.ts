// A link: one way for payloads to reach the other runners. A bus has one or more, in the order it
// prefers them, and listens on all of them.
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

export interface Link {
  /** In one word an operator knows. */
  readonly name: string
  /**
   * Sends in order. Answers how many listeners there were, this runner included if it listens; null when
   * every listener gets it for certain. What failed may have been sent all the same.
   */
  readonly send: (payloads: ReadonlyArray<string>) => Effect.Effect<number | null, unknown>
  /** How many listen now, this runner included; null where that cannot be asked. */
  readonly listeners: Effect.Effect<number, unknown> | null
  /**
   * Listens on a connection of its own until the scope closes. The inner effect waits for the next
   * payloads; it fails when the connection is lost.
   */
  readonly listen: Effect.Effect<Effect.Effect<ReadonlyArray<string>, unknown>, unknown, Scope.Scope>
}

/** Payloads taken at a time. */
export const batchLimit = 64
