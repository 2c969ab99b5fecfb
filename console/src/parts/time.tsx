// Instants and countdowns as the console shows them: in the staff's zone, with the exact instant on hover.
import { productNow, useProductNow } from "../connection/live.ts"
import { standing } from "../connection/sign-in.ts"
import { useStore } from "../connection/store.ts"
import { countdown, dayAndTime, lengthOf, timeOfDay } from "../format.ts"

export const useZone = (): string => useStore(standing).me?.time_zone ?? "UTC"

const dayMs = 86_400_000

/** Today's without the day. */
export const Instant = ({ at, isDayShown = false }: { at: string | null; isDayShown?: boolean }) => {
  const zone = useZone()
  if (at === null) return <span>–</span>
  const ms = Date.parse(at)
  const isNear = Math.abs(productNow() - ms) < dayMs / 2
  return (
    <time dateTime={at} title={at} className="tabular">
      {isNear && !isDayShown ? timeOfDay(ms, zone) : dayAndTime(ms, zone)}
    </time>
  )
}

/** To the second, by the product's time. */
export const Countdown = ({ to }: { to: string }) => {
  const now = useProductNow()
  return <span className="tabular" title={to}>{countdown(Date.parse(to) - now)}</span>
}

/** How long ago, or since when. */
export const Since = ({ at }: { at: string | null }) => {
  const now = useProductNow()
  if (at === null) return <span>–</span>
  return (
    <time dateTime={at} title={at} className="tabular">{lengthOf(Math.max(0, now - Date.parse(at)))}</time>
  )
}
