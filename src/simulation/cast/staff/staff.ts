// Staff at the control center: they look, deactivate and activate mitras again, force them offline, and turn
// the settings within what is allowed.
import * as Effect from "effect/Effect"
import type { Dice } from "../../kernel/seeded-random.ts"
import type { Stage } from "../../simulation.ts"
import type { App } from "../app.ts"
import { forceClose, reroute, workThroughProposals } from "./desk.ts"
import { mitraId } from "../founding.ts"
import type { Habits } from "../habits.ts"

export interface Staff {
  readonly app: App
  readonly stage: Stage
  readonly habits: Habits
  readonly isSettled: () => boolean
  readonly deactivated: Set<string>
}

/** Each of them legal at any time, and harmless for what must end in bounded time. */
const settingsToTurn: ReadonlyArray<readonly [string, ReadonlyArray<number | boolean | string>]> = [
  ["max_customers_per_mitra", [1, 2, 3, 3, 4, 5]],
  ["mitra_decline_cooldown_seconds", [0, 0, 60]],
  ["mitra_parallel_offers_max", [1, 3, 5, 5, 10]],
  ["mitra_missed_offers_pause", [0, 0, 3]],
  ["pairing_wave_size", [0, 0, 2, 5]],
  ["pairing_wave_seconds", [5, 15, 20]],
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

export const tryTo = ({ app }: Staff, tag: string, payload: object) =>
  app.call(tag, payload, 60_000).pipe(Effect.catch(() => Effect.succeed(null)))

const someMitra = ({ app, stage }: Staff): string =>
  mitraId(app.dice.integer(1, Math.max(1, stage.options.mitras)))

const activate = (staff: Staff, mitra_id: string) =>
  tryTo(staff, "admin.activate_mitra", { command_id: staff.app.newId(), mitra_id }).pipe(
    Effect.tap((done) => Effect.sync(() => done !== null && staff.deactivated.delete(mitra_id)))
  )

const deactivate = Effect.fnUntraced(function*(staff: Staff) {
  const { app, deactivated, habits } = staff
  const mitra_id = someMitra(staff)
  deactivated.add(mitra_id)
  yield* tryTo(staff, "admin.deactivate_mitra", { command_id: app.newId(), mitra_id })
  yield* Effect.sleep(app.dice.exponential(habits.deactivated_for_min * 60_000))
  yield* activate(staff, mitra_id)
})

const forceOffline = (staff: Staff) =>
  tryTo(staff, "admin.force_offline", { command_id: staff.app.newId(), mitra_id: someMitra(staff) })

const turnSetting = (staff: Staff) => {
  const [key, values] = staff.app.dice.pick(settingsToTurn)
  return tryTo(staff, "admin.settings_write", { key, value: staff.app.dice.pick(values) })
}

const look = Effect.fnUntraced(function*(staff: Staff) {
  yield* tryTo(staff, "admin.live_counts", {})
  yield* tryTo(staff, "admin.inspect_mitra", { mitra_id: someMitra(staff) })
  const { dice } = staff.app
  const sessions = [...staff.stage.world.stores.tables.chat_sessions.keys()]
  if (sessions.length > 0) yield* tryTo(staff, "admin.inspect_session", { session_id: dice.pick(sessions) })
  if (dice.chance(0.2)) yield* tryTo(staff, "admin.audit_log", { before: null, limit: 50 })
  if (dice.chance(0.1)) yield* tryTo(staff, "admin.staff_list", {})
})

const now_and_then = (
  staff: Staff,
  per_day: number,
  deed: Effect.Effect<unknown>,
  dice: Dice = staff.app.dice
) =>
  per_day <= 0 ? Effect.void : Effect.forever(
    Effect.suspend(() => Effect.sleep(dice.exponential(86_400_000 / per_day))).pipe(
      Effect.andThen(Effect.suspend(() => staff.isSettled() ? Effect.never : Effect.forkChild(deed)))
    )
  )

export const staffBegins = (staff: Staff): void => {
  const { app, habits } = staff
  const desk = (
    name: string,
    per_day: number,
    deed: (staff: Staff, dice: Dice) => Effect.Effect<unknown>
  ) => {
    const dice = app.dice.split(name)
    return now_and_then(staff, per_day, Effect.suspend(() => deed(staff, dice)), dice)
  }
  app.launch(Effect.all([
    desk("reroutes", habits.staff_reroutes_per_day, reroute),
    desk("proposals", habits.staff_works_proposals_per_day, workThroughProposals),
    desk("force closes", habits.staff_force_closes_per_day, forceClose),
    now_and_then(staff, habits.staff_looks_per_day, look(staff)),
    now_and_then(staff, habits.staff_deactivates_per_day, deactivate(staff)),
    now_and_then(staff, habits.staff_forces_offline_per_day, forceOffline(staff)),
    now_and_then(staff, habits.staff_settings_per_day, Effect.suspend(() => turnSetting(staff)))
  ], { concurrency: "unbounded", discard: true }))
}

/** Whoever was deactivated may work again. */
export const staffSettles = (staff: Staff): void =>
  staff.app.also(Effect.forEach([...staff.deactivated], (mitra_id) => activate(staff, mitra_id)))
