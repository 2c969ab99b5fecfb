// Typing: told to the other side at once, never stored. Phones repeat it with every few keystrokes,
// so who is in a session is remembered for a moment instead of being read each time.
import * as Cache from "effect/Cache"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Refusal } from "../../../domain/refusal.ts"
import { notRunning, rerouted } from "../../../domain/session/answer.ts"
import { Bus } from "../../../services/bus/bus.ts"
import { Sessions } from "../../../services/sessions/sessions.ts"
import type { Caller } from "../auth/caller.ts"
import { sessionNotFound } from "./own-session.ts"

export const typingExpiresMs = 3000

/** Both people of a chat, who had it before, and why nobody can type in it (any more), if so. */
const findPair = Effect.fnUntraced(function*(sessionId: string) {
  const state = yield* (yield* Sessions).find(sessionId)
  if (state === null) return null
  return {
    customer: state.customer_id,
    mitra: state.mitra_id,
    former: new Set(state.assignments.map((assignment) => assignment.mitra_id)),
    refusal: notRunning(state)
  }
})

type Pair = NonNullable<Effect.Success<ReturnType<typeof findPair>>>

const refusalFor = (pair: Pair | null, me: Caller, session_id: string): Refusal | null => {
  if (pair === null) return sessionNotFound(session_id)
  if (pair[me.side] === me.id) return pair.refusal
  return me.side === "mitra" && pair.former.has(me.id) ? rerouted(session_id) : sessionNotFound(session_id)
}

export const makeTyping = Effect.gen(function*() {
  const pairs = yield* Cache.makeWith(findPair, {
    capacity: 10_000,
    timeToLive: (exit) => Exit.isSuccess(exit) ? "5 seconds" : 0
  })
  return Effect.fnUntraced(function*(me: Caller, sessionId: string) {
    const pair = yield* Cache.get(pairs, sessionId)
    const refusal = refusalFor(pair, me, sessionId)
    if (refusal !== null) return yield* Effect.fail(refusal)
    if (pair === null || pair.mitra === null) return null
    const until = (yield* Clock.currentTimeMillis) + typingExpiresMs
    yield* (yield* Bus).publish([{
      topic: me.side === "customer" ? `mitra:${pair.mitra}` : `customer:${pair.customer}`,
      event: { _tag: "Typing", session_id: sessionId, side: me.side, until }
    }])
    return null
  })
})
