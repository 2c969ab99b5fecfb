// Typing: told to the other side at once, never stored. Phones repeat it with every few keystrokes,
// so who is in a session is remembered for a moment instead of being read each time.
import * as Cache from "effect/Cache"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { holdingStatuses } from "../../domain/session/state.ts"
import { Bus } from "../../services/bus.ts"
import { Sessions } from "../../services/sessions.ts"
import type { Caller } from "../auth/caller.ts"
import { sessionNotFound } from "./own-session.ts"

export const typingExpiresMs = 3000

/** Both people of a running chat; null once nobody can type in it. */
const findPair = Effect.fnUntraced(function*(sessionId: string) {
  const state = yield* (yield* Sessions).find(sessionId)
  if (state === null) return null
  return {
    customer: state.customer_id,
    mitra: state.mitra_id,
    is_running: holdingStatuses.includes(state.status)
  }
})

export const makeTyping = Effect.gen(function*() {
  const pairs = yield* Cache.makeWith(findPair, {
    capacity: 10_000,
    timeToLive: (exit) => Exit.isSuccess(exit) ? "5 seconds" : 0
  })
  return Effect.fnUntraced(function*(me: Caller, sessionId: string) {
    const pair = yield* Cache.get(pairs, sessionId)
    if (pair === null || pair[me.side] !== me.id) return yield* sessionNotFound(sessionId)
    // A chat that just ended is no error: the phone could not know yet.
    if (!pair.is_running || pair.mitra === null) return null
    const until = (yield* Clock.currentTimeMillis) + typingExpiresMs
    yield* (yield* Bus).publish([{
      topic: me.side === "customer" ? `mitra:${pair.mitra}` : `customer:${pair.customer}`,
      event: { _tag: "Typing", session_id: sessionId, side: me.side, until }
    }])
    return null
  })
})
