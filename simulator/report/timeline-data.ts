// What a run's page shows, gathered from the world's own rows: who was there, what became of every request,
// what went wrong when. Times are milliseconds since the beginning of the run.
import type { SessionEvent } from "../../src/domain/session/events.ts"
import type { SimulationResult, Violation } from "../simulation.ts"
import { type Frame, type LogEntry, momentOf } from "./moment.ts"
import type { Recording } from "./recording.ts"
import { type RunnerLane, runnerLanesOf } from "./runner-lanes.ts"

export type Phase = "searching" | "active" | "extending" | "closing"

export interface TimelineSession {
  readonly id: string
  readonly customer: string
  readonly mitra: string | null
  /** The mitras who had it, one after the other. */
  readonly mitras: ReadonlyArray<{ readonly id: string; readonly from: number; readonly to: number }>
  readonly ending: string
  readonly phases: ReadonlyArray<{ readonly phase: Phase; readonly from: number; readonly to: number }>
  /** What happened in it, oldest first; messages without their text. */
  readonly events: ReadonlyArray<{ readonly at: number; readonly text: string; readonly is_message: boolean }>
}

export interface TimelineData {
  readonly title: string
  /** Name and value, in the order of the header. */
  readonly facts: ReadonlyArray<readonly [string, string]>
  /** The command that runs it again. */
  readonly replay: string
  /** Of the code that ran; null where git does not know. */
  readonly commit: string | null
  readonly is_sound: boolean
  readonly starts_at: number
  readonly lasts: number
  readonly people: ReadonlyArray<{ readonly id: string; readonly name: string; readonly role: string }>
  /** When each mitra was online, by her id. */
  readonly online: Readonly<Record<string, ReadonlyArray<readonly [from: number, to: number]>>>
  readonly sessions: ReadonlyArray<TimelineSession>
  readonly runners: ReadonlyArray<RunnerLane>
  readonly faults: ReadonlyArray<
    {
      readonly name: string
      readonly runner: string | null
      readonly text: string
      readonly from: number
      readonly to: number
    }
  >
  /** What happened before the first violation, or at the end of a sound run: to be stepped through. */
  readonly log: ReadonlyArray<LogEntry>
  /** What the phones concerned sent and received meanwhile. */
  readonly frames: ReadonlyArray<Frame>
  readonly violations: ReadonlyArray<
    {
      readonly at: number
      readonly invariant: string
      readonly text: string
      readonly session: string | null
      /** Ids of those it is about. */
      readonly people: ReadonlyArray<string>
    }
  >
}

const textOf = (event: SessionEvent): string => {
  switch (event._tag) {
    case "OffersSent":
      return `asks ${event.offers.length} mitras`
    case "Paired":
      return `paired with ${event.mitra_name}`
    case "Rerouted":
      return `given to ${event.mitra_name}`
    case "MessageSent":
      return `message of the ${event.side}`
    case "WarningGiven":
      return `${event.remaining_seconds} s left`
    case "ClosingStarted":
      return `closing: ${event.reason}`
    case "RequestExpired":
      return `nobody came: ${event.cause}`
    case "SessionCompleted":
      return `completed: ${event.reason}`
    case "GoodbyeLeft":
      return `goodbye of the ${event.side}`
    default:
      return event._tag
  }
}

/** The phase a session is in after this event; null when it says nothing about that. */
const phaseAfter = (event: SessionEvent): Phase | "over" | null => {
  switch (event._tag) {
    case "Paired":
    case "SessionResumed":
      return "active"
    case "ExtensionRequested":
      return "extending"
    case "ClosingStarted":
      return "closing"
    case "RequestCancelled":
    case "RequestExpired":
    case "SessionCompleted":
      return "over"
    default:
      return null
  }
}

const phasesOf = (
  requestedAt: number,
  events: ReadonlyArray<SessionEvent>,
  endsAt: number,
  start: number
) => {
  const phases: Array<{ phase: Phase; from: number; to: number }> = []
  let [phase, from]: [Phase | "over", number] = ["searching", requestedAt]
  for (const event of events) {
    const next = phaseAfter(event)
    if (next === null) continue
    if (phase !== "over") phases.push({ phase, from: from - start, to: Math.max(event.at, from) - start })
    ;[phase, from] = [next, event.at]
  }
  if (phase !== "over") phases.push({ phase, from: from - start, to: endsAt - start })
  return phases
}

/** By the session's events: the mitra who was paired, and the mitras to whom it was given later. */
const mitrasOf = (
  events: ReadonlyArray<SessionEvent>,
  endsAt: number,
  start: number
): TimelineSession["mitras"] => {
  const changes = events.filter((event) => event._tag === "Paired" || event._tag === "Rerouted")
  return changes.map(({ at, mitra_id }, index) => ({
    id: mitra_id,
    from: at - start,
    to: (changes[index + 1]?.at ?? endsAt) - start
  }))
}

const onlineOf = (result: SimulationResult, start: number, end: number) => {
  const online: Record<string, Array<readonly [number, number]>> = {}
  const since = new Map<string, number>()
  for (const { at, is_online, mitra_id } of result.context.world.stores.tables.mitra_online_logs) {
    const from = since.get(mitra_id)
    if (is_online) since.set(mitra_id, from ?? at)
    else if (from !== undefined) {
      ;(online[mitra_id] ??= []).push([from - start, at - start])
      since.delete(mitra_id)
    }
  }
  for (const [mitraId, from] of since) (online[mitraId] ??= []).push([from - start, end - start])
  return online
}

const sessionsOf = (
  result: SimulationResult,
  start: number,
  end: number
): ReadonlyArray<TimelineSession> => {
  const { tables } = result.context.world.stores
  const eventsOfSession = new Map<string, Array<SessionEvent>>()
  for (const { event, session_id } of tables.session_events.values()) {
    const events = eventsOfSession.get(session_id) ?? []
    events.push(event)
    eventsOfSession.set(session_id, events)
  }
  const sent = new Map<string, Array<{ at: number; text: string; is_message: boolean }>>()
  for (const { sent_at, session_id, side } of tables.messages.values()) {
    const messages = sent.get(session_id) ?? []
    messages.push({ at: sent_at - start, text: `message of the ${side}`, is_message: true })
    sent.set(session_id, messages)
  }
  return [...tables.chat_sessions.values()].map((row) => {
    const events = eventsOfSession.get(row.id) ?? []
    const lines = events.map((event) => ({ at: event.at - start, text: textOf(event), is_message: false }))
    return {
      id: row.id,
      customer: row.customer_id,
      mitra: row.mitra_id,
      mitras: mitrasOf(events, end, start),
      ending: `${row.status}${row.end_reason === null ? "" : ` (${row.end_reason})`}`,
      phases: phasesOf(row.requested_at, events, end, start),
      events: [...lines, ...sent.get(row.id) ?? []].toSorted((a, b) => a.at - b.at)
    }
  })
}

const concernedBy = (
  { people, session_id }: Violation,
  { context, population }: SimulationResult
): ReadonlyArray<string> => {
  const row = context.world.stores.tables.chat_sessions.get(session_id ?? "")
  const named = population.apps.flatMap(({ id, name }) =>
    id !== null && (people.includes(name) || people.includes(id)) ? [id] : []
  )
  return [...new Set([...named, row?.customer_id, row?.mitra_id])].filter((id) => id != null)
}

/** What only the caller knows of a run. */
export type TimelineWords = Pick<TimelineData, "title" | "facts" | "replay" | "commit">

export const timelineDataOf = (
  result: SimulationResult,
  words: TimelineWords,
  recording: Recording | null = null
): TimelineData => {
  const { options, world } = result.context
  const start = options.starts_at
  const end = world.time.now_ms
  const sinceStart = (us: number) => us / 1000 - start
  const [first] = result.violations
  const concerned = first === undefined ? [] : concernedBy(first, result)
  return {
    ...words,
    is_sound: result.violations.length === 0,
    starts_at: start,
    lasts: end - start,
    people: result.population.apps.flatMap(({ id, name, role }) => id === null ? [] : [{ id, name, role }]),
    online: onlineOf(result, start, end),
    sessions: sessionsOf(result, start, end),
    runners: runnerLanesOf(result, recording, start, end),
    faults: result.faults.marks.map(({ from_us, name, runner, text, to_us }) => ({
      name,
      runner,
      text,
      from: sinceStart(from_us),
      to: to_us === null ? end - start : sinceStart(to_us)
    })),
    ...momentOf(result, recording, concerned, start),
    violations: result.violations.map((violation: Violation) => ({
      at: sinceStart(violation.at_us),
      invariant: violation.invariant,
      text: violation.text,
      session: violation.session_id,
      people: concernedBy(violation, result)
    }))
  }
}
