// Who has a socket open on which runner, as all runners know it. A dead runner's entries are forgotten when
// its word has not been renewed for a while, as with the real thing's expiry.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { keyOf, makeSockets } from "../../src/layers/availability/presence.local.ts"
import { Presence } from "../../src/services/availability/presence.ts"
import type { Process } from "../kernel/process.ts"

export class SharedPresence {
  readonly #byRunner = new Map<Process, ReadonlySet<string>>()

  forget(process: Process): void {
    this.#byRunner.delete(process)
  }

  layerOf(process: Process): Layer.Layer<Presence> {
    return Layer.sync(Presence)(() => {
      const { here, register, setSilent } = makeSockets(() => {})
      this.#byRunner.set(process, here)
      return Presence.of({
        register,
        setSilent,
        isConnected: (person) =>
          Effect.sync(() => [...this.#byRunner.values()].some((people) => people.has(keyOf(person))))
      })
    })
  }
}
