// The audit entry of what a member of staff does: who, what, when and from where.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { SecureRandom } from "effect/crypto"
import { currentStaff } from "./staff/current-staff.ts"

export const newId = Effect.flatMap(SecureRandom.SecureRandom, (random) => random.uuidV7())

interface Actor {
  readonly staff_id: string
  readonly peer: string
}

/** By somebody who is not signed in here: at the door, or at the gate. */
export const entryBy = Effect.fnUntraced(
  function*({ peer, staff_id }: Actor, action: string, target_type: string, target_id: string) {
    return {
      id: yield* newId,
      staff_id,
      action,
      target_type,
      target_id,
      peer,
      at: yield* Clock.currentTimeMillis
    }
  }
)

/** By whoever this call is of. */
export const entryOf = (action: string, target_type: string, target_id: string) =>
  Effect.flatMap(currentStaff, (staff) => entryBy(staff, action, target_type, target_id))
