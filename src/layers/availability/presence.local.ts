// Presence as one process knows it: its own sockets. Without Valkey that is all there is; it cannot say
// whether a person without a socket here has one on another runner.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { scopedTake } from "../../services/platform/scoped-take.ts"
import { type Person, Presence } from "../../services/availability/presence.ts"

export const keyOf = (person: Person): string => `${person.user_type}:${person.user_id}`

/** Who is here: has a socket, and is heard. `onChange` hears of arrivals and departures. */
export const makeSockets = (onChange: (key: string) => void) => {
  const counts = new Map<string, number>()
  const silent = new Set<string>()
  const here = new Set<string>()
  const settle = (key: string): void => {
    const isHere = counts.has(key) && !silent.has(key)
    if (isHere === here.has(key)) return
    if (isHere) here.add(key)
    else here.delete(key)
    onChange(key)
  }
  const move = (key: string, by: 1 | -1): void => {
    const count = (counts.get(key) ?? 0) + by
    if (count > 0) counts.set(key, count)
    else {
      counts.delete(key)
      silent.delete(key)
    }
    settle(key)
  }
  return {
    here: here as ReadonlySet<string>,
    setSilent: (person: Person, isSilent: boolean) =>
      Effect.sync(() => {
        const key = keyOf(person)
        if (isSilent && counts.has(key)) silent.add(key)
        else silent.delete(key)
        settle(key)
      }),
    register: (person: Person) =>
      Effect.asVoid(scopedTake(
        Effect.sync(() => move(keyOf(person), 1)),
        () => Effect.sync(() => move(keyOf(person), -1))
      ))
  }
}

const layerKnowing = (elsewhere: false | null) =>
  Layer.sync(Presence)(() => {
    const { register, here, setSilent } = makeSockets(() => {})
    return Presence.of({
      register,
      setSilent,
      isConnected: (person) => Effect.sync(() => here.has(keyOf(person)) ? true : elsewhere)
    })
  })

/** One runner of perhaps several. */
export const layer = layerKnowing(null)

/** The only runner there is: a person without a socket here has none. */
export const layerAlone = layerKnowing(false)
