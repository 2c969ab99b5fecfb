// Exact: every chat is told once more from its numbered events, by the product's description, and to the
// millisecond: who may do what when, what each deadline is, what the row must say then, and that nothing is
// done before its time or long after it.
import type { ChatSessionRow, OfferRow, SessionEventRow } from "../../../testkit/memory/store/tables.ts"
import { type MakeRule, Touched } from "../rule.ts"
import { Numbers } from "./numbers.ts"
import type { Course } from "./course-state.ts"
import { nextDue, said, tell } from "./course.ts"

/** A timer, a way to the database and back, and what else the runner was at. */
const doneWithinMs = 2_000
/** Where nothing was ever broken a timer strikes in its millisecond. */
const promptlyMs = 700
const neverBrokenMs = 1_000_000_000_000
const recoversMs = 30_000
/** A server's clock that was wrong is right again, and so are the times it wrote down. */
const clocksTrueMs = 5_000

const courseOf = (row: ChatSessionRow): Course => ({
  phase: "searching",
  kind: row.kind,
  target_mitra_id: row.target_mitra_id,
  requested_at: row.requested_at,
  search_ends_at: row.search_ends_at,
  asked: new Set(),
  next_wave_at: row.requested_at,
  wave: 0,
  mitra_id: null,
  started_at: null,
  ends_at: null,
  runs_from: 0,
  purchased_ms: row.ledger.purchased_ms,
  warned: [],
  extension: null,
  pause: null,
  closing_ends_at: null,
  closing_reason: null,
  ended_at: null,
  ended_by: null,
  end_reason: null,
  topic: row.topic,
  goodbyes: { customer: null, mitra: null },
  last_at: row.requested_at
})

/** What the row says otherwise than the course. */
const differenceOf = (
  course: Course,
  row: ChatSessionRow,
  offers: ReadonlyArray<OfferRow>
): string | null => {
  const isLooking = course.phase === "searching" || course.phase === "pending_acceptance"
  const open = offers.filter(({ status }) => status === "pending").map(({ deadline_at }) => deadline_at)
  const due = isLooking
    ? Math.min(course.search_ends_at, row.next_wave_at ?? course.search_ends_at, ...open)
    : nextDue(course)
  const pairs: ReadonlyArray<readonly [string, unknown, unknown]> = [
    ["status", row.status, course.phase],
    ["mitra_id", row.mitra_id, course.mitra_id],
    ["started_at", row.started_at, course.started_at],
    ["ends_at", row.ends_at, course.ends_at],
    ["extension", row.extension?.deadline_at ?? null, course.extension?.deadline_at ?? null],
    ["closing_ends_at", row.closing_ends_at, course.closing_ends_at],
    ["ended_at", row.ended_at, course.ended_at],
    ["ended_by", row.ended_by, course.ended_by],
    ["end_reason", row.end_reason, course.end_reason],
    ["topic", row.topic, course.topic],
    ["customer_goodbye", row.customer_goodbye, course.goodbyes.customer],
    ["mitra_goodbye", row.mitra_goodbye, course.goodbyes.mitra],
    ["search_ends_at", row.search_ends_at, course.search_ends_at],
    ["deadline_at", row.deadline_at, due]
  ]
  const wrong = pairs.find(([, is, ought]) => is !== ought)
  return wrong === undefined ? null : `${wrong[0]} is ${String(wrong[1])}; it must be ${String(wrong[2])}`
}

/** That the chat has no mitra, or has one again, has no number: the row says it, and what is left stays. */
const followPause = (course: Course, row: ChatSessionRow): void => {
  const until = row.absence?.paused_until
  const at = row.ledger.open?.from ?? 0
  if (course.phase !== "active") course.pause = null
  else if (until !== undefined && course.pause === null) {
    course.pause = { left_ms: (course.ends_at ?? 0) - at, until }
    course.ends_at = null
  } else if (until === undefined && course.pause !== null) {
    Object.assign(course, { runs_from: at, ends_at: at + course.pause.left_ms, pause: null })
  }
}

const looking = new Set<string>(["searching", "pending_acceptance"])

interface Entry {
  readonly seq: number
  readonly event: SessionEventRow["event"] | null
  readonly at: number
}

export const exact: MakeRule = (context, complain) => {
  const { tables } = context
  const numbers = new Numbers(context)
  const courses = new Map<string, Course>()
  const fresh = new Map<string, Array<Entry>>()
  const touched = new Touched()
  const offers = new Map<string, Map<string, OfferRow>>()
  /** Requests that the present statement took an offer from. */
  const lost = new Set<string>()

  const offersOf = (session_id: string) => [...offers.get(session_id)?.values() ?? []]
  const aroundOf = (session_id: string) => ({
    numbers,
    everybodyDeclined: () => {
      const all = offersOf(session_id)
      return all.length > 0 && all.every(({ status }) => status === "declined")
    },
    // What was just made is pending: it is asked about those of before.
    nobodyPending: () => {
      const newest = Math.max(0, ...offersOf(session_id).map(({ wave }) => wave))
      return offersOf(session_id).every(({ status, wave }) => wave === newest || status !== "pending")
    },
    paid: (id: string) => {
      const payment = tables.payment_requests.get(id)
      if (payment === undefined || payment.confirmed_at === null) return null
      return { amount_idr: payment.amount_idr, ms: payment.duration_seconds * 1000 }
    }
  })

  /** Neither before its time nor long after it, by a clock that is right. */
  const timely = (session_id: string, what: string, at: number, course: Course) => {
    if (context.clocksTrueFor_ms() < clocksTrueMs) return
    const early = at - context.now_ms()
    if (early > 0) complain(`${what} is written down ${early} ms before it happens`, { session_id })
    const within = context.steadyFor_ms() > neverBrokenMs ? promptlyMs : doneWithinMs
    if (-early > within && context.steadyFor_ms() - recoversMs > -early) {
      complain(`${what} was written down ${-early} ms late`, { session_id })
    }
    // Two servers wrote the two, and one of them may have been wrong then.
    if (at < course.last_at && context.clocksTrueFor_ms() > 3_600_000) {
      complain(`${what} happened before what came before it`, { session_id })
    }
    course.last_at = at
  }

  const opened = (row: ChatSessionRow) => {
    const { id: session_id, kind, opened_by, requested_at, search_ends_at } = row
    courses.set(session_id, courseOf(row))
    const payment = tables.payment_requests.get(row.payment_id)
    const window = kind === "targeted"
      ? "returning_chat_confirmation_timeout_seconds" as const
      : "pairing_blast_timeout_seconds" as const
    const wrong = payment?.confirmed_at == null
      ? "a request was opened that nobody paid for"
      : !numbers.may(window, (search_ends_at - requested_at) / 1000)
      ? `a request looks for ${search_ends_at - requested_at} ms`
      : kind !== (opened_by === null ? payment.kind : "blast")
      ? `a ${payment.kind} request became a ${kind} one`
      : kind === "targeted" && row.target_mitra_id !== payment.target_mitra_id
      ? "a request looks for another mitra than was wanted"
      : row.ledger.purchased_ms !== payment.duration_seconds * 1000 || row.topic !== payment.topic
      ? "a request is not what was paid for"
      : null
    if (wrong !== null) complain(wrong, { session_id })
  }

  const add = (session_id: string, entry: Entry) => {
    const entries = fresh.get(session_id)
    if (entries === undefined) fresh.set(session_id, [entry])
    else entries.push(entry)
    touched.add(session_id)
  }

  const check = (session_id: string) => {
    const course = courses.get(session_id)
    const row = tables.chat_sessions.get(session_id)
    if (course === undefined || row === undefined) return
    const entries = (fresh.get(session_id) ?? []).toSorted((a, b) => a.seq - b.seq)
    fresh.delete(session_id)
    for (const { at, event, seq } of entries) {
      const flaw = event === null ? said(course) : tell(course, event, aroundOf(session_id))
      if (flaw !== null) complain(`at ${seq}: ${flaw}`, { session_id })
      timely(session_id, event?._tag ?? "a message", at, course)
    }
    followPause(course, row)
    const isLeftAlone = lost.delete(session_id) &&
      offersOf(session_id).every(({ status }) => status !== "pending")
    if (isLeftAlone && looking.has(row.status) && (row.next_wave_at ?? Infinity) > context.now_ms()) {
      complain("nobody is left who was asked, and the next look waits", { session_id })
    }
    const difference = differenceOf(course, row, offersOf(session_id))
    if (difference !== null) complain(difference, { session_id })
  }

  return {
    rows: {
      settings: numbers.changed,
      chat_sessions: ({ after, before, key }) => {
        if (after === undefined) return
        if (before === undefined) opened(after)
        if (before !== undefined && after.last_seq === before.last_seq && after.status === before.status) {
          if (after.deadline_at === before.deadline_at && after.ends_at === before.ends_at) return
        }
        touched.add(key)
      },
      chat_request_notifications: ({ after, before }) => {
        if (after === undefined) return
        if (before?.status === "pending" && (after.status === "declined" || after.ending === "withdrawn")) {
          lost.add(after.session_id)
          touched.add(after.session_id)
        }
        const of = offers.get(after.session_id) ?? new Map<string, OfferRow>()
        offers.set(after.session_id, of.set(after.mitra_id, after))
      },
      session_events: ({ after, before }) => {
        // Only the words of somebody who left for good are ever taken out.
        if (after !== undefined && before === undefined) {
          add(after.session_id, { seq: after.seq, event: after.event, at: after.event.at })
        }
      },
      messages: ({ after, before }) => {
        if (after === undefined || before !== undefined) return
        add(after.session_id, { seq: after.seq, event: null, at: after.sent_at })
      }
    },
    statement: () => touched.drain(check)
  }
}
