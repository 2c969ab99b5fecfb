// The push provider of a world: takes notifications for phones, a little late, or is down and says so.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Push, type PushMessage, type PushResult } from "../../src/services/push/push.ts"
import type { Process } from "../kernel/process.ts"
import type { Prng } from "../kernel/prng.ts"
import type { VirtualTime } from "../kernel/virtual-time.ts"

const oddAnswers: ReadonlyArray<PushResult> = [
  { _tag: "TokenInvalid" },
  { _tag: "Hold", reason: "rate_limited", retry_after_ms: 20_000 },
  { _tag: "Hold", reason: "provider_failing", retry_after_ms: 5_000 },
  { _tag: "Failed", code: "500" },
  { _tag: "Failed", code: "no answer" },
  { _tag: "Rejected", code: "INVALID_ARGUMENT" }
]

export class PushService {
  readonly #time: VirtualTime
  readonly #prng: Prng
  isDown = false
  /** So many of its answers are one of those that a provider gives on a bad day. */
  oddShare = 0
  readonly #odd: Prng
  /** What reached phones, and when: a push for an offer that is over would be seen here. */
  readonly sent: Array<{ readonly at_ms: number; readonly message: PushMessage }> = []

  constructor(options: { readonly time: VirtualTime; readonly prng: Prng }) {
    this.#time = options.time
    this.#prng = options.prng
    this.#odd = options.prng.split("odd answers")
  }

  layerOf(process: Process): Layer.Layer<Push> {
    const send = (message: PushMessage) =>
      Effect.callback<PushResult>((resume) => {
        this.#time.after(this.#prng.between(40, 400), process, () => {
          if (this.isDown) return resume(Effect.succeed({ _tag: "Failed", code: "503" }))
          if (this.#odd.chance(this.oddShare)) return resume(Effect.succeed(this.#odd.pick(oddAnswers)))
          this.sent.push({ at_ms: this.#time.now_ms, message })
          resume(Effect.succeed({ _tag: "Sent" }))
        })
      })
    return Layer.succeed(Push)({ provider: "memory", send })
  }
}
