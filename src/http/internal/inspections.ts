// What staff see of a mitra and of a session: state, owner, deadlines, ledger. Read from Postgres, so
// that looking never wakes an actor.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { LedgerView, MitraInspection, SessionInspection } from "../../contract/staff/staff-views.ts"
import { instant, instantOrNull } from "../../contract/fields.ts"
import { isBalanced, type Ledger } from "../../domain/ledger.ts"
import { usualProfile } from "../../domain/matching.ts"
import type { MitraHold } from "../../domain/mitra.ts"
import { refuse } from "../../domain/refusal.ts"
import { deadlineOf } from "../../domain/session/deadline.ts"
import type { Offer } from "../../domain/session/state.ts"
import { Availability } from "../../services/availability/availability.ts"
import { Accounts } from "../../services/accounts/accounts.ts"
import { Mitras } from "../../services/accounts/mitras.ts"
import { Presence } from "../../services/availability/presence.ts"
import { type OfferTimes, SessionOversight } from "../../services/sessions/session-oversight.ts"
import { Sessions } from "../../services/sessions/sessions.ts"
import { sessionView } from "../public/views/session-view.ts"

const onlineLogShown = 20
const topicChangesShown = 200

const ledgerView = (ledger: Ledger): typeof LedgerView.Type => ({
  purchased_ms: ledger.purchased_ms,
  is_balanced: isBalanced(ledger),
  entries: ledger.entries.map((entry) => ({ ...entry, from: instant(entry.from), to: instant(entry.to) })),
  open: ledger.open === null ? null : { ...ledger.open, from: instant(ledger.open.from) }
})

/** The blast's post-mortem: a loser is one who wanted it, and was told that it was taken. */
const offersView = (offers: ReadonlyArray<Offer>, times: ReadonlyArray<OfferTimes>) => {
  const wonAt = offers.find((offer) => offer.status === "accepted")?.responded_at ?? null
  const timesOf = new Map(times.map((one) => [one.mitra_id, one]))
  return offers.map((offer) => {
    const late = timesOf.get(offer.mitra_id)?.late_accept_at ?? null
    const isLoser = late !== null && wonAt !== null && offer.ending === "taken"
    return {
      mitra_id: offer.mitra_id,
      mitra_name: offer.mitra_name,
      status: offer.status,
      ending: offer.ending,
      wave: offer.wave,
      sent_at: instant(offer.sent_at),
      responded_at: instantOrNull(offer.responded_at),
      seen_at: instantOrNull(timesOf.get(offer.mitra_id)?.seen_at ?? null),
      late_accept_at: instantOrNull(late),
      lost_by_ms: isLoser ? Math.max(0, late - wonAt) : null
    }
  })
}

export const inspectSession = Effect.fnUntraced(function*(sessionId: string) {
  const sessions = yield* Sessions
  const oversight = yield* SessionOversight
  const state = yield* sessions.find(sessionId)
  if (state === null) {
    return yield* refuse("SESSION_NOT_FOUND", "There is no such session.", { session_id: sessionId })
  }
  const owner = yield* oversight.ownerOf(sessionId)
  const firstReplyAt = yield* oversight.firstReplyAt(sessionId)
  const now = yield* Clock.currentTimeMillis
  const inspection: typeof SessionInspection.Type = {
    session: sessionView(state, { side: "customer", unread: 0, now }),
    customer_id: state.customer_id,
    owner_runner: owner?.runner ?? null,
    owner_epoch: owner?.epoch ?? 0,
    deadline_at: instantOrNull(deadlineOf(state)),
    offers: offersView(state.offers, yield* oversight.offerTimes(sessionId)),
    ledger: ledgerView(state.ledger),
    first_reply_ms: firstReplyAt === null || state.started_at === null
      ? null
      : Math.max(0, firstReplyAt - state.started_at),
    absence: state.absence === null ? null : { ...state.absence, since: instant(state.absence.since) },
    assignments: state.assignments.map(({ ended_at, left, started_at, ...assignment }) => ({
      ...assignment,
      started_at: instant(started_at),
      ended_at: instantOrNull(ended_at),
      left_seq: left?.seq ?? null
    })),
    topic_changes: (yield* oversight.topicChanges(sessionId, topicChangesShown)).map((
      { at, by, ...change }
    ) => ({
      ...change,
      at: instant(at),
      by_mitra_id: by
    }))
  }
  return inspection
})

export const holdView = (hold: MitraHold | null) =>
  hold === null ? null : { until: instantOrNull(hold.until) }

export const inspectMitra = Effect.fnUntraced(function*(mitraId: string) {
  const mitras = yield* Mitras
  const sessions = yield* Sessions
  const state = yield* mitras.find(mitraId)
  if (state === null) {
    return yield* refuse("ACCOUNT_NOT_FOUND", "There is no such bestie.", { mitra_id: mitraId })
  }
  const owner = yield* mitras.ownerOf(mitraId)
  const lastHeartbeat = yield* (yield* Availability).lastHeartbeat(mitraId)
  const devices = yield* (yield* Accounts).devicesOf({ user_type: "mitra", user_id: mitraId })
  const log = yield* mitras.onlineLog(mitraId, onlineLogShown)
  const inspection: typeof MitraInspection.Type = {
    mitra_id: state.id,
    display_name: state.display_name,
    is_active: state.is_active,
    is_online: state.is_online,
    is_draining: state.is_draining,
    ...((yield* (yield* Accounts).profileOf(mitraId)) ?? usualProfile),
    hold: holdView(state.hold),
    presence: {
      connected: yield* (yield* Presence).isConnected({ user_type: "mitra", user_id: mitraId }),
      declared_online: state.is_online,
      push_reachable: devices.length > 0
    },
    online_since: instantOrNull(state.online_since),
    last_heartbeat_at: instantOrNull(lastHeartbeat),
    owner_runner: owner?.runner ?? null,
    owner_epoch: owner?.epoch ?? 0,
    sessions: yield* mitras.slotsOf(mitraId),
    open_offers: yield* sessions.pendingOfferSessionsOf(mitraId),
    online_log: log.map((entry) => ({ ...entry, at: instant(entry.at) }))
  }
  return inspection
})
