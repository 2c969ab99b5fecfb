// Presence as one process knows it: its own sockets. Without Valkey that is all there is; it cannot say
// whether a person without a socket here has one on another runner.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Person, Presence } from "../../services/availability/presence.ts"

export const keyOf = (person: Person): string => `${person.user_type}:${person.user_id}`

/** How many times each person is here. `onChange` hears of first arrivals and last departures. */
export const makeSockets = (onChange: (key: string) => void) => {
  const here = new Map<string, number>()
  const move = (key: string, by: 1 | -1): void => {
    const count = (here.get(key) ?? 0) + by
    if (count === 0) here.delete(key)
    else here.set(key, count)
    if (count === 0 || (count === 1 && by === 1)) onChange(key)
  }
  return {
    here: here as ReadonlyMap<string, number>,
    register: (person: Person) =>
      Effect.asVoid(Effect.acquireRelease(
        Effect.sync(() => move(keyOf(person), 1)),
        () => Effect.sync(() => move(keyOf(person), -1))
      ))
  }
}

const layerKnowing = (elsewhere: false | null) =>
  Layer.sync(Presence)(() => {
    const { register, here } = makeSockets(() => {})
    return Presence.of({
      register,
      isConnected: (person) => Effect.sync(() => here.has(keyOf(person)) ? true : elsewhere)
    })
  })

/** One runner of perhaps several. */
export const layer = layerKnowing(null)

/** The only runner there is: a person without a socket here has none. */
export const layerAlone = layerKnowing(false)
