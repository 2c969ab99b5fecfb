// Push in memory: keeps the latest messages and answers as it is told, for tests and the simulator.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Push, type PushMessage, type PushResult } from "../../src/services/push/push.ts"

const keptMax = 10_000

export class PushProvider extends Context.Service<PushProvider, {
  /** Everything the provider was asked to send, oldest first. */
  readonly asked: Array<PushMessage>
  /** How it answers from now on; by default everything is sent. */
  answer: (message: PushMessage, nth: number) => Effect.Effect<PushResult>
}>()("halobestie/layers/PushProvider") {}

export const layerProvider = Layer.sync(PushProvider)(() => ({
  asked: [],
  answer: () => Effect.succeed({ _tag: "Sent" })
}))

export const layer = Layer.effect(Push)(
  Effect.map(PushProvider, (provider) =>
    Push.of({
      provider: "memory",
      send: (message) =>
        Effect.suspend(() => {
          provider.asked.push(message)
          if (provider.asked.length > keptMax) provider.asked.shift()
          return provider.answer(message, provider.asked.length)
        })
    }))
).pipe(Layer.provideMerge(layerProvider))
