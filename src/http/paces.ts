// A pace: so many at once, and then so many a second, counted by each runner in its memory. Plain numbers and
// a time that is given.

export interface Pace {
  readonly burst: number
  readonly per_second: number
}

const pacesMax = 50_000

/**
 * How long `who` must wait in milliseconds, 0 for not at all. Bounded: beyond it the one that was quiet for
 * longest is forgotten, which at worst forgives somebody a few.
 */
export const makePace = ({ burst, per_second }: Pace) => {
  const left = new Map<string, { tokens: number; at: number }>()
  const take = (who: string, now: number): number => {
    const known = left.get(who)
    const tokens = known === undefined
      ? burst
      : Math.min(burst, known.tokens + Math.max(0, now - known.at) * per_second / 1000)
    if (known !== undefined) left.delete(who)
    else if (left.size >= pacesMax) left.delete(left.keys().next().value!)
    left.set(who, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now })
    return tokens >= 1 ? 0 : Math.ceil((1 - tokens) * 1000 / per_second)
  }
  /** It was no such ask after all. */
  const giveBack = (who: string): void => {
    const known = left.get(who)
    if (known !== undefined) known.tokens = Math.min(burst, known.tokens + 1)
  }
  return Object.assign(take, { giveBack })
}
