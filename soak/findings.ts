// What a soak found out: violations, each once in full and counted, and how long phones waited for the
// acknowledgement of what they wrote. Everything else of the soak only adds to it.
export interface Wait {
  readonly began: number
  readonly ended: number
  /** Which chat and side waited. */
  readonly who: string
}

const shownMax = 40

export class Findings {
  readonly violations: Array<string> = []
  readonly counts: Record<string, number> = {}
  #waits: Array<Wait> = []
  readonly #open = new Map<string, number>()

  violation(text: string): void {
    this.violations.push(text)
    if (this.violations.length <= shownMax) console.log(`VIOLATION ${text}`)
  }

  count(what: string, by = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + by
  }

  /** Somebody waits for an acknowledgement from now on; gives what ends the wait. */
  waiting(who: string): () => void {
    const began = performance.now()
    this.#open.set(who, began)
    return () => {
      this.#open.delete(who)
      this.#waits.push({ who, began, ended: performance.now() })
    }
  }

  /** How long the one who has waited longest has been waiting. */
  longestOpenWait(): number {
    const now = performance.now()
    return Math.max(0, ...[...this.#open.values()].map((began) => now - began))
  }

  /** The longest wait of each who waited since then, the shortest first; what lies before is forgotten. */
  gapsSince(from: number): ReadonlyArray<number> {
    this.#waits = this.#waits.filter(({ ended }) => ended >= from)
    const gaps = new Map<string, number>()
    for (const { began, ended, who } of this.#waits) {
      gaps.set(who, Math.max(gaps.get(who) ?? 0, ended - began))
    }
    return [...gaps.values()].toSorted((a, b) => a - b)
  }
}
