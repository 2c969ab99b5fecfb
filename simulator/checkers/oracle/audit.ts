// Audit: whatever only staff can do leaves exactly one entry, in the transaction that does it, in the name of
// somebody who asked for it just then; and what was refused or never asked leaves none.
import type { AuditEntry } from "../../../src/domain/audit.ts"
import type { MitraRow } from "../../../testkit/memory/store/tables.ts"
import { type MakeRule, type Phone, refusalOf } from "../rule.ts"
import type { Answer } from "../../clients/connection.ts"

/** What staff asked for, by call: the action that is written down, and what it is done to. */
const askedFor: Readonly<Record<string, readonly [string, (payload: Answer) => string | null]>> = {
  "admin.activate_mitra": ["mitra.activate", ({ mitra_id }) => mitra_id],
  "admin.deactivate_mitra": ["mitra.deactivate", ({ mitra_id }) => mitra_id],
  "admin.force_offline": ["mitra.force_offline", ({ mitra_id }) => mitra_id],
  "admin.mitra_create": ["mitra.create", () => null],
  "admin.mitra_rename": ["mitra.rename", ({ mitra_id }) => mitra_id],
  "admin.mitra_profile": ["mitra.profile", ({ mitra_id }) => mitra_id],
  "admin.settings_write": ["setting.write", ({ key }) => key],
  "admin.reroute": ["session.reroute", ({ session_id }) => session_id],
  "admin.force_close": ["session.force_close", ({ session_id }) => session_id],
  "admin.dismiss_proposal": ["proposal.dismiss", ({ proposal_id }) => proposal_id],
  "admin.tier_put": ["tier.put", ({ tier_id }) => tier_id],
  "admin.tier_deactivate": ["tier.deactivate", ({ tier_id }) => tier_id],
  "admin.discount_put": ["discount.put", () => null],
  "admin.payment_retry": ["payment.retry", ({ payment_id }) => payment_id],
  "admin.payment_set_refunded": ["payment.refunded", ({ payment_id }) => payment_id],
  "admin.payment_dismiss": ["payment.dismissed", ({ payment_id }) => payment_id],
  "admin.staff_create": ["staff.create", () => null],
  "admin.staff_set_role": ["staff.set_role", ({ staff_id }) => staff_id],
  "admin.staff_set_active": ["staff.set_active", ({ staff_id }) => staff_id],
  "admin.test_number_put": ["test_number.put", () => null],
  "admin.test_number_remove": ["test_number.remove", () => null],
  "admin.push_replay": ["push.replay", ({ push_id }) => push_id ?? "all"],
  "admin.reseed_mirror": ["mirror.reseed", () => null],
  "admin.drain_runner": ["runner.drain", () => null]
}

const profileOf = ({ languages, topics }: MitraRow): string => JSON.stringify([languages, topics])

const judged = new Set(Object.values(askedFor).map(([action]) => action))

/** Nothing in the rows shows these, or shows them without saying whose they are. */
const unseen = new Set([
  "mirror.reseed",
  "runner.drain",
  "push.replay",
  "payment.retry",
  "test_number.put",
  "test_number.remove"
])

/** The slowest way from the call to its row, and how wrong a server's clock may be. */
const underWayMs = 150_000
const clockMs = 5_000

export const audit: MakeRule = (context, complain) => {
  const { tables } = context
  /** Of the present statement: what was done that only staff may do, and what was written down. */
  let done = new Set<string>()
  let written: Array<AuditEntry> = []
  /** When each thing was asked for last, by `<action> <target>`, and how often refused. */
  const asked = new Map<string, number>()
  const moved = new Set<string>()

  const keyOf = (action: string, target: string) => `${action} ${target}`
  const did = (action: string, target: string) => void done.add(keyOf(action, target))

  const check = () => {
    if (done.size === 0 && written.length === 0) return void moved.clear()
    // Before anybody on the staff asked for anything the world is only being furnished.
    if (asked.size === 0) {
      done = new Set()
      written = []
      return void moved.clear()
    }
    const [actions, entries] = [done, written]
    done = new Set()
    written = []
    // A mitra who leaves loses her name and her place with one entry of its own.
    for (const { action, target_id } of entries) {
      if (action !== "mitra.delete") continue
      for (const each of ["mitra.rename", "mitra.deactivate"]) actions.delete(keyOf(each, target_id))
    }
    const found = entries.map(({ action, target_id }) => keyOf(action, target_id))
    for (const action of actions) {
      const count = found.filter((each) => each === action).length
      if (count !== 1) complain(`${action}: ${count} entries in the audit log`)
    }
    for (const entry of entries) isTrue(entry, actions)
    moved.clear()
  }

  /** Renamed to the name that she has, or held though she is offline: nothing of it can be seen here. */
  const isNoChange = (action: string, target: string): boolean =>
    (action === "mitra.rename" || action === "mitra.force_offline") && tables.mitras.has(target)

  const isPaused = (mitra_id: string): boolean =>
    [...tables.pauses.values()].some((pause) =>
      pause.user_type === "mitra" && pause.user_id === mitra_id && pause.lifted_at === null
    )

  const isTrue = ({ action, at, staff_id, target_id }: AuditEntry, actions: ReadonlySet<string>) => {
    const key = keyOf(action, target_id)
    // Sign-ins and looks are written down, too; nothing else tells of them.
    if (!judged.has(action)) return
    const now = context.now_ms()
    // Staff who close what time has just ended did close it, as far as they know.
    const isOvertaken = action === "session.force_close" && moved.has(target_id)
    const isSeen = actions.has(key) || unseen.has(action) || isNoChange(action, target_id)
    if (!isSeen && !isOvertaken) {
      complain(`${key} is in the audit log, and was not done`)
    }
    const askedAt = asked.get(key) ?? asked.get(keyOf(action, "")) ?? Number.NEGATIVE_INFINITY
    if (now - askedAt > underWayMs) complain(`${key} is in the audit log, and nobody asked for it`)
    if (!tables.staff.has(staff_id)) complain(`${key} was done by nobody on the staff`)
    if (Math.abs(now - at) > clockMs && context.steadyFor_ms() > clockMs) {
      complain(`${key} is dated ${now - at} ms ago`)
    }
  }

  const ask = (phone: Phone, tag: string, payload: Answer) => {
    if (phone.role !== "staff") return
    // Who is deleted is put out first, with an entry of its own.
    if (tag === "admin.mitra_delete") {
      asked.set(keyOf("mitra.deactivate", payload["mitra_id"]), context.now_ms())
    }
    const known = askedFor[tag]
    if (known === undefined) return
    asked.set(keyOf(known[0], known[1](payload) ?? ""), context.now_ms())
  }

  return {
    rows: {
      audit_log: ({ after, before }) => {
        if (before !== undefined) complain("an entry of the audit log was changed")
        else if (after !== undefined) written.push(after)
      },
      mitras: ({ after, before, key }) => {
        if (after === undefined) return
        if (before === undefined) return did("mitra.create", key)
        if (after.is_active !== before.is_active) {
          did(after.is_active ? "mitra.activate" : "mitra.deactivate", key)
        }
        if (after.display_name !== before.display_name) did("mitra.rename", key)
        if (profileOf(after) !== profileOf(before)) did("mitra.profile", key)
      },
      mitra_status: ({ after, before, key }) => {
        if (before?.is_online !== true || after?.is_online !== false) return
        const latest = tables.mitra_online_logs.findLast(({ mitra_id }) => mitra_id === key)
        // Reports pause a mitra by themselves: then nobody on the staff took her offline.
        if (latest?.cause === "forced" && !isPaused(key)) did("mitra.force_offline", key)
      },
      settings: ({ key }) => did("setting.write", key),
      chat_sessions: ({ key }) => void moved.add(key),
      session_events: ({ after }) => {
        if (after === undefined) return
        const { event, session_id } = after
        if (event._tag === "Rerouted") did("session.reroute", session_id)
        const isForced = event._tag === "RequestCancelled" && event.by === "staff" ||
          event._tag === "SessionCompleted" && event.reason === "force_closed"
        if (isForced) did("session.force_close", session_id)
      },
      reroute_proposals: ({ after, before, key }) => {
        if (after?.status === "dismissed" && before?.status !== "dismissed") did("proposal.dismiss", key)
      },
      payment_requests: ({ after, before, key }) => {
        if (after === undefined || after.resolution === null || after.resolution === before?.resolution) {
          return
        }
        did(`payment.${after.resolution}`, key)
      },
      pricing_tiers: ({ after, before, key }) => {
        if (after === undefined || after.version === before?.version) return
        did(before?.is_active === true && !after.is_active ? "tier.deactivate" : "tier.put", key)
      },
      pricing_discounts: ({ key }) => did("discount.put", key),
      staff: ({ after, before, key }) => {
        if (after === undefined) return
        if (before === undefined) return did("staff.create", key)
        if (after.role !== before.role) did("staff.set_role", key)
        if (after.is_active !== before.is_active) did("staff.set_active", key)
      }
    },
    statement: check,
    sent: ask,
    called: (phone, tag, payload, outcome) => {
      if (phone.role !== "staff" || tag !== "admin.settings_write" || refusalOf(outcome) !== null) return
      const answer = outcome as Answer
      if (answer["settings"] === undefined) return
      // Their answer shows the change at once, unless a colleague was quicker.
      const stored = tables.settings.get(payload["key"])?.value
      if (stored !== payload["value"] || answer["settings"][payload["key"]] === stored) return
      complain(`staff set ${payload["key"]} and were shown ${answer["settings"][payload["key"]]}`)
    }
  }
}
