// The snapshot a stream starts with, and starts again with when a gap is too long to fill: everything
// a phone must show, and per session it already had, whether it will get what it missed.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { PhoneEvent } from "../../../contract/public/events.ts"
import { instant } from "../../../contract/fields.ts"
import { messageLengthMax } from "../../../domain/session/commands.ts"
import type { OfferedRequest } from "../../../domain/session/offered-request.ts"
import type { SessionState } from "../../../domain/session/state.ts"
import { seenBy } from "../../../domain/transcript.ts"
import { SessionViews } from "../../../services/sessions/session-views.ts"
import { Sessions } from "../../../services/sessions/sessions.ts"
import type { Caller } from "../auth/caller.ts"
import { typingExpiresMs } from "../handlers/typing.ts"
import { offerView } from "../views/offer-view.ts"
import { sessionView } from "../views/session-view.ts"
import type { FeedLimits } from "./feed-limits.ts"

/** More open offers than a mitra can look through. */
export const offersMax = 200

export interface Since {
  readonly session_id: string
  readonly seq: number
}

export interface Recovered {
  readonly session_id: string
  readonly recovered: boolean
}

/** Her open offers; a customer has none. */
export const openOffers: (
  caller: Caller
) => Effect.Effect<
  ReadonlyArray<OfferedRequest>,
  Effect.Error<ReturnType<SessionViews["Service"]["openOffersOf"]>>,
  SessionViews
> = Effect.fnUntraced(function*(caller) {
  if (caller.side === "customer") return []
  const offers = yield* (yield* SessionViews).openOffersOf(caller.id, yield* Clock.currentTimeMillis)
  return offers.slice(0, offersMax)
})

/**
 * Sessions the phone already had, by id, if they are this person's, and as far as they are: others are left
 * out, and get the same answer as sessions that never existed.
 */
export const sessionsOf = Effect.fnUntraced(function*(caller: Caller, ids: ReadonlyArray<string>) {
  const sessions = yield* Sessions
  const found = yield* Effect.forEach(ids, (id) => sessions.find(id), { concurrency: 4 })
  return found.flatMap((state) => {
    const seen = state === null ? null : seenBy(state, caller)
    return seen === null ? [] : [seen]
  })
})

/** A phone that claims events we never made is told to start over, too. */
export const canRecover = (
  state: SessionState | undefined,
  seq: number,
  { missed_max }: Pick<FeedLimits, "missed_max">
): boolean => state !== undefined && seq <= state.last_seq && state.last_seq - seq <= missed_max

export const snapshotEvent = Effect.fnUntraced(function*(options: {
  readonly caller: Caller
  readonly live: ReadonlyArray<SessionState>
  readonly offers: ReadonlyArray<OfferedRequest>
  readonly recovered: ReadonlyArray<Recovered>
  readonly epoch: string
  readonly heartbeat_every_seconds: number
}) {
  const { live, caller } = options
  const unread = live.length === 0
    ? new Map<string, number>()
    : yield* (yield* SessionViews).unread(caller.side, live.map((state) => state.id))
  const now = yield* Clock.currentTimeMillis
  const event: PhoneEvent = {
    _tag: "snapshot",
    server_now: instant(now),
    sessions: live.map((state) =>
      sessionView(state, { side: caller.side, unread: unread.get(state.id) ?? 0, now })
    ),
    offers: options.offers.map((offer) => offerView(offer, now)),
    recovered: options.recovered,
    epoch: options.epoch,
    settings: {
      heartbeat_every_seconds: options.heartbeat_every_seconds,
      message_length_max: messageLengthMax,
      typing_expires_ms: typingExpiresMs
    }
  }
  return event
})
