// Cutting a list of events into frames: few enough and small enough that one frame never fills a slow
// phone's whole outbound allowance.
import type { PhoneEvent } from "../../../contract/public/events.ts"
import type { FeedLimits } from "./feed-limits.ts"

/** Characters, roughly; well under the socket's outbound bound even when all of them need four bytes. */
export const pageWeightMax = 96_000

export const weigh = (event: PhoneEvent): number => {
  switch (event._tag) {
    case "snapshot":
      return 500 + event.sessions.length * 1500 + event.offers.length * 500
    case "session":
      if (event.fact.kind === "message") return 400 + event.fact.message.body.length
      return event.fact.kind === "goodbye" ? 300 + event.fact.text.length : 300
    case "offer":
      return 500
    default:
      return 200
  }
}

/** Removes and returns the first page of `ready`, which must not be empty. */
export const takePage = (
  ready: Array<PhoneEvent>,
  { page_events_max }: Pick<FeedLimits, "page_events_max">
): readonly [PhoneEvent, ...Array<PhoneEvent>] => {
  const [first] = ready
  if (first === undefined) throw new Error("there is no event to send")
  let weight = weigh(first)
  let count = 1
  for (; count < ready.length && count < page_events_max; count++) {
    weight += weigh(ready[count]!)
    if (weight > pageWeightMax) break
  }
  const [, ...rest] = ready.splice(0, count)
  return [first, ...rest]
}
