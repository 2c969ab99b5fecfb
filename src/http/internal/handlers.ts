// The internal listener's handlers: each checks its caller, gives one command or reads one port, and
// builds a view. Writes are audited where they are committed, never here.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Json } from "effect/Schema"
import { freshness } from "../../domain/freshness.ts"
import { checkSetting } from "../../domain/settings.ts"
import { AdminRpcs } from "../../contract/staff/staff-views.ts"
import { instant } from "../../contract/fields.ts"
import { refuse } from "../../domain/refusal.ts"
import type { MitraCommand } from "../../domain/mitra.ts"
import { MitraActors } from "../../actors/mitra/protocol.ts"
import { SessionActors } from "../../actors/session/protocol.ts"
import { Staff } from "../../services/accounts/staff.ts"
import { Availability } from "../../services/availability/availability.ts"
import { Bus } from "../../services/bus/bus.ts"
import { Mitras } from "../../services/accounts/mitras.ts"
import { PersonalData } from "../../services/personal-data/personal-data.ts"
import { SessionOversight } from "../../services/sessions/session-oversight.ts"
import { Settings } from "../../services/settings/settings.ts"
import { currentConnection } from "../socket/connection.ts"
import { answering } from "../public/handlers/answering.ts"
import { TokenVerifier } from "../socket/token-verifier.ts"
import { currentStaff, originOf } from "./staff/current-staff.ts"
import { inspectMitra, inspectSession } from "./inspections.ts"
import { mirrorHealth, reseedMirror } from "./mirror.ts"
import { StaffSignIn } from "./staff/staff-sign-in.ts"
import { entryOf } from "./change-entry.ts"

const signIn = Effect.fnUntraced(function*(payload: {
  readonly email: string
  readonly password: string
  readonly code?: string | null
}) {
  const address = (yield* currentConnection).remote_address
  const signedIn = yield* (yield* StaffSignIn).signIn({ ...payload, code: payload.code ?? null, address })
  const { access_token, expires_at, staff_id } = signedIn
  return { staff_id, access_token, access_expires_at: instant(expires_at) }
})

const authenticate = Effect.fnUntraced(function*(accessToken: string) {
  const principal = yield* (yield* TokenVerifier).verify(accessToken)
  yield* (yield* currentConnection).authenticate(principal)
  return {
    staff_id: principal.user_id,
    access_expires_at: instant(principal.expires_at),
    server_now: instant(yield* Clock.currentTimeMillis)
  }
})

const liveCounts = Effect.gen(function*() {
  yield* currentStaff
  const values = yield* (yield* Settings).current
  const now = yield* Clock.currentTimeMillis
  const accounts = yield* (yield* Availability).counts(freshness(values, now))
  return { ...accounts, ...(yield* (yield* SessionOversight).counts) }
})

/** Who was deleted does not come back: there is no phone to sign in with. */
const notDeleted = Effect.fnUntraced(function*(mitra_id: string) {
  const held = yield* (yield* PersonalData).heldOf({ user_type: "mitra", user_id: mitra_id })
  if (held === null) return yield* refuse("ACCOUNT_NOT_FOUND", "There is no such bestie.", { mitra_id })
})

const changeMitra = Effect.fnUntraced(function*(
  payload: { readonly command_id: string; readonly mitra_id: string },
  commandBy: (staff_id: string) => MitraCommand
) {
  const staff = yield* currentStaff
  const command = commandBy(staff.staff_id)
  if (command._tag === "Activate") yield* notDeleted(payload.mitra_id)
  const reply = yield* (yield* MitraActors).run(payload.mitra_id, {
    sender_id: staff.sender_id,
    command_id: payload.command_id,
    command,
    staff: originOf(staff)
  })
  const slots = yield* (yield* Mitras).slotsOf(payload.mitra_id)
  return { is_draining: false, ...reply, running_sessions: slots.map((slot) => slot.session_id) }
})

const forceClose = Effect.fnUntraced(function*(payload: {
  readonly command_id: string
  readonly session_id: string
  readonly reason: string
}) {
  const staff = yield* currentStaff
  yield* (yield* SessionActors).run(payload.session_id, {
    sender_id: staff.sender_id,
    command_id: payload.command_id,
    command: { _tag: "ForceClose", staff_id: staff.staff_id, reason: payload.reason },
    staff: originOf(staff)
  })
  return yield* inspectSession(payload.session_id)
})

const readSettings = Effect.gen(function*() {
  yield* currentStaff
  return { settings: yield* (yield* Settings).current }
})

interface SettingChange {
  readonly key: string
  readonly value: unknown
  readonly seen?: Json
}

const writeSetting = Effect.fnUntraced(function*(change: SettingChange, heartbeatSeconds: number) {
  yield* currentStaff
  const settings = yield* Settings
  const checked = checkSetting(change.key, change.value, heartbeatSeconds)
  if (Result.isFailure(checked)) return yield* checked.failure
  const [name, accepted] = checked.success
  const before = (yield* settings.current)[name]
  const entry = yield* entryOf("setting.write", "setting", name)
  const isStored = yield* settings.put(name, accepted, { ...entry, before, after: accepted }, change.seen)
  if (!isStored) {
    const details = { key: name, given: change.seen ?? null, value: (yield* settings.current)[name] }
    return yield* refuse("STALE_WRITE", "A colleague has changed this setting meanwhile.", details)
  }
  yield* (yield* Bus).publish([{ topic: "settings", event: { _tag: "SettingsChanged" } }])
  return { settings: yield* settings.current }
})

const auditLog = Effect.fnUntraced(
  function*(page: { readonly before: string | null; readonly limit: number }) {
    yield* currentStaff
    const entries = yield* (yield* Staff).auditPage(page)
    return { entries: entries.map((entry) => ({ ...entry, at: instant(entry.at) })) }
  }
)

/** `heartbeatSeconds` is the deploy-fixed cadence no staleness setting may fall below. */
export const layer = (options: { readonly heartbeatSeconds: number }) =>
  AdminRpcs.toLayer({
    "admin.sign_in": (payload) => answering(signIn(payload)),
    "admin.authenticate": ({ access_token }) => answering(authenticate(access_token)),
    "admin.live_counts": () => answering(liveCounts),
    "admin.inspect_mitra": ({ mitra_id }) => answering(Effect.andThen(currentStaff, inspectMitra(mitra_id))),
    "admin.inspect_session": ({ session_id }) =>
      answering(Effect.andThen(currentStaff, inspectSession(session_id))),
    "admin.activate_mitra": (payload) =>
      answering(changeMitra(payload, (staff_id) => ({ _tag: "Activate", staff_id }))),
    "admin.deactivate_mitra": (payload) =>
      answering(changeMitra(payload, (staff_id) => ({ _tag: "Deactivate", staff_id }))),
    "admin.force_offline": ({ until_lifted = false, ...payload }) =>
      answering(changeMitra(payload, (staff_id) => ({ _tag: "ForceOffline", staff_id, until_lifted }))),
    "admin.lift_hold": (payload) =>
      answering(changeMitra(payload, (staff_id) => ({ _tag: "LiftHold", staff_id }))),
    "admin.drain_mitra": (payload) =>
      answering(changeMitra(payload, (staff_id) => ({ _tag: "Drain", staff_id }))),
    "admin.undo_drain": (payload) =>
      answering(changeMitra(payload, (staff_id) => ({ _tag: "UndoDrain", staff_id }))),
    "admin.mirror_health": () => answering(mirrorHealth),
    "admin.reseed_mirror": () => answering(reseedMirror),
    "admin.force_close": (payload) => answering(forceClose(payload)),
    "admin.settings_read": () => answering(readSettings),
    "admin.settings_write": (change) => answering(writeSetting(change, options.heartbeatSeconds)),
    "admin.audit_log": (page) => answering(auditLog(page))
  })
