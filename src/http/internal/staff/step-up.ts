// What the gate asks beside the role: for calls that move money, chats or rights, a password or code given
// within five minutes; for reads of what people said and did, an entry in the audit log.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { isPhone, maskedPhone } from "../../../domain/phone.ts"
import { refuse } from "../../../domain/refusal.ts"
import { Staff } from "../../../services/accounts/staff.ts"
import { StaffProofs } from "../../../services/accounts/staff-proofs.ts"
import type { Principal } from "../../socket/connection.ts"
import { entryBy } from "../change-entry.ts"

export const provedForMs = 5 * 60 * 1000

const stepUpRequired = refuse(
  "STEP_UP_REQUIRED",
  "Prove once more who you are: admin.step_up with your password or a code, then repeat the call."
)

export const checkProof = Effect.fnUntraced(function*({ auth_session_id }: Principal) {
  const proved = yield* (yield* StaffProofs).provedAt(auth_session_id)
  const now = yield* Clock.currentTimeMillis
  if (proved === null || proved + provedForMs < now) return yield* stepUpRequired
})

export interface AuditedRead {
  readonly action: string
  readonly target_type: string
  /** The field of the payload that says what was read. */
  readonly target: string
}

/** A page that is open asks again and again: within this long it is one look. */
const oneLookMs = 10 * 60 * 1000
const looksMax = 5_000

export const makeReadAudit = () => {
  const looks = new Map<string, number>()
  /** True for the first of a while. */
  const isNew = (key: string, now: number): boolean => {
    const before = looks.get(key)
    if (before !== undefined && now - before < oneLookMs) return false
    looks.delete(key)
    if (looks.size >= looksMax) looks.delete(looks.keys().next().value!)
    looks.set(key, now)
    return true
  }
  return Effect.fnUntraced(
    function*(read: AuditedRead, payload: unknown, principal: Principal, address: string) {
      const given = String((payload as Readonly<Record<string, unknown>>)[read.target] ?? "").trim()
      const target_id = isPhone(given) ? maskedPhone(given) : given
      const now = yield* Clock.currentTimeMillis
      const key = `${principal.auth_session_id} ${read.action} ${target_id}`
      if (!isNew(key, now)) return
      const reader = { staff_id: principal.user_id, peer: address }
      const entry = yield* entryBy(reader, read.action, read.target_type, target_id)
      // Not written is not read: the look is tried again with the next call.
      yield* (yield* Staff).appendAudit({ ...entry, before: null, after: null }).pipe(
        Effect.onError(() => Effect.sync(() => looks.delete(key)))
      )
    }
  )
}
