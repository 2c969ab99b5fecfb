// Which rare crossings a run has reached: counted from what the rules see, so that a report can
// name those that no run has reached. A crossing that is never reached is not tested, however green a run
// is.
import type { Answer, CallFailure } from "./clients/connection.ts"
import { callOf, type Crossing, crossings, lateAnswers, rerouteAnswers } from "./crossings.ts"
import {
  answerOf,
  type CheckerContext,
  type MakeRule,
  type Phone,
  refusalOf,
  type Rule
} from "./checkers/rule.ts"

const tickMs = 250

export class Coverage {
  readonly counts = new Map<Crossing, number>(crossings.map((name) => [name, 0]))

  reached(name: Crossing): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
  }

  get neverReached(): ReadonlyArray<Crossing> {
    return crossings.filter((name) => this.counts.get(name) === 0)
  }

  /** Adds what another run has reached. */
  add(other: Coverage): void {
    for (const [name, count] of other.counts) this.counts.set(name, (this.counts.get(name) ?? 0) + count)
  }

  /** To be added to a checker's rules; it never complains. */
  readonly rule: MakeRule = (context) => {
    const watching = [onRequests, onExtensions, onPayments, onMitras, onTurns, onFrames].map((make) =>
      make(context, this)
    )
    return {
      rows: mergedRows(watching),
      turn: (turn, isWritten, by) => {
        for (const each of watching) each.turn?.(turn, isWritten, by)
      },
      sent: (phone, tag, payload) => {
        for (const each of watching) each.sent?.(phone, tag, payload)
      },
      heard: (phone, event) => onSnapshot(phone, event, this),
      called: onCall(this)
    }
  }
}

type Watch = (context: CheckerContext, coverage: Coverage) => Rule

/** Several watchers may look at one table. */
const mergedRows = (rules: ReadonlyArray<Rule>): NonNullable<Rule["rows"]> => {
  const merged: Record<string, (change: never) => void> = {}
  for (const { rows = {} } of rules) {
    for (const [table, listen] of Object.entries(rows)) {
      const before = merged[table]
      merged[table] = (change) => {
        before?.(change)
        ;(listen as (change: never) => void)(change)
      }
    }
  }
  return merged
}

const onRequests: Watch = ({ now_ms, tables }, coverage) => {
  let freedAt = Number.NEGATIVE_INFINITY
  return {
    rows: {
      mitra_slots: ({ after }) => {
        if (after === undefined) freedAt = now_ms()
      },
      session_events: ({ after }) => {
        const event = after?.event
        if (after === undefined || event === undefined) return
        const row = tables.chat_sessions.get(after.session_id)
        if (row === undefined) return
        if (event._tag === "OffersSent") {
          if (event.wave === 2) coverage.reached("second wave of offers")
          const hasWaited = event.wave === 1 && now_ms() - row.requested_at > 2_000
          if (hasWaited && now_ms() - freedAt < 1_000) coverage.reached("waiting line served by a freed slot")
        } else if (event._tag === "RequestExpired") {
          if (event.cause === "all_declined") coverage.reached("everybody asked declined")
          if (event.cause === "no_mitra_available") coverage.reached("request found nobody")
        } else if (event._tag === "SessionCompleted") {
          const isBoth = row.customer_goodbye !== null && row.mitra_goodbye !== null
          if (isBoth) coverage.reached("both goodbyes in")
          if (event.reason === "grace_over") coverage.reached("goodbye grace over")
        } else if (event._tag === "Rerouted") {
          coverage.reached("chat rerouted")
          const had = [...tables.mitra_assignments.values()].filter(({ mitra_id, session_id }) =>
            session_id === after.session_id && mitra_id === event.mitra_id
          )
          if (had.length > 1) coverage.reached("chat came back to a former mitra")
        }
      },
      reroute_proposals: ({ after, before }) => {
        if (before?.status === "open" && after?.status === "accepted") {
          coverage.reached("reroute answered a proposal")
        }
      },
      chat_sessions: ({ after, before }) => {
        if (after === undefined) return
        const isMoved = before !== undefined && before.owner_runner !== null &&
          before.owner_runner !== after.owner_runner && before.ended_at === null
        if (isMoved) coverage.reached("session taken over by another runner")
        const isAgain = before === undefined && after.opened_by !== null
        const payment = isAgain ? tables.payment_requests.get(after.payment_id) : undefined
        if (payment?.kind === "targeted") coverage.reached("targeted request timed out, then a blast")
      }
    }
  }
}

const onExtensions: Watch = ({ now_ms, tables }, coverage) => {
  const deadlines = new Map<string, number>()
  return {
    rows: {
      session_events: ({ after }) => {
        const event = after?.event
        if (after === undefined || event === undefined) return
        const deadline = deadlines.get(after.session_id)
        const isAtDeadline = deadline !== undefined && Math.abs(deadline - now_ms()) < tickMs
        if (event._tag === "ExtensionRequested") deadlines.set(after.session_id, event.deadline_at)
        else if (event._tag === "SessionResumed") {
          if (event.by === "clock") coverage.reached("extension approved by the clock")
          else if (isAtDeadline) coverage.reached("extension answered at its deadline")
        } else if (event._tag === "ClosingStarted") {
          if (event.reason === "extension_timeout") {
            coverage.reached("extension rejected by the clock: mitra away")
          }
          if (event.reason === "extension_rejected" && isAtDeadline) {
            coverage.reached("extension answered at its deadline")
          }
        }
      },
      payment_requests: ({ after, before }) => {
        const isLost = after?.product === "extension" && after.status === "failed_pairing" &&
          before?.status !== "failed_pairing" && after.extends_session_id !== null
        if (!isLost) return
        const chat = tables.chat_sessions.get(after.extends_session_id ?? "")
        if (chat?.status === "closing" || chat?.ended_at != null) {
          coverage.reached("extension paid, but the chat was over")
        }
      }
    }
  }
}

const onPayments: Watch = (_context, coverage) => {
  const webhooks = new Set<string>()
  return {
    rows: {
      webhook_logs: ({ after }) => {
        if (after === undefined) return
        const id: unknown = JSON.parse(after.body).external_id
        if (webhooks.has(String(id))) coverage.reached("webhook twice")
        webhooks.add(String(id))
      },
      payment_requests: ({ after, before }) => {
        if (before?.status === "expired" && after?.status === "confirmed") {
          coverage.reached("webhook after the payment had expired")
        }
        if (after?.failure_cause === "ALREADY_ACTIVE" && before?.failure_cause !== "ALREADY_ACTIVE") {
          coverage.reached("payment confirmed while another chat runs")
        }
      }
    }
  }
}

const onMitras: Watch = ({ tables }, coverage) => {
  const openOffers = new Map<string, number>()
  return {
    rows: {
      chat_request_notifications: ({ after, before }) => {
        if (after === undefined) return
        const change = Number(after.status === "pending") - Number(before?.status === "pending")
        openOffers.set(after.mitra_id, (openOffers.get(after.mitra_id) ?? 0) + change)
      },
      mitra_status: ({ after, before, key }) => {
        if (before?.is_online !== true || after?.is_online !== false) return
        const latest = tables.mitra_online_logs.findLast(({ mitra_id }) => mitra_id === key)
        if (latest?.cause === "stale_heartbeat") coverage.reached("mitra called silent")
      },
      mitras: ({ after, before, key }) => {
        if (before?.is_active !== true || after?.is_active !== false) return
        if ((openOffers.get(key) ?? 0) > 0) coverage.reached("mitra deactivated with an open offer")
        const holds = [...tables.mitra_slots.values()].some(({ mitra_id }) => mitra_id === key)
        if (holds) coverage.reached("mitra deactivated during a chat")
      }
    }
  }
}

const onTurns: Watch = ({ tables }, coverage) => ({
  turn: ({ actor }, isWritten) => {
    if (isWritten) return
    const row = actor.kind === "session"
      ? tables.chat_sessions.get(actor.id)
      : tables.mitra_status.get(actor.id)
    if (row !== undefined && actor.epoch < row.owner_epoch) coverage.reached("fenced turn")
  }
})

const onSnapshot = (phone: Phone, event: Answer, coverage: Coverage): void => {
  if (event["_tag"] !== "snapshot") return
  for (const { recovered, session_id } of event["recovered"]) {
    if (!recovered) coverage.reached("gap too long to resume")
    const view = event["sessions"].find((each: Answer) => each["session_id"] === session_id)
    const last = phone.clientState.sessions.get(session_id)?.last_seq ?? 0
    if (recovered && (view?.["last_seq"] ?? 0) > last) coverage.reached("resume that filled a gap")
  }
}

/** Accepts as they leave the phones: two at once, or in the last moment. */
const onFrames: Watch = ({ now_ms, tables }, coverage) => {
  const accepted = new Map<string, { readonly by: Phone; readonly at_ms: number }>()
  return {
    sent: (phone, tag, { session_id }) => {
      if (tag !== "mitra.accept") return
      const deadline = tables.chat_request_notifications.get(`${session_id}/${phone.id}`)?.deadline_at
      if (deadline !== undefined && Math.abs(deadline - now_ms()) < tickMs) {
        coverage.reached("accept at the expiry tick")
      }
      const before = accepted.get(session_id)
      if (before !== undefined && before.by !== phone && now_ms() - before.at_ms <= 5) {
        coverage.reached("two accepts within 5 ms")
      }
      accepted.set(session_id, { by: phone, at_ms: now_ms() })
    }
  }
}

const onCall = (coverage: Coverage): NonNullable<Rule["called"]> => {
  const unsure = new Set<string>()
  return (phone, tag, payload, outcome) => {
    if (tag === "chat.send") repeated(unsure, phone, payload, outcome, coverage)
    const failure = outcome as Partial<CallFailure> & { readonly code?: unknown }
    if (failure._tag === "TryLater") coverage.reached("call told to try later")
    if (failure._tag === "ConnectionLost" && failure.code === 1012) {
      coverage.reached("drain with calls in flight")
    }
    const code = refusalOf(outcome) ?? ""
    const ofStaff = tag === "admin.reroute" ? rerouteAnswers[code] : undefined
    if (ofStaff !== undefined) coverage.reached(ofStaff)
    const crossing = lateAnswers[code]
    if (crossing !== undefined && callOf[crossing]?.includes(tag) !== false) coverage.reached(crossing)
  }
}

const repeated = (
  unsure: Set<string>,
  phone: Phone,
  payload: Answer,
  outcome: Answer | CallFailure,
  coverage: Coverage
): void => {
  const key = `${phone.name}/${payload["client_message_id"]}`
  if (answerOf(outcome) === null) return void unsure.add(key)
  if (unsure.delete(key)) coverage.reached("message repeated after a lost answer")
}
