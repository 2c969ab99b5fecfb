// Overload of a process, by how late its event loop runs: on a slow core, or with more calls than it can
// answer, everything that waits its turn there comes late, locks and heartbeats of the cluster among it.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { set } from "../../services/operations/figures.ts"
import { looked, noLooks, Overload } from "../../services/platform/overload.ts"
import * as RealTime from "../../services/platform/real-time.ts"
import { eventLoopDelay, lateMs } from "./process-figures.ts"

const lookEvery = "1 second"

const tell = (isTooMuch: boolean) =>
  isTooMuch
    ? Effect.logWarning("overloaded: sign-ups, codes and orders are put off, chats go on")
    : Effect.logInfo("no longer overloaded: nothing is put off")

export const layer = Layer.effect(Overload)(Effect.gen(function*() {
  const delay = yield* eventLoopDelay
  let looks = noLooks
  const look = Effect.suspend(() => {
    const before = looks.is_too_much
    looks = looked(looks, delay.count === 0 ? 0 : lateMs(delay.mean))
    delay.reset()
    set("overloaded", looks.is_too_much ? 1 : 0)
    return looks.is_too_much === before ? Effect.void : tell(looks.is_too_much)
  })
  yield* Effect.forkScoped(RealTime.onRealTime(Effect.repeat(look, Schedule.spaced(lookEvery))))
  return { isTooMuch: () => looks.is_too_much }
}))
