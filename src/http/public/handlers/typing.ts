// Typing: told to the other side at once, never stored. Phones repeat it with every few keystrokes,
// so who is in a session is remembered for a moment instead of being read each time.
import * as Cache from "effect/Cache"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { Refusal } from "../../../domain/refusal.ts"
import { notRunning, rerouted } from "../../../domain/session/answer.ts"
import { Bus } from "../../../services/bus/bus.ts"
import { type Participation, SessionViews } from "../../../services/sessions/session-views.ts"
import type { Caller } from "../auth/caller.ts"
import { makePace } from "../../paces.ts"
import { paced, Quotas } from "../quotas.ts"
import { sessionNotFound } from "./own-session.ts"

export const typingExpiresMs = 3000

const refusalFor = (found: Participation | null, me: Caller, session_id: string): Refusal | null => {
  if (found === null) return sessionNotFound(session_id)
  if (found[`${me.side}_id`] === me.id) return notRunning(found)
  return me.side === "mitra" && found.assigned.includes(me.id)
    ? rerouted(session_id)
    : sessionNotFound(session_id)
}

const isOf = (found: Participation | null, me: Caller): boolean => found?.[`${me.side}_id`] === me.id

export const makeTyping = Effect.gen(function*() {
  const views = yield* SessionViews
  const participations = yield* Cache.makeWith((id: string) => views.participation(id), {
    capacity: 10_000,
    timeToLive: (exit) => Exit.isSuccess(exit) ? "2 seconds" : 0
  })
  const wait = makePace((yield* Quotas).typing_per_chat_and_side)
  const look = paced("unknown_sessions", (yield* Quotas).unknown_sessions_per_person)
  const read = Effect.fnUntraced(function*(me: Caller, sessionId: string) {
    yield* look(me.topic)
    yield* Cache.invalidate(participations, sessionId)
    const found = yield* Cache.get(participations, sessionId).pipe(
      Effect.onError(() => Effect.sync(() => look.giveBack(me.topic)))
    )
    if (isOf(found, me)) look.giveBack(me.topic)
    return found
  })
  return Effect.fnUntraced(function*(me: Caller, sessionId: string) {
    // Handed over a moment ago: whoever has the chat now is not refused on what is remembered of it.
    const remembered = Option.getOrNull(yield* Cache.getOption(participations, sessionId))
    const found = isOf(remembered, me) ? remembered : yield* read(me, sessionId)
    const refusal = refusalFor(found, me, sessionId)
    if (refusal !== null) return yield* Effect.fail(refusal)
    if (found === null || found.mitra_id === null) return null
    const now = yield* Clock.currentTimeMillis
    // A hint that comes more often says nothing more: it is taken, and told to nobody.
    if (wait(`${sessionId}/${me.id}`, now) > 0) return null
    const until = now + typingExpiresMs
    yield* (yield* Bus).publish([{
      topic: me.side === "customer" ? `mitra:${found.mitra_id}` : `customer:${found.customer_id}`,
      event: { _tag: "Typing", session_id: sessionId, side: me.side, until }
    }])
    return null
  })
})
