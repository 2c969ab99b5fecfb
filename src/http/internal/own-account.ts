// Handlers of the calls about one's own account. Whoever changes how an account is entered has just proved
// who they are (permissions.ts), and every sign-in ends that the change was made against.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { AdminOwnAccountRpcs } from "../../contract/staff/own-account.ts"
import { instant } from "../../contract/fields.ts"
import { refuse } from "../../domain/refusal.ts"
import { SignIns } from "../../services/accounts/sign-ins.ts"
import { Passwords } from "../../services/accounts/passwords.ts"
import { Staff } from "../../services/accounts/staff.ts"
import { StaffProofs } from "../../services/accounts/staff-proofs.ts"
import { closeAfterAnswer } from "../socket/own-sockets.ts"
import { answering } from "../public/handlers/answering.ts"
import { entryOf } from "./change-entry.ts"
import { currentPrincipal, currentStaff } from "./staff/current-staff.ts"
import { countAttempt, forgiveAttempts, type StaffEvent, tellStaffEvent } from "./staff/password-attempts.ts"
import { isOn, newRecoveryCodes, newSecret, recoveryHash, stepOf, takeCode } from "./staff/second-factor.ts"
import { provedForMs } from "./staff/step-up.ts"
import { prolong, wrongCode } from "./staff/staff-sign-in.ts"

const own = Effect.gen(function*() {
  const { peer, staff_id } = yield* currentStaff
  const account = yield* (yield* Staff).findStaff(staff_id)
  if (account === null) return yield* refuse("ACCOUNT_NOT_FOUND", "There is no such staff account.")
  return { account, address: peer, now: yield* Clock.currentTimeMillis }
})

const signOut = Effect.gen(function*() {
  const { account, address, now } = yield* own
  const { auth_session_id } = yield* currentPrincipal
  yield* (yield* SignIns).revokeFamily(auth_session_id, "signed_out", now)
  yield* closeAfterAnswer(`staff:${account.id}`, auth_session_id)
  yield* tellStaffEvent("signed_out", account.email, address)
  return { signed_out: true }
}).pipe(Effect.uninterruptible)

const stay = Effect.gen(function*() {
  const { access_token, expires_at } = yield* prolong(yield* currentPrincipal)
  return { access_token, access_expires_at: instant(expires_at) }
})

const failed = Effect.fnUntraced(function*(event: StaffEvent, email: string, address: string) {
  yield* tellStaffEvent(event, email, address)
  return yield* refuse("CREDENTIALS_INVALID", "The password is wrong.")
})

const checkPassword = Effect.fnUntraced(function*(password: string, event: StaffEvent) {
  const { account, address, now } = yield* own
  yield* countAttempt({ email: account.email, account, address, now })
  if (!(yield* (yield* Passwords).verify(password, account.password_hash))) {
    return yield* failed(event, account.email, address)
  }
  yield* forgiveAttempts(account, address)
})

const checkCode = Effect.fnUntraced(function*(code: string) {
  const { account, address, now } = yield* own
  yield* countAttempt({ email: account.email, account, address, now })
  const factor = yield* (yield* StaffProofs).secondFactor(account.id)
  if (!isOn(factor) || !(yield* takeCode(account.id, factor.secret, code, now))) {
    yield* tellStaffEvent("step_up_failed", account.email, address)
    return yield* wrongCode
  }
  yield* forgiveAttempts(account, address)
})

const stepUp = Effect.fnUntraced(
  function*({ code, password }: { readonly code: string | null; readonly password: string | null }) {
    const { auth_session_id } = yield* currentPrincipal
    if ((code === null) === (password === null)) {
      return yield* refuse("BAD_REQUEST", "Give your password or a code, one of the two.")
    }
    if (password !== null) yield* checkPassword(password, "step_up_failed")
    if (code !== null) yield* checkCode(code)
    const now = yield* Clock.currentTimeMillis
    yield* (yield* StaffProofs).prove(auth_session_id, now)
    return { proved_until: instant(now + provedForMs) }
  }
)

const changePassword = Effect.fnUntraced(
  function*(given: { readonly current_password: string; readonly new_password: string }) {
    yield* checkPassword(given.current_password, "sign_in_failed")
    const { account, address, now } = yield* own
    const hash = yield* (yield* Passwords).hash(given.new_password)
    const entry = yield* entryOf("staff.password_change", "staff", account.id)
    yield* (yield* StaffProofs).changePassword(account.id, hash, entry)
    // Whoever came in with the old password is out, this sign-in among them.
    const signed_out = yield* (yield* SignIns).revokeAllOf("staff", account.id, "password_changed", now)
    yield* closeAfterAnswer(`staff:${account.id}`, null)
    yield* tellStaffEvent("password_changed", account.email, address)
    return { signed_out }
  }
)

const secondFactor = Effect.gen(function*() {
  const { account } = yield* own
  const factor = yield* (yield* StaffProofs).secondFactor(account.id)
  return { is_on: isOn(factor), recovery_codes_left: factor?.recovery_codes_left ?? 0 }
})

const begin = Effect.gen(function*() {
  const { account, now } = yield* own
  const made = yield* newSecret(account.email)
  if (yield* (yield* StaffProofs).beginSecondFactor(account.id, made.secret, now)) return made
  return yield* refuse("SECOND_FACTOR_ON", "A second factor is on already. Take it off first.")
})

const confirm = Effect.fnUntraced(function*(code: string) {
  const { account, address, now } = yield* own
  yield* countAttempt({ email: account.email, account, address, now })
  const proofs = yield* StaffProofs
  const factor = yield* proofs.secondFactor(account.id)
  if (isOn(factor)) {
    return yield* refuse("SECOND_FACTOR_ON", "A second factor is on already.")
  }
  const step = factor === null ? null : stepOf(factor.secret, code.replaceAll(/\s/g, ""), now)
  if (step === null) return yield* wrongCode
  const recovery_codes = yield* newRecoveryCodes
  const hashes = recovery_codes.map((one) => recoveryHash(account.id, one))
  const entry = yield* entryOf("staff.second_factor_on", "staff", account.id)
  if (!(yield* proofs.confirmSecondFactor(account.id, step, hashes, entry))) return yield* wrongCode
  yield* forgiveAttempts(account, address)
  return { recovery_codes }
})

const takeOff = Effect.fnUntraced(function*(staffId: string | null, action: string) {
  const { staff_id: me } = yield* currentStaff
  const target = staffId ?? me
  if ((yield* (yield* Staff).findStaff(target)) === null) {
    return yield* refuse("ACCOUNT_NOT_FOUND", "There is no such staff account.", { staff_id: target })
  }
  const entry = yield* entryOf(action, "staff", target)
  return { was_on: yield* (yield* StaffProofs).removeSecondFactor(target, entry) }
})

export const layer = AdminOwnAccountRpcs.toLayer({
  "admin.sign_out": () => answering(signOut),
  "admin.prolong": () => answering(stay),
  "admin.step_up": (given) => answering(stepUp(given)),
  "admin.password_change": (given) => answering(changePassword(given)),
  "admin.second_factor": () => answering(secondFactor),
  "admin.second_factor_begin": () => answering(begin),
  "admin.second_factor_confirm": ({ code }) => answering(confirm(code)),
  "admin.second_factor_off": () => answering(takeOff(null, "staff.second_factor_off")),
  "admin.staff_second_factor_reset": ({ staff_id }) =>
    answering(takeOff(staff_id, "staff.second_factor_reset"))
})
