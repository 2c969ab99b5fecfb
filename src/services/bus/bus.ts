// Bus: carries committed facts to whichever runner holds a person's sockets. A lost message costs
// latency, never an event: a subscriber told to resync compares sequences with Postgres.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type { OfflineCause } from "../../domain/mitra.ts"
import type { SessionEvent } from "../../domain/session/events.ts"
import type { OfferedRequest } from "../../domain/session/offered-request.ts"
import type { OfferEnding, Side } from "../../domain/session/state.ts"

export type BusEvent =
  /** `event` is null when it did not fit in a message: read it from Postgres by its sequence. */
  | {
    readonly _tag: "SessionEvent"
    readonly session_id: string
    readonly seq: number | null
    readonly event: SessionEvent | null
    /** The connection whose call caused the event: its phone has the answer and needs no event. */
    readonly origin_connection_id?: string
  }
  /**
   * Published when an actor loads its session: the last commit may have been written and never announced.
   * A subscriber that is behind reads the rest; a session that is over and not followed is ignored.
   */
  | {
    readonly _tag: "SessionPosition"
    readonly session_id: string
    readonly seq: number
    readonly is_over: boolean
  }
  /**
   * Something about her open offers changed; `ending` is null for a new one, which comes along as she sees
   * it. `offer` is null when it ended, and when it did not fit in a message: her open offers are read then.
   */
  | {
    readonly _tag: "OfferChanged"
    readonly session_id: string
    readonly ending: OfferEnding | null
    readonly winner_at: number | null
    readonly offer: OfferedRequest | null
  }
  | { readonly _tag: "Typing"; readonly session_id: string; readonly side: Side; readonly until: number }
  | {
    readonly _tag: "MitraStatusChanged"
    readonly is_online: boolean
    readonly cause: OfflineCause | "toggle"
  }
  /** This person signed in on another phone, too. */
  | { readonly _tag: "SignedIn"; readonly auth_session_id: string; readonly at: number }
  /** The push token of this person's phone is another person's now. */
  | { readonly _tag: "DeviceMoved"; readonly at: number }
  /** Close this person's sockets: one auth session, or all of them when null. */
  | { readonly _tag: "Revoked"; readonly auth_session_id: string | null }
  | { readonly _tag: "SettingsChanged" }
  /**
   * Made by the adapter, never published: anything may have been missed, a Revoked included. It speaks
   * for all topics of the subscription, whatever its own topic says.
   */
  | { readonly _tag: "Resync" }

export type Topic = `${"customer" | "mitra" | "staff"}:${string}` | "settings"

export interface BusMessage {
  readonly topic: Topic
  readonly event: BusEvent
  /** The publishing span as a traceparent, while somebody collects traces. */
  readonly trace?: string
}

/** What a subscriber has not taken yet. */
export interface Subscription extends Queue.Dequeue<BusMessage> {
  /**
   * Called with each message, synchronously in the publisher's fiber, so it may only wake a reader. It
   * spares a reader that also waits for other things a fiber of its own.
   */
  onArrival: (() => void) | null
}

/** Signs this person out: one of their sign-ins, or all of them. */
export const revoked = (topic: Topic, authSessionId: string | null = null): BusMessage => ({
  topic,
  event: { _tag: "Revoked", auth_session_id: authSessionId }
})

/** For health and staff: how the link to the other runners is doing. */
export interface BusState {
  /** Since when messages of other runners arrive here; null while they don't. */
  readonly connected_since: number | null
  /** Messages dropped since the start; each subscriber concerned got a Resync instead. */
  readonly dropped: number
}

export class Bus extends Context.Service<Bus, {
  /** Hands messages over and returns at once; delivery is at most once, in order per publisher. */
  readonly publish: (messages: ReadonlyArray<BusMessage>) => Effect.Effect<void>
  /**
   * Messages for these topics, or for every topic there is, from now on. The queue is bounded: a subscriber
   * that falls behind, and every subscriber after an interruption, gets `Resync` instead of what it missed.
   * With `only`, events of other kinds are left out, except `Resync`.
   */
  readonly subscribe: (
    topics: ReadonlyArray<Topic> | "all",
    only?: BusEvent["_tag"]
  ) => Effect.Effect<Subscription, never, Scope.Scope>
  readonly state: Effect.Effect<BusState>
}>()("halobestie/services/Bus") {}
