// What staff do at the edges of what is allowed: a chat is given to a mitra who cannot take it, or taken from
// one who does not have it any more; accounts are put out while they are drained or held. Off unless a world
// asks for it; drawn from a stream of its own.
import * as Effect from "effect/Effect"
import type { Prng } from "../kernel/prng.ts"
import type { Answer } from "./connection.ts"
import { mitraId } from "./seed-data.ts"
import type { Staff } from "./staff.ts"
import { tryTo } from "./staff-call.ts"

type Errand = (staff: Staff, prng: Prng) => Effect.Effect<unknown>

const anyMitra = ({ context }: Staff, prng: Prng): string =>
  mitraId(prng.integer(1, Math.max(1, context.options.mitras)))

const running = ({ context }: Staff) =>
  [...context.world.stores.tables.chat_sessions.values()].filter(({ status }) => status === "active")

/** To whom it cannot be given, most of the time; now and then from whose it is not any more. */
const oddHandOver: Errand = (staff, prng) => {
  const { tables } = staff.context.world.stores
  const chats = running(staff)
  if (chats.length === 0) return Effect.void
  const chat = prng.pick(chats)
  const former = tables.mitra_assignments.where("session", chat.id).filter(({ ended_at }) =>
    ended_at !== null
  )
  const from = former.length > 0 && prng.chance(0.5) ? prng.pick(former).mitra_id : chat.mitra_id
  const odd = [...tables.mitra_status].filter(([, { is_draining, is_online }]) => is_draining || !is_online)
  const to = odd.length > 0 && prng.chance(0.5) ? prng.pick(odd)[0] : anyMitra(staff, prng)
  return tryTo(staff, "admin.reroute", {
    command_id: staff.app.newId(),
    session_id: chat.id,
    from_mitra_id: from,
    mitra_id: to,
    reason: "the simulation wants it so"
  })
}

/** Drained or held, and put out in the midst of it; then let in again. */
const putOut: Errand = Effect.fnUntraced(function*(staff, prng) {
  const mitra_id = anyMitra(staff, prng)
  const does = (tag: string) => tryTo(staff, tag, { command_id: staff.app.newId(), mitra_id })
  yield* does(prng.pick(["admin.drain_mitra", "admin.drain_mitra", "admin.force_offline"]))
  yield* Effect.sleep(prng.between(100, 20_000))
  if (prng.chance(0.5)) return yield* does("admin.undo_drain")
  yield* does("admin.deactivate_mitra")
  yield* Effect.sleep(prng.between(100, 20_000))
  yield* does("admin.activate_mitra")
})

/** Amounts that no percentage divides evenly. */
const oddPrices: Errand = Effect.fnUntraced(function*(staff, prng) {
  const sheet = yield* tryTo(staff, "admin.pricing", {})
  const tiers: ReadonlyArray<Answer> = sheet?.["tiers"] ?? []
  const tier = tiers.find(({ tier_id }) => tier_id === "chat_5")
  if (tier === undefined) return
  yield* tryTo(staff, "admin.tier_put", { ...tier, price_idr: prng.pick([9_995, 10_007]) })
  const version = sheet?.["first_session_discount"]?.version ?? 0
  const rule = { kind: "percent", value: prng.pick([7, 33]), is_active: true }
  yield* tryTo(staff, "admin.discount_put", { ...rule, version })
})

/** Somebody who was reported is paused for a while, before staff think better of it. */
const pauses: Errand = Effect.fnUntraced(function*(staff, prng) {
  const found = yield* tryTo(staff, "admin.cases", { open: true, before: null, limit: 5 })
  const cases: ReadonlyArray<Answer> = found?.["cases"] ?? []
  if (cases.length === 0) return
  const { by_side, case_id, customer_id, mitra_id } = prng.pick(cases)
  yield* tryTo(staff, "admin.case_resolve", { case_id, resolution: "paused", note: "the simulation" })
  yield* Effect.sleep(prng.between(60_000, 240_000))
  const user = by_side === "customer"
    ? { user_type: "mitra", user_id: mitra_id }
    : { user_type: "customer", user_id: customer_id }
  yield* tryTo(staff, "admin.pause_lift", user)
})

const errands: ReadonlyArray<Errand> = [oddHandOver, oddHandOver, putOut, oddPrices, pauses]

/** Now and then, until business is over. */
export const edgeErrands = (staff: Staff): Effect.Effect<void> => {
  const { app, isWindingDown, workload } = staff
  if (workload.edge_errands_per_hour <= 0) return Effect.void
  const prng = app.prng.split("edge errands")
  const next = Effect.suspend(() =>
    isWindingDown() ? Effect.never : Effect.forkChild(prng.pick(errands)(staff, prng))
  )
  const pause = Effect.suspend(() =>
    Effect.sleep(prng.exponential(3_600_000 / workload.edge_errands_per_hour))
  )
  return Effect.forever(Effect.andThen(pause, next))
}
