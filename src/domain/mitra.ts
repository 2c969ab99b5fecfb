// The mitra machine: declared online or offline, active or deactivated. Heartbeats are not turns:
// they go straight to Availability, and only a stale one comes here, as MarkStale.
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Decision } from "./decision.ts"
import { refuse } from "./refusal.ts"

export interface MitraState {
  readonly id: string
  readonly display_name: string
  readonly is_active: boolean
  readonly is_online: boolean
  readonly online_since: number | null
}

export const offlineCauses = ["toggle", "stale_heartbeat", "forced", "deactivated", "missed_offers"] as const
export type OfflineCause = (typeof offlineCauses)[number]

/** What a mitra's actor can be asked to do. `last_heartbeat_at` is epoch ms, as the sweep saw it. */
export const MitraCommand = Schema.Union([
  Schema.TaggedStruct("GoOnline", {}),
  Schema.TaggedStruct("GoOffline", {}),
  Schema.TaggedStruct("ForceOffline", { staff_id: Schema.String }),
  Schema.TaggedStruct("MarkStale", {}),
  /** Too many offers in a row ran out unanswered: she is not there, whatever her phone says. */
  Schema.TaggedStruct("PauseForMissedOffers", {}),
  /** She is paused: staff look into what was said about her. */
  Schema.TaggedStruct("PauseForReports", {}),
  Schema.TaggedStruct("Activate", { staff_id: Schema.String }),
  Schema.TaggedStruct("Deactivate", { staff_id: Schema.String })
])
export type MitraCommand = typeof MitraCommand.Type

export type MitraEvent =
  | { readonly _tag: "WentOnline"; readonly at: number }
  | { readonly _tag: "WentOffline"; readonly at: number; readonly cause: OfflineCause }
  | { readonly _tag: "Activated"; readonly at: number; readonly staff_id: string }
  | { readonly _tag: "Deactivated"; readonly at: number; readonly staff_id: string }

export interface MitraFacts {
  readonly now: number
  /** For MarkStale: is the heartbeat still stale at this moment, as read just before the turn? */
  readonly heartbeat_is_stale: boolean
  /** For PauseForMissedOffers: is it still so, as read just before the turn? */
  readonly has_missed_too_many: boolean
  /** For GoOnline and PauseForReports: whether she is, as read just before the turn. */
  readonly is_paused: boolean
}

/** The outcome of every mitra command: the state she is in now. */
export const MitraReply = Schema.Struct({
  is_active: Schema.Boolean,
  is_online: Schema.Boolean,
  changed: Schema.Boolean
})
export type MitraReply = typeof MitraReply.Type

const paused = refuse("ACCOUNT_PAUSED", "This account is paused. Please contact support.")
const inactive = refuse("ACCOUNT_INACTIVE", "This account is not active. Please contact support.")

const offline = (state: MitraState, at: number, cause: OfflineCause): ReadonlyArray<MitraEvent> =>
  state.is_online ? [{ _tag: "WentOffline", at, cause }] : []

const eventsFor = (
  state: MitraState,
  command: MitraCommand,
  facts: MitraFacts
): ReadonlyArray<MitraEvent> => {
  const at = facts.now
  switch (command._tag) {
    case "GoOnline":
      return state.is_online ? [] : [{ _tag: "WentOnline", at }]
    case "GoOffline":
      return offline(state, at, "toggle")
    case "ForceOffline":
      return offline(state, at, "forced")
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

/** Every command is idempotent: asking for the state she is already in changes nothing. */
export const decide = (
  state: MitraState,
  command: MitraCommand,
  facts: MitraFacts
): Decision<MitraEvent, MitraReply> => {
  if (command._tag === "GoOnline" && !state.is_active) {
    return { events: [], reply: Result.fail(inactive) }
  }
  if (command._tag === "GoOnline" && facts.is_paused) {
    return { events: [], reply: Result.fail(paused) }
  }
  const events = eventsFor(state, command, facts)
  const after = events.reduce(evolve, state)
  return {
    events,
    reply: Result.succeed({
      is_active: after.is_active,
      is_online: after.is_online,
      changed: events.length > 0
    })
  }
}

export const evolve = (state: MitraState, event: MitraEvent): MitraState => {
  switch (event._tag) {
    case "WentOnline":
      return { ...state, is_online: true, online_since: event.at }
    case "WentOffline":
      return { ...state, is_online: false, online_since: null }
    case "Activated":
      return { ...state, is_active: true }
    case "Deactivated":
      return { ...state, is_active: false }
  }
}

/** A mitra has no deadline of her own: staleness is found by the sweep, in one query for all. */
export const deadlineOf = (_state: MitraState): number | null => null
