// The staff member behind an internal call, as the connection knows them. What their role allows was
// decided before the handler runs (permissions.ts).
import * as Effect from "effect/Effect"
import type { StaffOrigin } from "../../../actors/turn-call.ts"
import { refuse } from "../../../domain/refusal.ts"
import { currentConnection } from "../../socket/connection.ts"

export interface CurrentStaff extends StaffOrigin {
  readonly sender_id: `staff:${string}`
}

const notSignedIn = refuse(
  "NOT_SIGNED_IN",
  "Sign in first: admin.sign_in, then admin.authenticate (or the Authorization header)."
)

/** With the sign-in it came by. */
export const currentPrincipal = Effect.gen(function*() {
  const principal = yield* (yield* currentConnection).principal
  return principal === null || principal.user_type !== "staff" ? yield* notSignedIn : principal
})

export const currentStaff = Effect.gen(function*() {
  const principal = yield* currentPrincipal
  const staff: CurrentStaff = {
    staff_id: principal.user_id,
    peer: (yield* currentConnection).remote_address,
    sender_id: `staff:${principal.user_id}`,
    ...(principal.token === undefined ? {} : { token: principal.token })
  }
  return staff
})

/** For a command: whose it is, and the token that proves it wherever the actor lives. */
export const originOf = ({ peer, staff_id, token }: CurrentStaff): StaffOrigin => ({
  staff_id,
  peer,
  ...(token === undefined ? {} : { token })
})
