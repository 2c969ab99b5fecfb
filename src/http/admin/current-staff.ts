// The staff member behind an internal call, as the connection knows them, and what their role allows.
import * as Effect from "effect/Effect"
import type { StaffOrigin } from "../../actors/turn-call.ts"
import { refuse } from "../../domain/refusal.ts"
import { People } from "../../services/people.ts"
import { currentConnection } from "../connection.ts"

export interface CurrentStaff extends StaffOrigin {
  readonly sender_id: `staff:${string}`
}

const notSignedIn = refuse(
  "NOT_SIGNED_IN",
  "Sign in first: admin.sign_in, then admin.authenticate (or the Authorization header)."
)

/** Any active member of staff: may look at everything. */
export const currentStaff = Effect.gen(function*() {
  const connection = yield* currentConnection
  const principal = yield* connection.principal
  if (principal === null || principal.user_type !== "staff") return yield* notSignedIn
  const staff: CurrentStaff = {
    staff_id: principal.user_id,
    peer: connection.peer,
    sender_id: `staff:${principal.user_id}`
  }
  return staff
})

const writers = ["admin", "operator"]

/** Staff whose role may change something; read afresh, so that a changed role counts at once. */
export const currentWriter = Effect.gen(function*() {
  const staff = yield* currentStaff
  const account = yield* (yield* People).findStaff(staff.staff_id)
  if (account === null || !account.is_active) return yield* notSignedIn
  if (!writers.includes(account.role)) {
    return yield* refuse("FORBIDDEN", "Your role may look, but not change anything.", { role: account.role })
  }
  return staff
})
