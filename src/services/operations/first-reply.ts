// How long a customer waits for her mitra's first word. Watched by the actor that saw the pairing; one that
// took over meanwhile does not know, and measures nothing. Staff's page reads it from the messages instead.
import type { SessionEvent } from "../../domain/session/events.ts"
import { observe } from "./figures.ts"

/** For one session: gives the function that is shown its committed events. */
export const makeFirstReplyWatch = (): (events: ReadonlyArray<SessionEvent>) => void => {
  let pairedAt: number | null = null
  return (events) => {
    for (const event of events) {
      if (event._tag === "Paired") pairedAt = event.at
      if (pairedAt === null || event._tag !== "MessageSent" || event.side !== "mitra") continue
      observe("first_reply_ms", Math.max(0, event.at - pairedAt))
      pairedAt = null
    }
  }
}
