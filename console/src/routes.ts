// Where in the console somebody is: the part of the address behind `#`. The server is asked for one page
// only, so every link can be copied, and opened by who is signed in.
import { useSyncExternalStore } from "react"

const subscribe = (onChange: () => void) => {
  addEventListener("hashchange", onChange)
  return () => removeEventListener("hashchange", onChange)
}

const read = (): string => location.hash.replace(/^#\/?/, "")

/** `#/sessions/<id>` is ["sessions", "<id>"]. */
export const useRoute = (): ReadonlyArray<string> =>
  useSyncExternalStore(subscribe, read).split("/").filter((part) => part !== "").map(decodeURIComponent)

export const to = (...parts: ReadonlyArray<string>): string => `#/${parts.map(encodeURIComponent).join("/")}`

export const go = (...parts: ReadonlyArray<string>): void => {
  location.hash = to(...parts)
}
