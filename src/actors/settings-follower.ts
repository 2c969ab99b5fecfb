// Follows changes of settings made on other runners, so that a new number counts everywhere within a
// moment. Missing a hint is harmless: cached settings grow old after a minute.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import { Bus } from "../services/bus/bus.ts"
import { Settings } from "../services/settings/settings.ts"
import { makeWakeQueue } from "./session/queue.ts"
import { runSupervised } from "./supervised.ts"

const wokenPerChange = 50

export const layer = Layer.effectDiscard(
  Effect.gen(function*() {
    const bus = yield* Bus
    const settings = yield* Settings
    const messages = yield* bus.subscribe(["settings"])
    const wakeQueue = yield* makeWakeQueue
    // A raised maximum is room for those who wait.
    const follow = Queue.take(messages).pipe(
      Effect.andThen(settings.refresh),
      Effect.andThen(wakeQueue(() => wokenPerChange)),
      Effect.forever
    )
    yield* Effect.forkScoped(runSupervised("settings follower", follow))
  })
)
