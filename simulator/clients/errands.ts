// What staff do now and then: money that came to nothing, prices, accounts, test numbers, pushes that died,
// the mirror, and the calls that a server without a held clock refuses. All of it draws from a stream of its
// own, and nothing of it keeps a chat from ending in bounded time.
import * as Effect from "effect/Effect"
import type { Prng } from "../kernel/prng.ts"
import type { Answer } from "./connection.ts"
import { adminEmail, mitraId, mitraPhone } from "./seed-data.ts"
import type { Staff } from "./staff.ts"
import { tryTo } from "./staff-call.ts"
import { stranger } from "./stranger.ts"

type Call = (tag: string, payload: object) => Effect.Effect<Answer | null>
type Errand = (call: Call, prng: Prng, staff: Staff) => Effect.Effect<unknown>

const newest = { before: null, limit: 20 }
const someOf = (prng: Prng, things: ReadonlyArray<Answer> | undefined): Answer | null =>
  things === undefined || things.length === 0 ? null : prng.pick(things)

/** Failures of payments: asked about again, given back, or dismissed; now and then twice. */
const failures: Errand = Effect.fnUntraced(function*(call, prng, { app }) {
  yield* call("admin.pending_payments", newest)
  const page = yield* call("admin.failed_pairings", newest)
  const payment_id = someOf(prng, page?.["payments"])?.["payment_id"] ?? app.newId()
  const note = "seen by the simulation"
  const does = prng.integer(1, 3)
  if (does === 1) return yield* call("admin.payment_retry", { command_id: app.newId(), payment_id })
  const tag = does === 2 ? "admin.payment_set_refunded" : "admin.payment_dismiss"
  yield* call(tag, { payment_id, note })
  if (prng.chance(0.3)) yield* call("admin.payment_set_refunded", { payment_id, note })
})

/** Prices move up and down, a tier of its own comes and goes, and somebody has an old page open. */
const prices: Errand = Effect.fnUntraced(function*(call, prng) {
  const sheet = yield* call("admin.pricing", {})
  yield* call("admin.pricing_history", newest)
  const tiers: ReadonlyArray<Answer> = sheet?.["tiers"] ?? []
  const tier = tiers.find(({ tier_id }) => tier_id === "simulated")
  const version = tier?.["version"] ?? 0
  const stale = prng.chance(0.2) ? version + 7 : version
  if (tier?.["is_active"] === true && prng.chance(0.4)) {
    yield* call("admin.tier_deactivate", { tier_id: "simulated", version: stale })
  } else {
    yield* call("admin.tier_put", {
      tier_id: "simulated",
      label: "Simulated",
      mode: "chat",
      duration_seconds: 420,
      price_idr: prng.pick([19_000, 21_000]),
      sort: 9,
      is_active: true,
      version: stale
    })
  }
  if (prng.chance(0.2)) yield* call("admin.tier_deactivate", { tier_id: "nothing", version: 1 })
  const discount: Answer | null = sheet?.["first_session_discount"] ?? null
  const rule = { kind: "percent", value: prng.pick([10, 25, 100]), is_active: prng.chance(0.7) }
  yield* call("admin.discount_put", { ...rule, version: discount?.["version"] ?? 0 })
})

const accounts: Errand = Effect.fnUntraced(function*(call, prng, { context: { options } }) {
  const index = prng.integer(1, Math.max(1, options.mitras))
  const mitra_id = mitraId(index)
  yield* call("admin.mitra_rename", { mitra_id, display_name: `Mitra ${index} ${prng.pick(["a", "b"])}` })
  const profile = {
    mitra_id,
    languages: prng.pick([["id"], ["id", "en"], ["jv", "id"], ["en"]]),
    topics: prng.pick([["regular", "sensitive"], ["regular", "sensitive"], ["regular"]])
  }
  if (prng.chance(0.5)) yield* call("admin.mitra_profile", profile)
  const unknown = mitraId(999_999)
  yield* call("admin.mitra_rename", { mitra_id: unknown, display_name: prng.pick(["nobody", "\u202e"]) })
  const phone = prng.pick([mitraPhone(index), `+62819${prng.integer(100_000, 999_999)}`, "0812"])
  yield* call("admin.mitra_create", { display_name: "Another", phone })
})

const colleague = "colleague@halobestie.sim"
const password = "simulated-colleague"

/** A colleague is let in, may do less, is locked out by a wrong password, and leaves again. */
const colleagues: Errand = Effect.fnUntraced(function*(call, prng, { app, context }) {
  yield* call("admin.roles", {})
  yield* call("admin.staff_create", { email: colleague, password, role: "viewer" })
  const listed = yield* call("admin.staff_list", {})
  const all: ReadonlyArray<Answer> = listed?.["staff"] ?? []
  const [me, other] = [adminEmail, colleague].map((address) => all.find(({ email }) => email === address))
  if (other === undefined || me === undefined) return
  yield* call("admin.staff_set_active", { staff_id: other["staff_id"], is_active: true })
  yield* call("admin.staff_set_role", {
    staff_id: other["staff_id"],
    role: prng.pick(["viewer", "operator"])
  })
  const forgets = prng.chance(0.4) ? 6 : 1
  yield* stranger(
    context,
    app,
    "internal",
    Effect.fnUntraced(function*(ask) {
      yield* ask("admin.live_counts", {})
      for (let attempt = 0; attempt < forgets; attempt += 1) {
        yield* ask("admin.sign_in", { email: colleague, password: "forgotten once more" })
      }
      const signedIn = yield* ask("admin.sign_in", { email: colleague, password })
      if (signedIn === null) return
      yield* ask("admin.authenticate", { access_token: signedIn["access_token"] })
      yield* ask("admin.staff_list", {})
      yield* ask("admin.settings_write", { key: "push_paused", value: false })
    })
  )
  if (prng.chance(0.5)) {
    yield* call("admin.staff_set_active", { staff_id: other["staff_id"], is_active: false })
  }
  yield* call("admin.staff_set_role", { staff_id: me["staff_id"], role: "viewer" })
})

const testNumbers: Errand = Effect.fnUntraced(function*(call, prng) {
  const phone = `+62818000${prng.integer(100, 104)}`
  yield* call("admin.test_number_put", { phone: prng.chance(0.1) ? "not a phone" : phone, code: "123456" })
  yield* call("admin.test_numbers", {})
  if (prng.chance(0.5)) yield* call("admin.test_number_remove", { phone })
})

/** What died is listed and sent again, and for a moment nothing is sent at all. */
const deadLetters: Errand = Effect.fnUntraced(function*(call, prng, { app }) {
  const page = yield* call("admin.push_dead_letters", newest)
  const letter = someOf(prng, page?.["dead_letters"])
  const push_id: string | null = letter === null || prng.chance(0.5) ? null : letter["push_id"]
  yield* call("admin.push_replay", { command_id: app.newId(), push_id })
  yield* call("admin.push_costs", { days: prng.integer(1, 92) })
  if (!prng.chance(0.2)) return
  yield* call("admin.settings_write", { key: "push_paused", value: true })
  yield* Effect.sleep(prng.between(1_000, 60_000))
  yield* call("admin.settings_write", { key: "push_paused", value: false })
})

const machinery: Errand = Effect.fnUntraced(function*(call, prng, { app }) {
  yield* call("admin.mirror_health", {})
  if (prng.chance(0.3)) yield* call("admin.reseed_mirror", {})
  app.connection?.follow("admin.watch", { cursor: null })
  yield* call("admin.settings_write", { key: "no_such_setting", value: 1 })
  yield* call("admin.settings_write", { key: "mitra_stale_after_seconds", value: 29 })
  yield* call("admin.inspect_session", { session_id: "00000000-0000-7000-8000-00000000dead" })
  yield* call("admin.dismiss_proposal", { proposal_id: "00000000-0000-7000-8000-00000000dead", reason: "no" })
})

/** Only a tester's server has a clock that can be held, and faults to order. */
const testersCalls: Errand = (call) =>
  Effect.all([
    call("clock.now", {}),
    call("clock.advance", { duration_ms: 1_000, wait_for_phones: true }),
    call("clock.set", { instant: "2030-01-01T00:00:00.000Z", wait_for_phones: true }),
    call("clock.run", { rate: 2 }),
    call("clock.pause", {}),
    call("faults.list", {}),
    call("faults.start", { fault: { kind: "lose_valkey" }, undo_after_ms: 1_000 }),
    call("faults.undo", { fault_id: null })
  ], { discard: true })

/** Every setting at its edges, where that still lets everything end in bounded time. */
const edges: ReadonlyArray<readonly [string, ReadonlyArray<number | boolean>]> = [
  ["max_customers_per_mitra", [1, 32, 3]],
  ["mitra_stale_after_seconds", [30, 3_600, 45]],
  ["mitra_ping_required", [false, true, true]],
  ["mitra_decline_cooldown_seconds", [1, 3_600, 0]],
  ["mitra_parallel_offers_max", [1, 200, 5]],
  ["mitra_missed_offers_pause", [1, 100, 0]],
  ["pairing_wave_size", [1, 200, 0]],
  ["pairing_wave_seconds", [1, 300, 15]],
  ["pairing_offers_max", [1, 200]],
  ["pairing_blast_timeout_seconds", [1, 600, 60]],
  ["pairing_search_again_seconds", [1, 60, 3]],
  ["returning_chat_confirmation_timeout_seconds", [1, 600, 20]],
  ["extension_timeout_seconds", [1, 600, 10]],
  ["closing_grace_seconds", [1, 1_800, 300]],
  ["payment_session_timeout_minutes", [1, 60, 20]],
  ["reroute_propose_after_seconds", [10, 3_600, 120]]
]

const settingAtItsEdge: Errand = (call, prng) => {
  const [key, values] = prng.pick(edges)
  return call("admin.settings_write", { key, value: prng.pick(values) })
}

const pagedCalls = [
  ["admin.pending_payments", "payments", {}],
  ["admin.failed_pairings", "payments", {}],
  ["admin.pricing_history", "changes", {}],
  ["admin.audit_log", "entries", {}],
  ["admin.cases", "cases", { open: false }],
  ["admin.session_proposals", "proposals", { status: null }]
] as const

/** From the newest on, a few at a time; who is given no cursor goes on from the last that was shown. */
const pagesBack: Errand = Effect.fnUntraced(function*(call, prng) {
  const [tag, name, asked] = prng.pick(pagedCalls)
  const limit = prng.pick([1, 2, 3])
  let before: string | number | null = null
  for (let page = 0; page < 3; page += 1) {
    const found: Answer | null = yield* call(tag, { ...asked, before, limit })
    const last: Answer | undefined = found?.[name]?.at(-1)
    before = (found !== null && "next" in found ? found["next"] : last?.["id"]) ?? null
    if (before === null) return
  }
})

const errands: ReadonlyArray<Errand> = [
  failures,
  failures,
  prices,
  accounts,
  colleagues,
  testNumbers,
  deadLetters,
  machinery,
  pagesBack,
  testersCalls,
  settingAtItsEdge,
  settingAtItsEdge
]

/** One errand, drawn by `prng`. */
export const errand = (staff: Staff, prng: Prng): Effect.Effect<unknown> => {
  const call: Call = (tag, payload) => tryTo(staff, tag, payload)
  return Effect.suspend(() => prng.pick(errands)(call, prng, staff))
}
