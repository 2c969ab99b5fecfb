// The pings this runner has taken in lately. Rows learn of pings up to a write-back late; when Valkey is
// lost, these are what the rows do not know yet. Bounded by age and by number.

export interface RecentPings {
  readonly note: (mitraId: string, at: number) => void
  readonly all: () => ReadonlyArray<readonly [mitraId: string, at: number]>
}

const mitrasMax = 100_000
const tidyEveryMin = 1_000

export const makeRecentPings = (keep_ms: number): RecentPings => {
  const pings = new Map<string, number>()
  let notes = 0

  // Once per as many pings as are kept: each pays for one. (Keeping the map in the order of age instead
  // would make every ping walk over the holes that the moved ones leave behind.)
  const tidy = (now: number) => {
    notes = 0
    // A tenth at once when it is full: room for one would mean such a walk at every ping from then on.
    const roomFor = pings.size > mitrasMax ? mitrasMax * 0.9 : mitrasMax
    for (const [mitraId, at] of pings) {
      if (now - at > keep_ms || pings.size > roomFor) pings.delete(mitraId)
    }
  }

  return {
    note: (mitraId, at) => {
      if ((pings.get(mitraId) ?? -Infinity) >= at) return
      pings.set(mitraId, at)
      notes += 1
      if (notes >= Math.max(tidyEveryMin, pings.size) || pings.size > mitrasMax) tidy(at)
    },
    all: () => [...pings]
  }
}
