// The caller of a public RPC, as the connection knows them. Every handler asks here first; payloads
// never say who is calling.
import * as Effect from "effect/Effect"
import { refuse } from "../../../domain/refusal.ts"
import type { Participant, Side } from "../../../domain/session/state.ts"
import { currentConnection, type Principal } from "../../socket/connection.ts"

export interface Caller extends Participant {
  /** Scopes the caller's command ids in an actor. */
  readonly sender_id: `${Side}:${string}`
  /** The bus topic of everything this person must hear. */
  readonly topic: `${Side}:${string}`
}

const notSignedIn = refuse("NOT_SIGNED_IN", "Sign in first: send auth.authenticate with an access token.")

const forbidden = (side: Side) =>
  refuse("FORBIDDEN", side === "customer" ? "Only customers may do this." : "Only besties may do this.")

/** Staff tokens are not accepted on this listener; if one ever were, its connection would have no caller. */
const isPhoneOwner = (principal: Principal): principal is Principal & { readonly user_type: Side } =>
  principal.user_type !== "staff"

/** A customer or a mitra, with the sign-in they came by. */
export const currentSignIn = Effect.flatMap(
  Effect.flatMap(currentConnection, ({ principal }) => principal),
  (principal) => principal !== null && isPhoneOwner(principal) ? Effect.succeed(principal) : notSignedIn
)

export const currentCaller = Effect.map(currentSignIn, ({ user_id, user_type }): Caller => {
  const name = `${user_type}:${user_id}` as const
  return { side: user_type, id: user_id, sender_id: name, topic: name }
})

const callerOn = (side: Side) =>
  Effect.flatMap(currentCaller, (caller) => caller.side === side ? Effect.succeed(caller) : forbidden(side))

export const currentCustomer = callerOn("customer")
export const currentMitra = callerOn("mitra")

export const participantOf = (caller: Caller): Participant => ({ side: caller.side, id: caller.id })
