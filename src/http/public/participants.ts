// Who may wake a session's actor: its people. Phones name sessions by id, and a woken actor takes its row in
// a transaction; so a caller who has no part in a session is told by one narrow read, in places of its own in
// front of the database, and only so often. Who takes part is remembered: a running chat never waits here.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import { type Refusal, refuse } from "../../domain/refusal.ts"
import type { Participant } from "../../domain/session/state.ts"
import { SessionActors } from "../../actors/session/protocol.ts"
import { type Participation, SessionViews } from "../../services/sessions/session-views.ts"
import type { Unavailable } from "../../services/platform/unavailable.ts"
import { inShare } from "../../services/platform/pool-shares.ts"
import { WireClock } from "../socket/limits.ts"
import { paced, Quotas } from "./quotas.ts"

/** Of the database's connections at most so many answer strangers. */
const readsMax = 4
/** An id that names no session names none a moment later: ids are made here. */
const unknownForMs = 10_000
const unknownMax = 10_000

/** Chats of 20,000 pairs; one that is forgotten costs its next command a read. */
const knownMax = 40_000

/** SessionActors as phones' calls reach them. */
export class ChatActors extends Context.Service<ChatActors, SessionActors["Service"]>()(
  "halobestie/http/ChatActors"
) {}

const takesPart = (found: Participation, by: Participant): boolean =>
  by.side === "customer"
    ? found.customer_id === by.id
    : found.mitra_id === by.id || found.assigned.includes(by.id)

/** A mitra who answers an offer takes no part yet; staff let her in. */
const answersOffer = (tag: string): boolean => tag === "Accept" || tag === "Decline"
const namesNoOffer = (error: Refusal | Unavailable): boolean =>
  error._tag === "Refusal" && ["SESSION_NOT_FOUND", "OFFER_NOT_FOUND"].includes(error.code)
const nowTakesPart = (tag: string): boolean => tag === "Accept"

const make = Effect.gen(function*() {
  const actors = yield* SessionActors
  const sessions = yield* SessionViews
  const { unknown_sessions_per_person } = yield* Quotas
  const reads = yield* Semaphore.make(readsMax)
  const look = paced("unknown_sessions", unknown_sessions_per_person)
  const known = new Set<string>()

  const remember = (key: string): void => {
    if (known.size >= knownMax) known.delete(known.keys().next().value!)
    known.add(key)
  }

  const unknown = new Map<string, number>()
  const clock = yield* WireClock
  const isUnknown = (sessionId: string): boolean =>
    (unknown.get(sessionId) ?? 0) > clock.currentTimeMillisUnsafe()
  const rememberUnknown = (sessionId: string): void => {
    if (unknown.size >= unknownMax) unknown.delete(unknown.keys().next().value!)
    unknown.set(sessionId, clock.currentTimeMillisUnsafe() + unknownForMs)
  }

  const asked = (sessionId: string) =>
    reads.withPermit(inShare("strangers")(sessions.participation(sessionId)))

  const check = Effect.fnUntraced(function*(key: string, sessionId: string, by: Participant) {
    const who = `${by.side}:${by.id}`
    yield* look(who)
    const found = isUnknown(sessionId) ? null : yield* asked(sessionId).pipe(
      // Not answered, or given up meanwhile: whoever asks may well take part.
      Effect.onError(() => Effect.sync(() => look.giveBack(who)))
    )
    if (found === null) {
      rememberUnknown(sessionId)
      return yield* refuse("SESSION_NOT_FOUND", "There is no such session.", { session_id: sessionId })
    }
    if (!takesPart(found, by)) {
      return yield* refuse("NOT_A_PARTICIPANT", "This session is not yours.", { session_id: sessionId })
    }
    // Only strangers' questions are counted.
    look.giveBack(who)
    remember(key)
  })

  /** Whoever was asked has an offer there; a mitra who names other sessions is slowed down like anybody. */
  const answer = Effect.fnUntraced(function*(
    key: string,
    sessionId: string,
    call: Parameters<typeof actors.run>[1],
    by: Participant
  ) {
    const who = `${by.side}:${by.id}`
    yield* look(who)
    const reply = yield* actors.run(sessionId, call).pipe(
      Effect.tapError((error) => Effect.sync(() => namesNoOffer(error) ? undefined : look.giveBack(who)))
    )
    look.giveBack(who)
    if (nowTakesPart(call.command._tag)) remember(key)
    return reply
  })

  return ChatActors.of({
    run: (sessionId, call) => {
      const { command } = call
      if (!("by" in command)) return actors.run(sessionId, call)
      const key = `${sessionId}/${command.by.side}/${command.by.id}`
      if (known.has(key)) return actors.run(sessionId, call)
      if (answersOffer(command._tag)) return answer(key, sessionId, call, command.by)
      return Effect.andThen(check(key, sessionId, command.by), actors.run(sessionId, call))
    }
  })
})

export const layer = Layer.effect(ChatActors)(make)
