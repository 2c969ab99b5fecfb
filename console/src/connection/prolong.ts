// A sign-in lasts an hour; while its page is open it is prolonged before it ends, up to the twelve hours that
// the server allows.
import { productNow } from "./live.ts"
import { prolong, signInEndsAt } from "./sign-in.ts"

const beforeEndMs = 15 * 60_000
const lookEveryMs = 2_000
/** After a refusal the sign-in runs out by itself; a line that was cut is back long before. */
const restMs = 60_000

export const startProlonging = (): void => {
  let restsUntil = 0
  setInterval(() => {
    const end = signInEndsAt()
    if (end === null || performance.now() < restsUntil || end - productNow() > beforeEndMs) return
    restsUntil = performance.now() + restMs
    prolong().then(() => {
      restsUntil = 0
    }, () => {})
  }, lookEveryMs)
}
