// Whether this runner has more to do than it can. While it has, what nobody has paid for yet is put off, so
// that chats that run get what there is.
import * as Context from "effect/Context"

export interface Load {
  readonly isTooMuch: () => boolean
}

/** Nobody looks: in simulated worlds every turn takes no time. */
export const Overload = Context.Reference<Load>("halobestie/platform/Overload", {
  defaultValue: () => ({ isTooMuch: () => false })
})

/** So late is the event loop, on average over a look, when it is too much; */
export const tooLateMs = 100
/** and so little when it is over. */
export const inTimeMs = 50
/** One look may have met a garbage collection or a look-up of a name. */
const looksToBegin = 2
const looksToEnd = 3

export interface Looks {
  readonly is_too_much: boolean
  /** How many in a row said the opposite. */
  readonly against: number
}

export const noLooks: Looks = { is_too_much: false, against: 0 }

/** One more look at how late the event loop is. */
export const looked = ({ against, is_too_much }: Looks, late_ms: number): Looks => {
  const says = is_too_much ? late_ms < inTimeMs : late_ms >= tooLateMs
  if (!says) return { is_too_much, against: 0 }
  const isEnough = against + 1 >= (is_too_much ? looksToEnd : looksToBegin)
  return isEnough ? { is_too_much: !is_too_much, against: 0 } : { is_too_much, against: against + 1 }
}
