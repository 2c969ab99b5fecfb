// Staff at the control center: they inspect, deactivate and activate mitras again, force them offline, give
// chats to other mitras, force some closed, and turn the settings within what is allowed.
import * as Effect from "effect/Effect"
import type { RunContext } from "../simulation.ts"
import type { PhoneApp } from "./phone-app.ts"
import type { Answer } from "./connection.ts"
import { edgeErrands } from "./edge-errands.ts"
import { errand } from "./errands.ts"
import { decidesCases } from "./privacy.ts"
import { adminPassword, mitraId } from "./seed-data.ts"
import { tryTo } from "./staff-call.ts"
import type { Workload } from "./workload.ts"

export interface Staff {
  readonly app: PhoneApp
  readonly context: RunContext
  readonly workload: Workload
  readonly isWindingDown: () => boolean
  readonly deactivated: Set<string>
}

/** Each of them legal at any time, and harmless for what must end in bounded time. */
const settingsToChange: ReadonlyArray<readonly [string, ReadonlyArray<number | boolean | string>]> = [
  ["max_customers_per_mitra", [1, 2, 3, 3, 4, 5]],
  ["mitra_decline_cooldown_seconds", [0, 0, 60]],
  ["mitra_parallel_offers_max", [1, 3, 5, 5, 10]],
  ["mitra_missed_offers_pause", [0, 0, 3]],
  ["mitra_background_grace_seconds", [0, 300, 300, 600]],
  ["mitra_hold_seconds", [0, 60, 900]],
  ["pairing_wave_size", [0, 0, 2, 5]],
  ["pairing_wave_seconds", [5, 15, 20]],
  ["pairing_wave_growth", [1, 1, 2, 3]],
  ["pairing_acceptance_seconds", [0, 0, 10, 20]],
  ["mitra_gone_pause_seconds", [0, 60, 600, 600]],
  ["pairing_offers_max", [20, 200]],
  ["pairing_blast_timeout_seconds", [30, 60, 60, 90]],
  ["pairing_queue_enabled", [true, true, false]],
  ["returning_chat_confirmation_timeout_seconds", [10, 20, 40]],
  ["extension_timeout_seconds", [5, 10, 20]],
  ["extension_default_action_on_timeout", ["auto_approve", "auto_reject"]],
  ["closing_grace_seconds", [60, 300, 600]],
  ["payment_session_timeout_minutes", [10, 20, 30]],
  ["mitra_may_end_session", [true, false]],
  ["topic_sensitive_is_final", [true, false]]
]

const someMitra = ({ app, context }: Staff): string =>
  mitraId(app.prng.integer(1, Math.max(1, context.options.mitras)))

const activate = (staff: Staff, mitra_id: string) =>
  tryTo(staff, "admin.activate_mitra", { command_id: staff.app.newId(), mitra_id }).pipe(
    Effect.tap((done) => Effect.sync(() => done !== null && staff.deactivated.delete(mitra_id)))
  )

const deactivate = Effect.fnUntraced(function*(staff: Staff) {
  const { app, deactivated, workload } = staff
  const mitra_id = someMitra(staff)
  deactivated.add(mitra_id)
  yield* tryTo(staff, "admin.deactivate_mitra", { command_id: app.newId(), mitra_id })
  yield* Effect.sleep(app.prng.exponential(workload.deactivated_for_min * 60_000))
  yield* activate(staff, mitra_id)
})

/** Some are let back in before their time, and some are drained instead; who changes their mind undoes it. */
const forceOffline = Effect.fnUntraced(function*(staff: Staff) {
  const { app } = staff
  const of = () => ({ command_id: app.newId(), mitra_id })
  const mitra_id = someMitra(staff)
  const isGentle = app.prng.chance(0.4)
  yield* tryTo(staff, isGentle ? "admin.drain_mitra" : "admin.force_offline", of())
  if (!app.prng.chance(0.5)) return
  yield* Effect.sleep(app.prng.exponential(isGentle ? 300_000 : 60_000))
  if (isGentle) yield* tryTo(staff, "admin.undo_drain", of())
  yield* tryTo(staff, "admin.lift_hold", of())
})

const changeSetting = (staff: Staff) => {
  const [key, values] = staff.app.prng.pick(settingsToChange)
  return tryTo(staff, "admin.settings_write", { key, value: staff.app.prng.pick(values) })
}

/** Looks after the account: a second factor that is begun and dropped, a password, the end of the sign-in. */
const lookAfterAccount = Effect.fnUntraced(function*(staff: Staff) {
  yield* tryTo(staff, "admin.prolong", {})
  yield* tryTo(staff, "admin.second_factor", {})
  yield* tryTo(staff, "admin.second_factor_begin", {})
  yield* tryTo(staff, "admin.second_factor_confirm", { code: "000000" })
  yield* tryTo(staff, "admin.second_factor_off", {})
  yield* tryTo(staff, "admin.staff_second_factor_reset", { staff_id: staff.app.id })
  const password = { current_password: adminPassword, new_password: adminPassword }
  // Either ends the sign-in: the app signs in again.
  yield* staff.app.prng.chance(0.5)
    ? tryTo(staff, "admin.password_change", password)
    : tryTo(staff, "admin.sign_out", {})
})

const inspect = Effect.fnUntraced(function*(staff: Staff) {
  yield* tryTo(staff, "admin.live_counts", {})
  yield* tryTo(staff, "admin.inspect_mitra", { mitra_id: someMitra(staff) })
  const { prng } = staff.app
  const sessions = [...staff.context.world.stores.tables.chat_sessions.keys()]
  if (sessions.length > 0) yield* tryTo(staff, "admin.inspect_session", { session_id: prng.pick(sessions) })
  if (prng.chance(0.2)) yield* tryTo(staff, "admin.audit_log", { before: null, limit: 50 })
  if (prng.chance(0.1)) yield* tryTo(staff, "admin.staff_list", {})
  if (prng.chance(0.05)) yield* lookAfterAccount(staff)
})

/** A chat, and whose it is, as one page of the control center showed it. */
interface ListedChat {
  readonly session_id: string
  readonly mitra_id: string
}

/** A chat whose mitra is gone, or one that some mitra has just now. */
const chatToGive = Effect.fnUntraced(function*(staff: Staff) {
  const { prng } = staff.app
  const page = yield* tryTo(staff, "admin.session_proposals", { status: "open", before: null, limit: 20 })
  const proposals: ReadonlyArray<Answer> = page?.["proposals"] ?? []
  if (proposals.length > 0 && prng.chance(0.8)) {
    const { mitra_id, proposal_id, session_id } = prng.pick(proposals)
    if (!prng.chance(0.15)) return { session_id, mitra_id } as ListedChat
    yield* tryTo(staff, "admin.dismiss_proposal", { proposal_id, reason: "she will be back" })
    return null
  }
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const mitra_id = someMitra(staff)
    const inspected = yield* tryTo(staff, "admin.inspect_mitra", { mitra_id })
    const chats: ReadonlyArray<Answer> = inspected?.["sessions"] ?? []
    if (chats.length > 0) return { session_id: prng.pick(chats)["session_id"], mitra_id } as ListedChat
  }
  return null
})

/** Some decide at once, some over a coffee, and some in the very second in which the paid time runs out. */
const hesitate = Effect.fnUntraced(function*(staff: Staff, session_id: string) {
  const { app: { prng }, context: { world } } = staff
  if (!prng.chance(0.2)) return yield* Effect.sleep(Math.min(prng.exponential(8_000), 60_000))
  const inspected = yield* tryTo(staff, "admin.inspect_session", { session_id })
  const ends_at = Date.parse(inspected?.["session"].ends_at ?? "")
  const left = ends_at - world.time.now_ms + prng.between(-700, 700)
  if (left > 0) yield* Effect.sleep(left)
})

/** Mostly to a listed candidate; now and then to a random mitra, who may be offline or have no slot free. */
const reroute = Effect.fnUntraced(function*(staff: Staff) {
  const { app } = staff
  const chat = yield* chatToGive(staff)
  if (chat === null) return
  const { mitra_id: from_mitra_id, session_id } = chat
  const found = yield* tryTo(staff, "admin.session_candidates", { session_id, limit: 10 })
  const candidates: ReadonlyArray<Answer> = found?.["candidates"] ?? []
  yield* hesitate(staff, session_id)
  const order = Effect.suspend(() => {
    const isListed = candidates.length > 0 && !app.prng.chance(0.1)
    const mitra_id = isListed ? app.prng.pick(candidates)["mitra_id"] : someMitra(staff)
    const reason = "the simulation wants it so"
    return tryTo(staff, "admin.reroute", {
      command_id: app.newId(),
      session_id,
      from_mitra_id,
      mitra_id,
      reason
    })
  })
  // A colleague has the same page open and decides in the same moment.
  const colleague = app.prng.chance(0.15) ? Effect.delay(order, app.prng.between(0, 30)) : Effect.void
  yield* Effect.all([order, colleague], { concurrency: "unbounded", discard: true })
})

/** What was reported: the chat is closed, whatever it is doing in that moment. */
const forceClose = Effect.fnUntraced(function*(staff: Staff) {
  const chat = yield* chatToGive(staff)
  if (chat === null) return
  const { session_id } = chat
  yield* hesitate(staff, session_id)
  yield* tryTo(staff, "admin.force_close", { command_id: staff.app.newId(), session_id, reason: "reported" })
})

const repeatedly = (
  staff: Staff,
  per_day: number,
  action: Effect.Effect<unknown>,
  prng = staff.app.prng
) =>
  per_day <= 0 ? Effect.void : Effect.forever(
    Effect.suspend(() => Effect.sleep(prng.exponential(86_400_000 / per_day))).pipe(
      Effect.andThen(Effect.suspend(() => staff.isWindingDown() ? Effect.never : Effect.forkChild(action)))
    )
  )

export const staffBegins = (staff: Staff): void => {
  const { app, workload } = staff
  const errands = app.prng.split("errands")
  app.launch(Effect.all([
    repeatedly(staff, workload.staff_looks_per_day, inspect(staff)),
    repeatedly(staff, workload.staff_errands_per_day, errand(staff, errands), errands),
    edgeErrands(staff),
    repeatedly(staff, workload.staff_deactivates_per_day, deactivate(staff)),
    repeatedly(staff, workload.staff_forces_offline_per_day, Effect.suspend(() => forceOffline(staff))),
    repeatedly(staff, workload.staff_reroutes_per_day, reroute(staff)),
    repeatedly(staff, workload.staff_force_closes_per_day, forceClose(staff)),
    Effect.forever(Effect.andThen(Effect.sleep("20 minutes"), decidesCases(staff))),
    repeatedly(staff, workload.staff_settings_per_day, Effect.suspend(() => changeSetting(staff)))
  ], { concurrency: "unbounded", discard: true }))
}

/** Reactivates the mitras that staff had deactivated. */
export const staffWindsDown = (staff: Staff): void =>
  staff.app.also(Effect.forEach([...staff.deactivated], (mitra_id) => activate(staff, mitra_id)))
