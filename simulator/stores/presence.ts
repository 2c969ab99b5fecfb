// Who has a socket open on which runner, as all runners know it. A dead runner's entries are forgotten when
// its word has not been renewed for a while, as with the real thing's expiry.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Person, Presence } from "../../src/services/availability/presence.ts"
import type { Process } from "../kernel/process.ts"

const keyOf = (person: Person): string => `${person.user_type}:${person.user_id}`

export class SharedPresence {
  readonly #byRunner = new Map<Process, Map<string, number>>()

  forget(process: Process): void {
    this.#byRunner.delete(process)
  }

  layerOf(process: Process): Layer.Layer<Presence> {
    return Layer.sync(Presence)(() => {
      const here = new Map<string, number>()
      this.#byRunner.set(process, here)
      const move = (key: string, by: 1 | -1) => {
        const count = (here.get(key) ?? 0) + by
        if (count === 0) here.delete(key)
        else here.set(key, count)
      }
      return Presence.of({
        register: (person) =>
          Effect.asVoid(Effect.acquireRelease(
            Effect.sync(() => move(keyOf(person), 1)),
            () => Effect.sync(() => move(keyOf(person), -1))
          )),
        isConnected: (person) =>
          Effect.sync(() => [...this.#byRunner.values()].some((people) => people.has(keyOf(person))))
      })
    })
  }
}
