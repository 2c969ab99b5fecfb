// How a chat's course ends: nobody comes, somebody cancels, the time runs out, goodbyes are said.
import { warnings } from "./numbers.ts"
import {
  type Around,
  type EventOf,
  firstOf,
  type Flaw,
  inSeconds,
  isLooking,
  type Course
} from "./course-state.ts"

const enderOf = (reason: string | null): string =>
  reason === "ended_by_customer"
    ? "customer"
    : reason === "ended_by_mitra" || reason === "extension_rejected"
    ? "mitra"
    : reason === "force_closed"
    ? "staff"
    : "clock"

const missing = ({ ends_at, runs_from, warned: given }: Course): Flaw => {
  const owed = warnings.find((seconds) =>
    (ends_at ?? 0) - seconds * 1000 > runs_from && !given.includes(seconds)
  )
  return owed === undefined ? null : `nobody was warned ${owed} s before the end`
}

export const closingStarted = (
  course: Course,
  event: EventOf<"ClosingStarted">,
  { numbers }: Around
): Flaw => {
  const { at, closing_ends_at, reason } = event
  const wasPaused = course.phase === "extending"
  const deadline_at = course.extension?.deadline_at ?? 0
  const early = course.ends_at === null || at < course.ends_at
  const byReason: Readonly<Record<string, Flaw>> = {
    time_up: firstOf(
      [!wasPaused && at === course.ends_at, `the time was up ${at - (course.ends_at ?? 0)} ms beside its end`]
    ) ?? missing(course),
    extension_rejected: wasPaused && at < deadline_at ? null : "rejected after the deadline",
    extension_timeout: wasPaused && at === deadline_at ? null : "ran out beside the deadline",
    mitra_gone: course.pause !== null && at === course.pause.until ? null : "given up beside its time",
    ended_by_customer: early ? null : "ended after its end",
    ended_by_mitra: early && numbers.may("mitra_may_end_session", true) ? null : "the mitra may not end it",
    force_closed: null
  }
  const flaw = firstOf(
    [course.phase === "active" || wasPaused, `closing began when ${course.phase}`],
    [reason in byReason, `closing because of ${reason}`],
    [inSeconds(numbers, "closing_grace_seconds", closing_ends_at - at), "another grace than staff set"]
  ) ?? byReason[reason] ?? null
  Object.assign(course, {
    phase: "closing",
    ends_at: null,
    extension: null,
    closing_ends_at,
    closing_reason: reason,
    end_reason: reason
  })
  return flaw
}

export const completed = (course: Course, event: EventOf<"SessionCompleted">): Flaw => {
  const { at, ended_by, reason } = event
  const end = course.closing_ends_at ?? 0
  const flaw = firstOf(
    [course.phase === "closing", `completed when ${course.phase}`],
    [reason !== "grace_over" || at === end, `the grace was over ${at - end} ms beside its end`],
    [reason === "grace_over" || at < end, `completed ${at - end} ms after the grace`],
    [reason !== "goodbye" || course.goodbyes.customer !== null, "completed without the customer's goodbye"],
    [reason === "goodbye" || course.goodbyes.customer === null, "the customer's goodbye did not complete it"],
    [
      ended_by === (reason === "force_closed" ? "staff" : enderOf(course.closing_reason)),
      `ended by ${ended_by}`
    ]
  )
  Object.assign(course, { phase: "completed", ended_at: at, ended_by, closing_ends_at: null })
  return flaw
}

export const expired = (course: Course, { at, cause }: EventOf<"RequestExpired">, around: Around): Flaw => {
  const isAllDeclined = around.everybodyDeclined()
  const none = course.asked.size === 0
  const atTheEnd = isAllDeclined
    ? "all_declined"
    : course.kind === "targeted"
    ? "returning_chat_timeout"
    : none
    ? "no_mitra_available"
    : "window_over"
  const isEarly = at < course.search_ends_at
  const mayEnd = cause === "all_declined" ||
    (cause === "no_mitra_available" || cause === "no_mitra_fits") &&
      around.numbers.may("pairing_queue_enabled", false)
  const flaw = firstOf(
    [isLooking(course), `expired when ${course.phase}`],
    [
      cause === atTheEnd || none && cause === "no_mitra_fits",
      `expired because of ${cause}, and not ${atTheEnd}`
    ],
    [at <= course.search_ends_at, `expired ${at - course.search_ends_at} ms after the window`],
    [!isEarly || mayEnd, `expired ${course.search_ends_at - at} ms before the window was over`]
  )
  Object.assign(course, { phase: "expired", ended_at: at, ended_by: "clock", end_reason: cause })
  return flaw
}

export const cancelled = (course: Course, { at, by }: EventOf<"RequestCancelled">): Flaw => {
  const flaw = firstOf(
    [isLooking(course), `cancelled when ${course.phase}`],
    [at < course.search_ends_at, `cancelled ${at - course.search_ends_at} ms after the window`]
  )
  Object.assign(course, { phase: "cancelled", ended_at: at, ended_by: by, end_reason: "cancelled" })
  return flaw
}

export const goodbye = (course: Course, { at, side, text }: EventOf<"GoodbyeLeft">): Flaw => {
  const flaw = firstOf(
    [course.phase === "closing", `a goodbye when ${course.phase}`],
    [at < (course.closing_ends_at ?? 0), "a goodbye after the grace"],
    [course.goodbyes[side] === null, "a second goodbye of the same side"],
    [text === text.trim() && text !== "", "a goodbye with nothing in it"]
  )
  course.goodbyes[side] = text
  return flaw
}
