// The audit entry of a change that a member of staff asks for: who, what, when and from where.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { SecureRandom } from "effect/crypto"
import { currentStaff } from "./staff/current-staff.ts"

export const newId = Effect.flatMap(SecureRandom.SecureRandom, (random) => random.uuidV7())

export const entryOf = Effect.fnUntraced(function*(action: string, target_type: string, target_id: string) {
  const { peer, staff_id } = yield* currentStaff
  return {
    id: yield* newId,
    staff_id,
    action,
    target_type,
    target_id,
    peer,
    at: yield* Clock.currentTimeMillis
  }
})
