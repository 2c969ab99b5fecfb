// Handlers of what only mitras may ask. A heartbeat is no turn: it goes straight to Availability.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { instant } from "../../../contract/fields.ts"
import { MitraRpcs } from "../../../contract/public/mitra.ts"
import type { MitraCommand } from "../../../domain/mitra.ts"
import { type Refusal, refuse } from "../../../domain/refusal.ts"
import { offeredRequest } from "../../../domain/session/offered-request.ts"
import { MitraActors } from "../../../actors/mitra/protocol.ts"
import { Availability } from "../../../services/availability/availability.ts"
import { Bus, revoked } from "../../../services/bus/bus.ts"
import { type OfferNote, SessionOversight } from "../../../services/sessions/session-oversight.ts"
import { SessionViews } from "../../../services/sessions/session-views.ts"
import { Sessions } from "../../../services/sessions/sessions.ts"
import { currentMitra, participantOf } from "../auth/caller.ts"
import { offerView } from "../views/offer-view.ts"
import { answering } from "./answering.ts"
import { changeSession, command, sessionNotFound } from "./own-session.ts"
import { inShare } from "../../../services/platform/pool-shares.ts"
import type { Unavailable } from "../../../services/platform/unavailable.ts"

const declare = Effect.fnUntraced(function*(commandId: string, command: MitraCommand) {
  const me = yield* currentMitra
  const actors = yield* MitraActors
  const { is_online } = yield* actors.run(me.id, {
    sender_id: me.sender_id,
    command_id: commandId,
    command,
    staff: null
  })
  return is_online
})

/** An app counts its silence from our answer: a ping that was recorded for longer is recorded again. */
const lateAnswerMs = 1_000
const recordsMax = 3

const recordPing = Effect.fnUntraced(function*(mitraId: string) {
  const availability = yield* Availability
  for (let records = 1;; records += 1) {
    const at = yield* Clock.currentTimeMillis
    const outcome = yield* availability.heartbeat(mitraId, at)
    const isLate = (yield* Clock.currentTimeMillis) - at > lateAnswerMs
    if (outcome !== "seen" || !isLate || records === recordsMax) return outcome
  }
})

const heartbeat = Effect.gen(function*() {
  const me = yield* currentMitra
  const seen = yield* recordPing(me.id)
  if (seen === "deactivated") {
    // The runner that deactivated her may have died before it said so to those that hold her sockets.
    yield* (yield* Bus).publish([revoked(`mitra:${me.id}`)])
    return yield* refuse("ACCOUNT_INACTIVE", "This account is not active. Please contact support.")
  }
  return seen === "seen"
})

/**
 * Going online also counts as a heartbeat, even when she is online already or repeats an unanswered call. A
 * heartbeat that cannot be recorded does not fail it.
 */
const goOnline = Effect.fnUntraced(function*(commandId: string) {
  const is_online = yield* declare(commandId, { _tag: "GoOnline" })
  yield* Effect.ignore(heartbeat)
  return is_online
})

const noteOffer = Effect.fnUntraced(function*(session_id: string, what: OfferNote["what"]) {
  const { id: mitra_id } = yield* currentMitra
  const at = yield* Clock.currentTimeMillis
  return yield* (yield* SessionOversight).noteOffer({ session_id, mitra_id, what, at })
})

const offerSeen = Effect.fnUntraced(function*(sessionId: string) {
  if (yield* noteOffer(sessionId, "seen_at")) return { noted: true } as const
  return yield* refuse("OFFER_NOT_FOUND", "This request was not offered to you.", { session_id: sessionId })
})

const isLate = (error: Refusal | Unavailable): boolean =>
  error._tag === "Refusal" && ["OFFER_TAKEN", "OFFER_CANCELLED", "OFFER_EXPIRED"].includes(error.code)

/** By how much she lost is for staff: a note that cannot be made keeps nobody from the answer. */
const accept = Effect.fnUntraced(function*(commandId: string, sessionId: string) {
  const me = yield* currentMitra
  return yield* changeSession(me, sessionId, commandId, { _tag: "Accept", by: participantOf(me) }).pipe(
    Effect.tapError((error) =>
      isLate(error) ? Effect.ignore(noteOffer(sessionId, "late_accept_at")) : Effect.void
    )
  )
})

/** For the answer of an actor of the previous version, which carries no offer. */
const readOffered = Effect.fnUntraced(function*(sessionId: string, mitraId: string) {
  const state = yield* (yield* Sessions).find(sessionId)
  const request = state === null ? null : offeredRequest(state, mitraId)
  return request ?? (yield* sessionNotFound(sessionId))
})

const decline = Effect.fnUntraced(function*(commandId: string, sessionId: string) {
  const me = yield* currentMitra
  const { offered } = yield* command(me, sessionId, commandId, { _tag: "Decline", by: participantOf(me) })
  return offerView(offered ?? (yield* readOffered(sessionId, me.id)), yield* Clock.currentTimeMillis)
})

const answerExtension = Effect.fnUntraced(function*(payload: {
  readonly command_id: string
  readonly session_id: string
  readonly extension_seq: number
  readonly approve: boolean
}) {
  const me = yield* currentMitra
  const { approve, command_id, extension_seq, session_id } = payload
  const by = participantOf(me)
  return yield* changeSession(me, session_id, command_id, {
    _tag: "AnswerExtension",
    by,
    extension_seq,
    approve
  })
})

const requests = Effect.fnUntraced(function*(before: string | null, limit: number) {
  const me = yield* currentMitra
  // One more than asked for tells whether there is a next page.
  const found = yield* (yield* SessionViews).recentOffersOf(me.id, { before, limit: limit + 1 })
  const now = yield* Clock.currentTimeMillis
  const page = found.slice(0, limit)
  return {
    requests: page.map((request) => offerView(request, now)),
    next: found.length > limit ? page.at(-1)?.session_id ?? null : null
  }
})

/** `heartbeat_every_seconds` is the deploy's cadence, told to every app with each status. */
export const layer = (options: { readonly heartbeat_every_seconds: number }) => {
  const status = Effect.fnUntraced(function*(is_online: boolean) {
    const server_now = instant(yield* Clock.currentTimeMillis)
    return { is_online, server_now, heartbeat_every_seconds: options.heartbeat_every_seconds }
  })
  return MitraRpcs.toLayer({
    "mitra.go_online": ({ command_id }) => answering(Effect.flatMap(goOnline(command_id), status)),
    "mitra.go_offline": ({ command_id }) =>
      answering(Effect.flatMap(declare(command_id, { _tag: "GoOffline" }), status)),
    "mitra.heartbeat": () => answering(Effect.flatMap(heartbeat, status)),
    "mitra.accept": ({ command_id, session_id }) => answering(accept(command_id, session_id)),
    "mitra.offer_seen": ({ session_id }) => answering(inShare("strangers")(offerSeen(session_id))),
    "mitra.decline": ({ command_id, session_id }) => answering(decline(command_id, session_id)),
    "mitra.answer_extension": (payload) => answering(answerExtension(payload)),
    "mitra.requests": ({ before, limit }) => answering(inShare("strangers")(requests(before, limit)))
  })
}
