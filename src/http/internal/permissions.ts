// What each call of the control center needs, and the gate that asks before every one of them. A call that is
// not in the table is refused to all: forgetting one locks it, it does not open it. Beside the role: which
// calls need a fresh proof of who is there, and which reads are written down.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SecureRandom } from "effect/crypto"
import { RpcMiddleware } from "effect/rpc"
import { CallError } from "../../contract/errors.ts"
import { refuse } from "../../domain/refusal.ts"
import { type Action, isAllowed, type Permission, type Resource } from "../../domain/staff.ts"
import { Staff } from "../../services/accounts/staff.ts"
import { StaffProofs } from "../../services/accounts/staff-proofs.ts"
import { inShare } from "../../services/platform/pool-shares.ts"
import { currentConnection } from "../socket/connection.ts"
import { answering } from "../public/handlers/answering.ts"
import { type AuditedRead, checkProof, makeReadAudit } from "./staff/step-up.ts"

const to = (action: Action, resource: Resource): Permission => ({ resource, action })

/** "anybody": callers who are about to sign in. */
export const neededBy: Readonly<Record<string, Permission | "anybody">> = {
  "admin.sign_in": "anybody",
  "admin.authenticate": "anybody",
  "admin.live_counts": to("read", "dashboard"),
  "admin.me": to("read", "dashboard"),
  "admin.watch": to("read", "dashboard"),
  "admin.live_sessions": to("read", "sessions"),
  "admin.queue": to("read", "sessions"),
  "admin.session_timeline": to("read", "sessions"),
  "admin.customer": to("read", "sessions"),
  "admin.customers": to("read", "sessions"),
  "admin.customer_payments": to("read", "payments"),
  "admin.mitras": to("read", "mitras"),
  "admin.audit_search": to("read", "audit"),
  "admin.health": to("read", "system"),
  "admin.inspect_mitra": to("read", "mitras"),
  "admin.activate_mitra": to("write", "mitras"),
  "admin.deactivate_mitra": to("write", "mitras"),
  "admin.force_offline": to("write", "mitras"),
  "admin.lift_hold": to("write", "mitras"),
  "admin.drain_mitra": to("write", "mitras"),
  "admin.undo_drain": to("write", "mitras"),
  "admin.mirror_health": to("read", "system"),
  "admin.reseed_mirror": to("write", "system"),
  "admin.runners": to("read", "system"),
  "admin.drain_runner": to("write", "system"),
  "admin.mitra_create": to("write", "mitras"),
  "admin.mitra_rename": to("write", "mitras"),
  "admin.mitra_profile": to("write", "mitras"),
  "admin.mitra_delete": to("write", "staff"),
  "admin.inspect_session": to("read", "sessions"),
  "admin.cases": to("read", "cases"),
  "admin.case": to("read", "cases"),
  "admin.case_resolve": to("write", "cases"),
  "admin.pause_lift": to("write", "cases"),
  "admin.force_close": to("write", "sessions"),
  "admin.reroute": to("write", "sessions"),
  "admin.session_candidates": to("read", "sessions"),
  "admin.session_proposals": to("read", "sessions"),
  "admin.dismiss_proposal": to("write", "sessions"),
  "admin.stuck_sessions": to("read", "sessions"),
  "admin.past_sessions": to("read", "sessions"),
  "admin.mitra_activity": to("read", "mitras"),
  "admin.settings_read": to("read", "settings"),
  "admin.settings_write": to("write", "settings"),
  "admin.audit_log": to("read", "audit"),
  // One's own account: every role.
  "admin.sign_out": to("read", "dashboard"),
  "admin.prolong": to("read", "dashboard"),
  "admin.step_up": to("read", "dashboard"),
  "admin.password_change": to("read", "dashboard"),
  "admin.second_factor": to("read", "dashboard"),
  "admin.second_factor_begin": to("read", "dashboard"),
  "admin.second_factor_confirm": to("read", "dashboard"),
  "admin.second_factor_off": to("read", "dashboard"),
  "admin.staff_second_factor_reset": to("write", "staff"),
  "admin.pricing": to("read", "payments"),
  "admin.tier_put": to("write", "payments"),
  "admin.tier_deactivate": to("write", "payments"),
  "admin.discount_put": to("write", "payments"),
  "admin.pricing_history": to("read", "payments"),
  "admin.pending_payments": to("read", "payments"),
  "admin.failed_pairings": to("read", "payments"),
  "admin.payment_retry": to("write", "payments"),
  "admin.payment_set_refunded": to("write", "payments"),
  "admin.payment_dismiss": to("write", "payments"),
  "admin.roles": to("read", "staff"),
  "admin.staff_list": to("read", "staff"),
  "admin.staff_create": to("write", "staff"),
  "admin.staff_set_role": to("write", "staff"),
  "admin.staff_set_active": to("write", "staff"),
  "admin.push_outbox": to("read", "pushes"),
  "admin.push_dead_letters": to("read", "pushes"),
  "admin.push_replay": to("write", "pushes"),
  "admin.push_costs": to("read", "pushes"),
  "admin.test_numbers": to("read", "test_numbers"),
  "admin.test_number_put": to("write", "test_numbers"),
  "admin.test_number_remove": to("write", "test_numbers"),
  "clock.now": to("read", "system"),
  "clock.advance": to("write", "system"),
  "clock.set": to("write", "system"),
  "clock.run": to("write", "system"),
  "clock.pause": to("write", "system"),
  "faults.list": to("read", "system"),
  "faults.start": to("write", "system"),
  "faults.undo": to("write", "system")
}

/** Money, chats and rights: a password or a code given within five minutes, or a sign-in as young as that. */
export const needsStepUp: ReadonlySet<string> = new Set([
  "admin.reroute",
  "admin.force_close",
  "admin.payment_retry",
  "admin.payment_set_refunded",
  "admin.payment_dismiss",
  "admin.tier_put",
  "admin.tier_deactivate",
  "admin.discount_put",
  "admin.staff_create",
  "admin.staff_set_role",
  "admin.staff_set_active",
  "admin.staff_second_factor_reset",
  "admin.second_factor_begin",
  "admin.second_factor_off",
  "admin.test_number_put",
  "admin.mitra_delete"
])

const session = { action: "session.read", target_type: "session", target: "session_id" }

/** Who looked at whose chat or account, and when. */
export const auditedReads: Readonly<Record<string, AuditedRead>> = {
  "admin.inspect_session": session,
  "admin.session_timeline": session,
  "admin.customer": { action: "customer.read", target_type: "customer", target: "find" },
  "admin.customers": { action: "customer.search", target_type: "customer", target: "search" },
  "admin.customer_payments": { action: "customer.read", target_type: "customer", target: "customer_id" }
}

/** Stands before every call of the internal listener. */
export class PermissionGate
  extends RpcMiddleware.Service<PermissionGate>()("halobestie/http/PermissionGate", {
    error: CallError
  })
{}

const notSignedIn = refuse(
  "NOT_SIGNED_IN",
  "Sign in first: admin.sign_in, then admin.authenticate (or the Authorization header)."
)

type ReadAudit = ReturnType<typeof makeReadAudit>

/** Read afresh each time, so that a changed role or a deactivation counts at once, open sockets included. */
const check = Effect.fnUntraced(function*(tag: string, payload: unknown, auditRead: ReadAudit) {
  const needed = neededBy[tag]
  if (needed === "anybody") return
  const connection = yield* currentConnection
  const principal = yield* connection.principal
  if (principal === null || principal.user_type !== "staff") return yield* notSignedIn
  const account = yield* (yield* Staff).findStaff(principal.user_id)
  if (account === null || !account.is_active) return yield* notSignedIn
  if (needed === undefined || !isAllowed(account.role, needed)) {
    return yield* refuse("FORBIDDEN", "Your role may not do this.", {
      role: account.role,
      needed: needed === undefined ? null : { ...needed }
    })
  }
  if (needsStepUp.has(tag)) yield* checkProof(principal)
  const read = auditedReads[tag]
  if (read !== undefined) yield* auditRead(read, payload, principal, connection.remote_address)
})

export const layer = Layer.effect(PermissionGate)(
  Effect.gen(function*() {
    const services = yield* Effect.context<SecureRandom.SecureRandom | Staff | StaffProofs>()
    const auditRead = makeReadAudit()
    return PermissionGate.of((handler, { payload, rpc }) =>
      Effect.andThen(
        answering(Effect.provideContext(check(rpc._tag, payload, auditRead), services)),
        handler
      ).pipe(inShare("staff"))
    )
  })
)
