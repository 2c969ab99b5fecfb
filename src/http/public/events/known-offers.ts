// Which offers one phone holds as open, and which ended lately: an offer is made to a mitra once, so one that
// is announced after its end (by a runner that was slow, or does not own the session any more) is not shown.

/** Endings that are remembered; older ones no announcement can still be under way for. */
const rememberedMax = 200

export class KnownOffers {
  #open: Set<string>
  readonly #ended = new Set<string>()

  constructor(sessionIds: ReadonlyArray<string>) {
    this.#open = new Set(sessionIds)
  }

  get size(): number {
    return this.#open.size
  }

  has(sessionId: string): boolean {
    return this.#open.has(sessionId)
  }

  ids(): ReadonlyArray<string> {
    return [...this.#open]
  }

  /** True when the phone is to be shown it: it does not hold it, and was not told that it ended. */
  open(sessionId: string): boolean {
    if (this.#open.has(sessionId) || this.#ended.has(sessionId)) return false
    this.#open.add(sessionId)
    return true
  }

  /** True when the phone held it as open. */
  end(sessionId: string): boolean {
    this.#ended.add(sessionId)
    const [oldest] = this.#ended
    if (this.#ended.size > rememberedMax && oldest !== undefined) this.#ended.delete(oldest)
    return this.#open.delete(sessionId)
  }

  /** The phone is given these instead of what it held. */
  replace(sessionIds: ReadonlyArray<string>): void {
    this.#open = new Set(sessionIds)
  }
}
