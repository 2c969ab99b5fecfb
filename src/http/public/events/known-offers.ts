// Which offers one phone holds as open, and which ended lately: an offer is made to a mitra once, so one that
// is announced after its end (by a runner that was slow, or does not own the session any more) is not shown.

/** Endings that are remembered; older ones no announcement can still be under way for. */
const rememberedMax = 200

/** Null for none: most phones are customers', and an empty set of its own is a fifth of a KiB for each. */
type Ids = Set<string> | null

const withId = (ids: Ids, id: string): Set<string> => (ids ?? new Set<string>()).add(id)

export class KnownOffers {
  #open: Ids = null
  #ended: Ids = null

  constructor(sessionIds: ReadonlyArray<string>) {
    this.replace(sessionIds)
  }

  get size(): number {
    return this.#open?.size ?? 0
  }

  has(sessionId: string): boolean {
    return this.#open?.has(sessionId) === true
  }

  ids(): ReadonlyArray<string> {
    return [...this.#open ?? []]
  }

  /** True when the phone is to be shown it: it does not hold it, and was not told that it ended. */
  open(sessionId: string): boolean {
    if (this.has(sessionId) || this.#ended?.has(sessionId) === true) return false
    this.#open = withId(this.#open, sessionId)
    return true
  }

  /** True when the phone held it as open. */
  end(sessionId: string): boolean {
    this.#ended = withId(this.#ended, sessionId)
    const [oldest] = this.#ended
    if (this.#ended.size > rememberedMax && oldest !== undefined) this.#ended.delete(oldest)
    return this.#open?.delete(sessionId) === true
  }

  /** The phone is given these instead of what it held. */
  replace(sessionIds: ReadonlyArray<string>): void {
    this.#open = sessionIds.length === 0 ? null : new Set(sessionIds)
  }
}
