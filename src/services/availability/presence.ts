// Presence: who has a socket open, on whichever runner, and who could be reached by push. Neither says
// that a mitra is available: that is what she declared, and her heartbeat.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { UserType } from "../accounts/sign-ins.ts"

export interface Person {
  readonly user_type: UserType
  readonly user_id: string
}

export class Presence extends Context.Service<Presence, {
  /** A socket of this person is open here until the scope closes. Never fails, never waits long. */
  readonly register: (person: Person) => Effect.Effect<void, never, Scope.Scope>
  /** From now on her sockets here count as closed, until they are heard again: events sent there get lost. */
  readonly setSilent: (person: Person, isSilent: boolean) => Effect.Effect<void>
  /** Null: no socket on this runner, and the others could not be asked. */
  readonly isConnected: (person: Person) => Effect.Effect<boolean | null>
}>()("halobestie/services/Presence") {}
