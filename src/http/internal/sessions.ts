// Handlers of the calls about chats that need staff's eye. A hand-over is a command of the session, which
// decides; what is decided here is only which mitras may be proposed and how a page is cut.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { SessionActors } from "../../actors/session/protocol.ts"
import { type ActivityView, AdminSessionRpcs, type ProposalView } from "../../contract/staff/sessions.ts"
import { instant, instantOrNull } from "../../contract/fields.ts"
import { freshness } from "../../domain/freshness.ts"
import { refuse } from "../../domain/refusal.ts"
import { seenBy } from "../../domain/transcript.ts"
import { Availability } from "../../services/availability/availability.ts"
import { Mitras } from "../../services/accounts/mitras.ts"
import {
  type Proposal,
  type ProposalStatus,
  SessionOversight
} from "../../services/sessions/session-oversight.ts"
import { SessionViews } from "../../services/sessions/session-views.ts"
import { Sessions } from "../../services/sessions/sessions.ts"
import { Settings } from "../../services/settings/settings.ts"
import { Trust } from "../../services/trust/trust.ts"
import { answering } from "../public/handlers/answering.ts"
import { sessionNotFound } from "../public/handlers/own-session.ts"
import { type AskedPage, pageOf } from "../public/views/past-page.ts"
import { sessionView } from "../public/views/session-view.ts"
import { currentStaff, originOf } from "./staff/current-staff.ts"
import { inspectSession } from "./inspections.ts"
import { entryOf } from "./change-entry.ts"

const dayMs = 24 * 60 * 60 * 1000

const reroute = Effect.fnUntraced(function*(payload: {
  readonly command_id: string
  readonly session_id: string
  readonly from_mitra_id: string
  readonly mitra_id: string
  readonly reason: string
}) {
  const staff = yield* currentStaff
  const { sender_id, staff_id } = staff
  const { command_id, from_mitra_id, mitra_id, reason, session_id } = payload
  yield* (yield* SessionActors).run(session_id, {
    sender_id,
    command_id,
    command: { _tag: "Reroute", staff_id, from_mitra_id, mitra_id, reason },
    staff: originOf(staff)
  })
  return yield* inspectSession(session_id)
})

/**
 * Available mitras, without the rules of fairness: staff choose among them, and no offer is made. Those whose
 * app is in the background are left out: a hand-over waits for no push.
 */
const candidates = Effect.fnUntraced(function*(session_id: string, limit: number) {
  const state = yield* (yield* Sessions).find(session_id)
  if (state === null) return yield* sessionNotFound(session_id)
  const values = yield* (yield* Settings).current
  const { max_customers, now, stale_before } = freshness(values, yield* Clock.currentTimeMillis)
  const found = yield* (yield* Availability).candidates({
    max_customers,
    now,
    stale_before,
    declined_since: null,
    open_offers_max: 1_000_000,
    limit,
    // Staff may give her a chat in a language of their choice; a topic she does not take she is spared.
    wanted: { topic: state.topic, language: null },
    exclude: [
      ...(state.mitra_id === null ? [] : [state.mitra_id]),
      ...(yield* (yield* Trust).blockedMitrasOf(state.customer_id))
    ],
    only: null
  })
  return {
    candidates: found.map(({ languages, mitra_id, mitra_name, sessions }) => ({
      mitra_id,
      mitra_name,
      sessions,
      languages,
      free_slots: Math.max(0, values.max_customers_per_mitra - sessions)
    }))
  }
})

const proposalView = ({ id, ...proposal }: Proposal): typeof ProposalView.Type => ({
  proposal_id: id,
  ...proposal,
  since: instant(proposal.since),
  created_at: instant(proposal.created_at),
  decided_at: instantOrNull(proposal.decided_at)
})

const proposals = Effect.fnUntraced(
  function*(page: {
    readonly status: ProposalStatus | null
    readonly before: string | null
    readonly limit: number
  }) {
    const found = yield* (yield* SessionOversight).proposals({ ...page, limit: page.limit + 1 })
    const shown = found.slice(0, page.limit)
    const next = found.length > page.limit ? shown.at(-1)?.id ?? null : null
    return { proposals: shown.map(proposalView), next }
  }
)

const dismiss = Effect.fnUntraced(function*(proposal_id: string, reason: string) {
  const entry = yield* entryOf("proposal.dismiss", "reroute_proposal", proposal_id)
  const dismissed = yield* (yield* SessionOversight).dismissProposal(proposal_id, reason, entry)
  if (dismissed._tag === "Unknown") {
    return yield* refuse("PROPOSAL_NOT_FOUND", "There is no such proposal.", { proposal_id })
  }
  const { proposal } = dismissed
  // Dismissed before, perhaps by this very call: it is as they want it.
  if (proposal.status === "dismissed") return proposalView(proposal)
  return yield* refuse("PROPOSAL_DECIDED", "This proposal is decided already.", {
    proposal_id,
    status: proposal.status,
    resolution: proposal.resolution
  })
})

const stuck = Effect.fnUntraced(function*(overdueSeconds: number, limit: number) {
  const now = yield* Clock.currentTimeMillis
  const found = yield* (yield* SessionOversight).stuck(now - overdueSeconds * 1000, limit)
  return {
    sessions: found.map(({ deadline_at, id, ...session }) => ({
      session_id: id,
      ...session,
      deadline_at: instant(deadline_at),
      overdue_ms: now - deadline_at
    }))
  }
})

const past = Effect.fnUntraced(
  function*(
    asked: AskedPage & { readonly customer_id: string | null; readonly mitra_id: string | null }
  ) {
    const { customer_id, mitra_id } = asked
    if (customer_id !== null && mitra_id !== null) {
      return yield* refuse("BAD_REQUEST", "Give customer_id or mitra_id, not both.")
    }
    const oversight = yield* SessionOversight
    const views = yield* SessionViews
    const who = customer_id !== null
      ? { side: "customer" as const, id: customer_id }
      : mitra_id === null
      ? null
      : { side: "mitra" as const, id: mitra_id }
    const found = yield* pageOf(
      asked,
      (page) => who === null ? oversight.past(page) : views.pastOf(who.side, who.id, page),
      // A mitra's list goes by the end of her own time with a chat.
      (state) => (who === null ? state : seenBy(state, who))?.ended_at ?? null
    )
    const now = yield* Clock.currentTimeMillis
    const view = (state: (typeof found.sessions)[number]) =>
      sessionView(state, { side: "customer", unread: 0, now })
    return { ...found, sessions: found.sessions.map(view) }
  }
)

const activity = Effect.fnUntraced(function*(mitra_id: string, days: number) {
  const mitras = yield* Mitras
  if ((yield* mitras.find(mitra_id)) === null) {
    return yield* refuse("ACCOUNT_NOT_FOUND", "There is no such bestie.", { mitra_id })
  }
  const now = yield* Clock.currentTimeMillis
  const since = now - days * dayMs
  const did = yield* mitras.activity(mitra_id, since, now)
  const hers = did.accepted + did.declined + did.run_out
  const view: typeof ActivityView.Type = {
    mitra_id,
    since: instant(since),
    until: instant(now),
    ...did,
    acceptance_rate: hers === 0 ? null : did.accepted / hers
  }
  return view
})

export const layer = AdminSessionRpcs.toLayer({
  "admin.reroute": (payload) => answering(reroute(payload)),
  "admin.session_candidates": ({ limit, session_id }) => answering(candidates(session_id, limit)),
  "admin.session_proposals": (page) => answering(proposals(page)),
  "admin.dismiss_proposal": ({ proposal_id, reason }) => answering(dismiss(proposal_id, reason)),
  "admin.stuck_sessions": ({ limit, overdue_seconds }) => answering(stuck(overdue_seconds, limit)),
  "admin.past_sessions": (asked) => answering(past(asked)),
  "admin.mitra_activity": ({ days, mitra_id }) => answering(activity(mitra_id, days))
})
