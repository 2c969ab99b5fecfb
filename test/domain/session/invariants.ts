// What must hold of a session in every state, in every step from one state to the next, and over its
// whole life. Each check names the rule it guards; the database holds many of them as constraints too.
import * as Result from "effect/Result"
import { endsAt, isBalanced } from "../../../src/domain/ledger.ts"
import { deadlineOf } from "../../../src/domain/session/deadline.ts"
import { isSequenced, type SessionEvent } from "../../../src/domain/session/events.ts"
import {
  assignmentsMax,
  holdingStatuses,
  isPaused,
  isTerminal,
  openStatuses,
  type SessionState
} from "../../../src/domain/session/state.ts"
import type { Turn } from "./walk.ts"

const endings: ReadonlySet<SessionEvent["_tag"]> = new Set([
  "RequestCancelled",
  "RequestExpired",
  "SessionCompleted"
])

/** Tens of thousands of times per run: far cheaper than an assertion object. */
const must = (holds: boolean, rule: string): void => {
  if (!holds) throw new Error(`broken: ${rule}`)
}

const checkOffers = (state: SessionState, offersMax: number): void => {
  const count = (status: string): number => state.offers.filter((offer) => offer.status === status).length
  const winner = state.offers.find((offer) => offer.status === "accepted")?.mitra_id ?? null
  must(count("accepted") <= 1, "one winner")
  const [first] = state.assignments
  must(winner === (first?.mitra_id ?? null), "the session's first mitra is the one who accepted")
  must(count("pending") === 0 || state.status === "pending_acceptance", "no offer outlives its request")
  must(state.status !== "searching" || state.offers.length === 0, "searching has asked nobody")
  must(
    state.status !== "pending_acceptance" || state.offers.length > 0,
    "pending_acceptance has asked somebody"
  )
  must(
    new Set(state.offers.map((offer) => offer.mitra_id)).size === state.offers.length,
    "nobody is asked twice"
  )
  must(state.offers.length <= offersMax, "offers are bounded")
  for (const offer of state.offers) {
    const mayHaveNoEnding = offer.status === "pending" || offer.status === "accepted"
    must((offer.ending === null) === mayHaveNoEnding, "a lost offer says why")
    must(offer.deadline_at <= state.search_ends_at, "no offer is open longer than its request")
    must(offer.sent_at < offer.deadline_at, "an offer can still be answered when it is sent")
    must(state.kind === "blast" || offer.mitra_id === state.target_mitra_id, "targeted asks its mitra only")
  }
}

/** One mitra at a time, from the pairing to the end, without a gap between two of them. */
const checkAssignments = (state: SessionState): void => {
  const { assignments } = state
  must(assignments.length <= assignmentsMax, "hand-overs are bounded")
  must((assignments.at(-1)?.mitra_id ?? null) === state.mitra_id, "the last assignment is the mitra's")
  must((assignments[0]?.started_at ?? null) === state.started_at, "the first one begins with the clock")
  assignments.forEach((assignment, index) => {
    const next = assignments[index + 1]
    must((assignment.left !== null) === (next !== undefined), "who hands over leaves something behind")
    must(next === undefined || assignment.ended_at === next.started_at, "no time without a mitra")
    must(next === undefined || assignment.mitra_id !== next.mitra_id, "a hand-over is to another")
    must(next !== undefined || assignment.ended_at === state.ended_at, "the last one ends with the session")
    must((assignment.by_staff_id === null) === (index === 0), "staff gave all but the first")
  })
  must(state.absence === null || holdingStatuses.includes(state.status), "nobody is missed after the end")
}

const checkClock = (state: SessionState): void => {
  const paired = state.mitra_id !== null
  const over = isTerminal(state.status)
  must((state.started_at !== null) === paired, "started when paired")
  must(
    (state.ends_at !== null) === (state.status === "active" && !isPaused(state)),
    "ends_at while the paid time runs"
  )
  must(
    (state.closing_ends_at !== null) === (state.status === "closing"),
    "closing_ends_at only while closing"
  )
  must((state.ended_at !== null) === over, "ended_at when over")
  must((state.ended_by !== null) === over, "ended_by when over")
  must((deadlineOf(state) === null) === over, "a deadline until it is over, and none after")
  must(state.next_wave_at === null || openStatuses.includes(state.status), "looks only while searching")
  must(state.ledger.purchased_ms > 0, "something was bought")
  if (state.status === "active") {
    must(state.ends_at === endsAt(state.ledger), "the column and the ledger agree on the end")
    const paused = state.ledger.entries
      .reduce((sum, entry) => sum + (entry.state === "paused" ? entry.to - entry.from : 0), 0)
    must(
      isPaused(state) || state.ends_at ===
          (state.ledger.entries[0]?.from ?? state.started_at ?? 0) + state.ledger.purchased_ms + paused,
      "the whole purchase is served, and pauses cost nothing"
    )
  } else if (state.status === "extending") {
    must(state.ledger.open?.state === "paused", "the paid clock stands still while extending")
    must(state.ends_at === null, "nothing ends while the clock stands still")
  } else {
    must(!paired || isBalanced(state.ledger), "charged = purchased once the paid time is over")
    must(paired || state.ledger.entries.length === 0, "nobody pays for a search")
  }
  must(
    (state.extension !== null) === (state.status === "extending"),
    "an extension waits only while extending"
  )
  let last = Number.NEGATIVE_INFINITY
  for (const entry of state.ledger.entries) {
    must(entry.to >= entry.from, "time never runs backwards")
    must(last === Number.NEGATIVE_INFINITY || entry.from === last, "every instant has exactly one entry")
    last = entry.to
  }
}

export const checkState = (state: SessionState, offersMax: number): void => {
  checkOffers(state, offersMax)
  checkClock(state)
  checkAssignments(state)
  for (const cursor of [state.cursors.customer, state.cursors.mitra]) {
    must(
      cursor.read_seq >= 0 && cursor.read_seq <= cursor.delivered_seq,
      "nothing is read before it is received"
    )
    must(cursor.delivered_seq <= state.last_seq, "nothing is received before it is sent")
  }
}

const checkReply = ({ after, before, command, decision, facts }: Turn): void => {
  if (Result.isFailure(decision.reply)) {
    must(decision.reply.failure.message.length > 0, "a refusal has a sentence")
    return
  }
  const reply = decision.reply.success
  must(reply.status === after.status, "the reply tells the status after the turn")
  must(reply.at <= facts.now, "the reply's time is not in the future")
  must(
    reply.seq === null || (reply.seq > before.last_seq && reply.seq <= after.last_seq),
    "the reply's number is new"
  )
  if (command._tag === "SendMessage") {
    must(reply.seq === after.last_seq, "a message's reply has the message's number")
    must(reply.message_id === command.message_id, "a message's reply has its id")
  } else must(reply.message_id === null, "only a message has a message id")
}

const notEarlier = (before: number | null, after: number | null): boolean =>
  before === null || after === null || after >= before

/** From one state to the next: what was settled stays settled, and only forwards. */
export const checkTurn = (done: Turn): void => {
  const { after, before, decision } = done
  const bought = decision.events.reduce(
    (sum, event) => sum + (event._tag === "SessionResumed" ? event.purchased_ms : 0),
    0
  )
  must(
    after.ledger.purchased_ms === before.ledger.purchased_ms + bought,
    "time is added exactly when it is charged"
  )
  checkReply(done)
  must(after.search_ends_at === before.search_ends_at, "the search window never moves")
  must(notEarlier(before.ends_at, after.ends_at), "ends_at never moves earlier")
  must(notEarlier(before.closing_ends_at, after.closing_ends_at), "closing_ends_at never moves earlier")
  must(
    after.last_seq === before.last_seq + decision.events.filter(isSequenced).length,
    "numbers have no gaps"
  )
  const handed = decision.events.find((event) => event._tag === "Rerouted")
  const rerouted = handed?._tag === "Rerouted"
  must(
    before.mitra_id === null || (after.mitra_id !== before.mitra_id) === rerouted,
    "only a hand-over changes the mitra"
  )
  must(
    !rerouted || (after.ends_at === handed.ends_at && (before.ends_at ?? after.ends_at) === after.ends_at),
    "a hand-over moves no end"
  )
  before.offers.forEach((offer, index) => {
    must(offer.status === "pending" || after.offers[index] === offer, "an answer is final")
  })
  for (const side of ["customer", "mitra"] as const) {
    must(after.cursors[side].delivered_seq >= before.cursors[side].delivered_seq, "delivered never goes back")
    must(after.cursors[side].read_seq >= before.cursors[side].read_seq, "read never goes back")
  }
  must(!isTerminal(before.status) || (decision.events.length === 0 && after === before), "the end is final")
}

/** The whole story, in the order it was written down. */
export const checkStory = (turns: ReadonlyArray<Turn>): void => {
  let last = turns[0]?.before.requested_at ?? 0
  let over = false
  let paired = 0
  let asked: string | null = null
  for (const { decision, facts } of turns) {
    for (const event of decision.events) {
      must(!over, `${event._tag} happened after the end`)
      must(event.at >= last, `${event._tag} took effect before what came before it`)
      must(event.at <= facts.now, `${event._tag} lies in the future`)
      last = event.at
      over = endings.has(event._tag)
      paired += event._tag === "Paired" ? 1 : 0
      if (event._tag === "ExtensionRequested") {
        must(asked === null, "one extension at a time")
        asked = event.payment_id
      }
      if (event._tag === "SessionResumed") {
        must(event.payment_id === asked, "only what was asked for is approved, and once")
        asked = null
      }
      if (event._tag === "ClosingStarted") asked = null
    }
  }
  must(paired <= 1, "a session is paired at most once")
}
