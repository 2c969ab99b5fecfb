// Closing the sockets of whoever has just ended their own sign-in, password or account: they have the answer
// before the socket it came on goes.
import * as Effect from "effect/Effect"
import { Bus, revoked, type Topic } from "../../services/bus/bus.ts"
import * as RealTime from "../../services/platform/real-time.ts"

const answerFirst = "50 millis"

/**
 * Of one sign-in, or all of the person's when null, on whichever runner they are. Not tied to the call: its
 * socket may go first, and the others must hear of it all the same.
 */
export const closeAfterAnswer = Effect.fnUntraced(function*(topic: Topic, authSessionId: string | null) {
  const bus = yield* Bus
  yield* RealTime.onRealTime(Effect.sleep(answerFirst)).pipe(
    Effect.andThen(bus.publish([revoked(topic, authSessionId)])),
    Effect.forkDetach
  )
})
