// What the product's description makes of a chat's numbered events: where each leaves the chat, and to the
// millisecond when it may have happened. A second opinion: nothing of the server's domain is asked.
import { warnings } from "./numbers.ts"
import { cancelled, closingStarted, completed, expired, goodbye } from "./course-endings.ts"
import {
  type Around,
  type Event,
  type EventOf,
  firstOf,
  type Flaw,
  inSeconds,
  isLooking,
  type Course
} from "./course-state.ts"

const offersSent = (
  course: Course,
  event: EventOf<"OffersSent">,
  { nobodyPending, numbers }: Around
): Flaw => {
  const { offers, wave } = event
  const most = numbers.largest("pairing_wave_size")
  const growth = numbers.largest("pairing_wave_growth")
  const total = course.asked.size + offers.length
  const expectedNext = (wave_size: number): ReadonlyArray<number | null> =>
    numbers.lately(wave_size > 0 ? "pairing_wave_seconds" : "pairing_search_again_seconds").map((seconds) => {
      const at = event.at + Number(seconds) * 1000
      return at < course.search_ends_at ? at : null
    })
  const nexts = numbers.lately("pairing_wave_size").flatMap((size) => expectedNext(Number(size)))
  const endings = numbers.lately("pairing_acceptance_seconds").map((seconds) =>
    seconds === 0 || course.kind === "targeted"
      ? course.search_ends_at
      : Math.min(course.search_ends_at, event.at + Number(seconds) * 1000)
  )
  const isFull = total >= numbers.smallest("pairing_offers_max")
  const isLast = course.kind === "targeted" || isFull
  const flaw = firstOf(
    [isLooking(course), `offers were made for a request that is ${course.phase}`],
    [event.at < course.search_ends_at, "offers were made after the window"],
    [wave === course.wave + 1, `wave ${wave} follows wave ${course.wave}`],
    [offers.length > 0, "a wave without an offer"],
    [event.at >= course.next_wave_at || nobodyPending(), `wave ${wave} went out before its time`],
    [offers.every(({ mitra_id }) => !course.asked.has(mitra_id)), "a mitra was asked twice"],
    [offers.every(({ deadline_at }) => endings.includes(deadline_at)), "an offer has another deadline"],
    [offers.every(({ sent_at }) => sent_at === event.at), "an offer was not sent with its wave"],
    [
      course.kind === "blast" || offers.every(({ mitra_id }) => mitra_id === course.target_mitra_id),
      "asked " +
      "another than the mitra that was wanted"
    ],
    [total <= numbers.largest("pairing_offers_max"), `${total} mitras were asked`],
    [
      numbers.smallest("pairing_wave_size") === 0 || offers.length <= most * growth ** (wave - 1),
      `wave ${wave} is ${offers.length} wide`
    ],
    [isLast || nexts.includes(event.next_wave_at), `the next look is at ${event.next_wave_at}`],
    [course.kind === "blast" || event.next_wave_at === null, "a targeted request looks for others"]
  )
  for (const { mitra_id } of offers) course.asked.add(mitra_id)
  course.phase = "pending_acceptance"
  course.wave = wave
  course.next_wave_at = event.next_wave_at ?? course.search_ends_at
  return flaw
}

const paired = (course: Course, event: EventOf<"Paired">): Flaw => {
  const flaw = firstOf(
    [course.phase === "pending_acceptance", `paired when ${course.phase}`],
    [course.asked.has(event.mitra_id), "paired with a mitra who was not asked"],
    [event.at < course.search_ends_at, `accepted ${event.at - course.search_ends_at} ms after the deadline`],
    [event.ends_at === event.at + course.purchased_ms, "the paid time ends at another instant"]
  )
  Object.assign(course, {
    phase: "active",
    mitra_id: event.mitra_id,
    started_at: event.at,
    ends_at: event.ends_at,
    runs_from: event.at,
    warned: []
  })
  return flaw
}

const warned = (course: Course, { at, remaining_seconds }: EventOf<"WarningGiven">): Flaw => {
  const due = (course.ends_at ?? 0) - remaining_seconds * 1000
  const flaw = firstOf(
    [course.phase === "active", `warned when ${course.phase}`],
    [warnings.includes(remaining_seconds), `warned at ${remaining_seconds} s`],
    [at === due, `a warning came ${at - due} ms beside its time`],
    [due > course.runs_from, "a warning of before the time began to run"],
    [!course.warned.some((seconds) => seconds <= remaining_seconds), "warned again, or too late"]
  )
  course.warned.push(remaining_seconds)
  return flaw
}

const extensionRequested = (course: Course, event: EventOf<"ExtensionRequested">, around: Around): Flaw => {
  const { at, deadline_at, payment_id } = event
  const left_ms = (course.ends_at ?? 0) - at
  const paid = around.paid(payment_id)
  const flaw = firstOf(
    [course.phase === "active", `an extension was asked for when ${course.phase}`],
    [left_ms > 0, "an extension was asked for after the end"],
    [inSeconds(around.numbers, "extension_timeout_seconds", deadline_at - at), "another time to answer it"],
    [paid?.ms === event.purchased_ms && paid.amount_idr === event.amount_idr, "another extension was paid"]
  )
  Object.assign(course, {
    phase: "extending",
    ends_at: null,
    extension: { deadline_at, left_ms, payment_id }
  })
  return flaw
}

const resumed = (course: Course, event: EventOf<"SessionResumed">, { numbers, paid }: Around): Flaw => {
  const { extension } = course
  const { at, by } = event
  const deadline_at = extension?.deadline_at ?? 0
  const isMayBe = numbers.may("extension_default_action_on_timeout", "auto_approve")
  const flaw = firstOf(
    [course.phase === "extending" && extension !== null, `resumed when ${course.phase}`],
    [event.payment_id === extension?.payment_id, "another extension was approved"],
    [paid(event.payment_id)?.ms === event.purchased_ms, "another time was added than was paid"],
    [
      by === "clock" ? at === deadline_at : at < deadline_at,
      `approved by the ${by} ${at - deadline_at} ms ` +
      "from the deadline"
    ],
    [by === "mitra" || isMayBe, "the clock approved, though it must reject"],
    [event.ends_at === at + (extension?.left_ms ?? 0) + event.purchased_ms, "the time was added wrongly"]
  )
  course.purchased_ms += event.purchased_ms
  Object.assign(course, {
    phase: "active",
    ends_at: event.ends_at,
    runs_from: at,
    warned: [],
    extension: null
  })
  return flaw
}

const topicChanged = (course: Course, event: EventOf<"TopicChanged">, { numbers }: Around): Flaw => {
  const isLatched = course.topic === "sensitive" && numbers.surely("topic_sensitive_is_final", true)
  const flaw = firstOf(
    [course.phase === "active" || course.phase === "extending", `the topic changed when ${course.phase}`],
    [event.by === course.mitra_id, "the topic was changed by somebody else than the mitra"],
    [event.topic !== course.topic, "a topic that did not change was written down"],
    [!isLatched, "a chat that is sensitive for good is regular"]
  )
  course.topic = event.topic
  return flaw
}

const rerouted = (course: Course, event: EventOf<"Rerouted">): Flaw => {
  const flaw = firstOf(
    [course.phase === "active", `handed over when ${course.phase}`],
    [event.from_mitra_id === course.mitra_id, "handed over by somebody who did not have it"],
    [
      course.pause === null
        ? event.ends_at === course.ends_at && event.at < (course.ends_at ?? 0)
        : event.ends_at === event.at + course.pause.left_ms,
      "the hand-over moved the end"
    ]
  )
  if (course.pause !== null) {
    Object.assign(course, { runs_from: event.at, ends_at: event.ends_at, pause: null })
  }
  course.mitra_id = event.mitra_id
  return flaw
}

/** Moves the course on, and says what is wrong with the event. */
export const tell = (course: Course, event: Event, around: Around): Flaw => {
  switch (event._tag) {
    case "OffersSent":
      return offersSent(course, event, around)
    case "Paired":
      return paired(course, event)
    case "WarningGiven":
      return warned(course, event)
    case "TopicChanged":
      return topicChanged(course, event, around)
    case "Rerouted":
      return rerouted(course, event)
    case "ExtensionRequested":
      return extensionRequested(course, event, around)
    case "SessionResumed":
      return resumed(course, event, around)
    case "ClosingStarted":
      return closingStarted(course, event, around)
    case "SessionCompleted":
      return completed(course, event)
    case "RequestExpired":
      return expired(course, event, around)
    case "RequestCancelled":
      return cancelled(course, event)
    case "GoodbyeLeft":
      return goodbye(course, event)
    default:
      return `${event._tag} is written under a number`
  }
}

/** A message at this place of the course. */
export const said = ({ phase }: Course): Flaw =>
  phase === "active" || phase === "extending" ? null : `a message when ${phase}`

/** When something happens next, whatever anybody does; null when it is over. */
export const nextDue = (course: Course): number | null => {
  const { ends_at, phase, runs_from, warned: given } = course
  switch (phase) {
    case "active": {
      if (course.pause !== null) return course.pause.until
      const next = warnings.map((seconds) => [seconds, (ends_at ?? 0) - seconds * 1000] as const).find((
        [seconds, at]
      ) => at > runs_from && given.every((each) => each > seconds))
      return next?.[1] ?? ends_at
    }
    case "extending":
      return course.extension?.deadline_at ?? null
    case "closing":
      return course.closing_ends_at
    default:
      return null
  }
}
