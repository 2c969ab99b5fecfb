// The mitra machine: declared online or offline, active or deactivated, held offline by staff, drained.
// Heartbeats are not turns: they go straight to Availability, and only a stale one comes here, as MarkStale.
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Decision } from "./decision.ts"
import { type Refusal, refuse } from "./refusal.ts"

/** Staff keep her offline: until an instant, or (null) until they lift it. */
export interface MitraHold {
  readonly until: number | null
}

export interface MitraState {
  readonly id: string
  readonly display_name: string
  readonly is_active: boolean
  readonly is_online: boolean
  readonly online_since: number | null
  /** She gets no new offer, finishes her chats, and goes offline with the last one. */
  readonly is_draining: boolean
  /** A hold whose time is over holds nothing; it stays until she comes online. */
  readonly hold: MitraHold | null
}

/** Of an account that was just created. */
export const neverOnline = { is_online: false, online_since: null, is_draining: false, hold: null } as const

/** A colleague renamed her first: to neither the name it is changed from nor the one that is wanted. */
export const isOutrun = (name: string, wanted: string, seen: string | undefined): boolean =>
  seen !== undefined && name !== seen && name !== wanted

export const offlineCauses = [
  "toggle",
  "stale_heartbeat",
  "forced",
  "deactivated",
  "missed_offers",
  "drained"
] as const
export type OfflineCause = (typeof offlineCauses)[number]

/** What a mitra's actor can be asked to do. `last_heartbeat_at` is epoch ms, as the sweep saw it. */
export const MitraCommand = Schema.Union([
  Schema.TaggedStruct("GoOnline", {}),
  Schema.TaggedStruct("GoOffline", {}),
  /** And held there: for the time that the settings say, or until staff lift it. */
  Schema.TaggedStruct("ForceOffline", {
    staff_id: Schema.String,
    until_lifted: Schema.optionalKey(Schema.Boolean)
  }),
  Schema.TaggedStruct("LiftHold", { staff_id: Schema.String }),
  Schema.TaggedStruct("Drain", { staff_id: Schema.String }),
  Schema.TaggedStruct("UndoDrain", { staff_id: Schema.String }),
  /** A drained mitra may have finished her last chat. */
  Schema.TaggedStruct("FinishDrain", {}),
  Schema.TaggedStruct("MarkStale", {}),
  /** Too many offers in a row ran out unanswered: she is not there, whatever her phone says. */
  Schema.TaggedStruct("PauseForMissedOffers", {}),
  /** She is paused: staff look into what was said about her. */
  Schema.TaggedStruct("PauseForReports", {}),
  Schema.TaggedStruct("Activate", { staff_id: Schema.String }),
  Schema.TaggedStruct("Deactivate", { staff_id: Schema.String })
])
export type MitraCommand = typeof MitraCommand.Type
/** Those that only staff give, in their own name. */
export type StaffMitraCommand = Extract<MitraCommand, { readonly staff_id: string }>

export type MitraEvent =
  | { readonly _tag: "WentOnline"; readonly at: number }
  | { readonly _tag: "WentOffline"; readonly at: number; readonly cause: OfflineCause }
  | { readonly _tag: "Held"; readonly at: number; readonly until: number | null }
  | { readonly _tag: "HoldLifted"; readonly at: number }
  | { readonly _tag: "DrainStarted"; readonly at: number }
  | { readonly _tag: "DrainEnded"; readonly at: number }
  | { readonly _tag: "Activated"; readonly at: number; readonly staff_id: string }
  | { readonly _tag: "Deactivated"; readonly at: number; readonly staff_id: string }

export interface MitraFacts {
  readonly now: number
  /** For MarkStale: is the heartbeat still stale at this moment, as read just before the turn? */
  readonly heartbeat_is_stale: boolean
  /** For PauseForMissedOffers: is it still so, as read just before the turn? */
  readonly has_missed_too_many: boolean
  /** For FinishDrain: has she no chat left, as read just before the turn? */
  readonly has_no_chat: boolean
  /** How long staff's word keeps her offline; 0: not at all. */
  readonly hold_seconds: number
  /** For GoOnline and PauseForReports: whether she is, as read just before the turn. */
  readonly is_paused: boolean
}

/** The outcome of every mitra command: the state she is in now. */
export const MitraReply = Schema.Struct({
  is_active: Schema.Boolean,
  is_online: Schema.Boolean,
  changed: Schema.Boolean,
  /** Missing in the answer of an actor of the previous version. */
  is_draining: Schema.optionalKey(Schema.Boolean)
})
export type MitraReply = typeof MitraReply.Type

const paused = refuse("ACCOUNT_PAUSED", "This account is paused. Please contact support.")
const inactive = refuse("ACCOUNT_INACTIVE", "This account is not active. Please contact support.")

/** Whether she is kept offline at `now`. */
export const isHeld = ({ hold }: Pick<MitraState, "hold">, now: number): boolean =>
  hold !== null && (hold.until === null || hold.until > now)

const onHold = (until: number | null, now: number): Refusal =>
  refuse("MITRA_ON_HOLD", "Staff took you offline. Please wait, or ask support.", {
    retry_after_seconds: until === null ? null : Math.ceil((until - now) / 1000)
  })

const offline = (state: MitraState, at: number, cause: OfflineCause): ReadonlyArray<MitraEvent> =>
  state.is_online ? [{ _tag: "WentOffline", at, cause }] : []

const endOfDrain = (state: MitraState, at: number): ReadonlyArray<MitraEvent> =>
  state.is_draining ? [{ _tag: "DrainEnded", at }] : []

/** Nothing where she is held so already. */
const held = (state: MitraState, at: number, until: number | null): ReadonlyArray<MitraEvent> =>
  (until !== null && until <= at) || (state.hold !== null && state.hold.until === until)
    ? []
    : [{ _tag: "Held", at, until }]

const eventsFor = (
  state: MitraState,
  command: MitraCommand,
  facts: MitraFacts
): ReadonlyArray<MitraEvent> => {
  const at = facts.now
  const holdEnd = at + facts.hold_seconds * 1000
  switch (command._tag) {
    case "GoOnline":
      return state.is_online ? [] : [{ _tag: "WentOnline", at }]
    case "GoOffline":
      return offline(state, at, "toggle")
    case "ForceOffline":
      return [
        ...offline(state, at, "forced"),
        ...endOfDrain(state, at),
        ...held(state, at, command.until_lifted === true ? null : holdEnd)
      ]
    case "LiftHold":
      return state.hold === null ? [] : [{ _tag: "HoldLifted", at }]
    case "Drain":
      return state.is_draining ? [] : [{ _tag: "DrainStarted", at }]
    case "UndoDrain":
      return endOfDrain(state, at)
    case "FinishDrain":
      return state.is_draining && facts.has_no_chat
        ? [...offline(state, at, "drained"), ...endOfDrain(state, at), ...held(state, at, holdEnd)]
        : []
    case "MarkStale":
      return facts.heartbeat_is_stale ? offline(state, at, "stale_heartbeat") : []
    case "PauseForMissedOffers":
      return facts.has_missed_too_many ? offline(state, at, "missed_offers") : []
    case "PauseForReports":
      return facts.is_paused ? offline(state, at, "forced") : []
    case "Activate":
      return state.is_active ? [] : [{ _tag: "Activated", at, staff_id: command.staff_id }]
    case "Deactivate":
      return state.is_active
        ? [...offline(state, at, "deactivated"), { _tag: "Deactivated", at, staff_id: command.staff_id }]
        : []
  }
}

const refusalOf = (
  state: MitraState,
  command: MitraCommand,
  { is_paused, now }: MitraFacts
): Refusal | null => {
  switch (command._tag) {
    case "GoOnline":
      if (!state.is_active) return inactive
      if (is_paused) return paused
      return isHeld(state, now) && state.hold !== null ? onHold(state.hold.until, now) : null
    case "Drain":
      return state.is_active ? null : inactive
    default:
      return null
  }
}

/** Every command is idempotent: asking for the state she is already in changes nothing. */
export const decide = (
  state: MitraState,
  command: MitraCommand,
  facts: MitraFacts
): Decision<MitraEvent, MitraReply> => {
  const refusal = refusalOf(state, command, facts)
  if (refusal !== null) return { events: [], reply: Result.fail(refusal) }
  const events = eventsFor(state, command, facts)
  const after = events.reduce(evolve, state)
  return {
    events,
    reply: Result.succeed({
      is_active: after.is_active,
      is_online: after.is_online,
      changed: events.length > 0,
      is_draining: after.is_draining
    })
  }
}

export const evolve = (state: MitraState, event: MitraEvent): MitraState => {
  switch (event._tag) {
    case "WentOnline":
      return { ...state, is_online: true, online_since: event.at, hold: null }
    case "WentOffline":
      return { ...state, is_online: false, online_since: null }
    case "Held":
      return { ...state, hold: { until: event.until } }
    case "HoldLifted":
      return { ...state, hold: null }
    case "DrainStarted":
      return { ...state, is_draining: true }
    case "DrainEnded":
      return { ...state, is_draining: false }
    case "Activated":
      return { ...state, is_active: true }
    // Whoever is activated again begins afresh.
    case "Deactivated":
      return { ...state, is_active: false, is_draining: false, hold: null }
  }
}

/** A mitra has no deadline of her own: staleness is found by the sweep, in one query for all. */
export const deadlineOf = (_state: MitraState): number | null => null
