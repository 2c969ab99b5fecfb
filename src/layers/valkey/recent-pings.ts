// The pings this runner has taken in lately. Rows learn of pings up to a write-back late; when Valkey is
// lost, these are what the rows do not know yet. Oldest first, bounded by age and by number.

export interface RecentPings {
  readonly note: (mitraId: string, at: number) => void
  readonly all: () => ReadonlyArray<readonly [mitraId: string, at: number]>
}

const mitrasMax = 100_000

export const makeRecentPings = (keep_ms: number): RecentPings => {
  const pings = new Map<string, number>()
  const dropOld = (now: number) => {
    for (const [mitraId, at] of pings) {
      if (now - at <= keep_ms && pings.size <= mitrasMax) return
      pings.delete(mitraId)
    }
  }
  return {
    note: (mitraId, at) => {
      const known = pings.get(mitraId)
      if (known !== undefined && known >= at) return
      // Put again at the end: the order of insertion stays the order of age.
      pings.delete(mitraId)
      pings.set(mitraId, at)
      dropOld(at)
    },
    all: () => [...pings]
  }
}
