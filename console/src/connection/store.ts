// The smallest store React can follow: a value, a way to change it, and who wants to know. Values are
// replaced, never changed.
import { useSyncExternalStore } from "react"

export interface Store<A> {
  readonly get: () => A
  readonly set: (value: A) => void
  readonly subscribe: (onChange: () => void) => () => void
}

export const makeStore = <A>(first: A): Store<A> => {
  let value = first
  const followers = new Set<() => void>()
  return {
    get: () => value,
    set: (next) => {
      value = next
      for (const follower of followers) follower()
    },
    subscribe: (onChange) => {
      followers.add(onChange)
      return () => followers.delete(onChange)
    }
  }
}

export const useStore = <A>(store: Store<A>): A => useSyncExternalStore(store.subscribe, store.get)
