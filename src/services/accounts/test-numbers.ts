// TestNumbers: phones whose sign-in code staff have chosen, for testers and store reviewers. They count only
// while no provider sends codes. Every change is written together with its audit entry.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { ChangeEntry } from "./audit.ts"
import type { Unavailable } from "../platform/unavailable.ts"

export interface TestNumber {
  readonly phone: string
  readonly code: string
}

/** Staff cannot list more than this; the last one is refused a place. */
export const testNumbersMax = 200

export class TestNumbers extends Context.Service<TestNumbers, {
  /** By phone. */
  readonly list: Effect.Effect<ReadonlyArray<TestNumber>, Unavailable>
  readonly codeOf: (phone: string) => Effect.Effect<string | null, Unavailable>
  /** False when there are `testNumbersMax` others already. */
  readonly put: (number: TestNumber, entry: ChangeEntry) => Effect.Effect<boolean, Unavailable>
  /** False when it was not there: then there is no entry either. */
  readonly remove: (phone: string, entry: ChangeEntry) => Effect.Effect<boolean, Unavailable>
}>()("halobestie/services/TestNumbers") {}
