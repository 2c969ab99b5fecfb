// How many connections there may be: on this listener, and from one address.

export type PlaceLimit = "connections" | "connections_of_address" | "connections_of_nobody"

/** Counts places per address; plain so that reserving one is a single synchronous step. */
export const makePlaces = (
  limits: { readonly connections_max: number; readonly connections_per_peer_max: number }
) => {
  const perAddress = new Map<string, number>()
  let total = 0
  return {
    /** Null: taken. Otherwise the limit that leaves none. */
    take: (remote_address: string): PlaceLimit | null => {
      const here = perAddress.get(remote_address) ?? 0
      if (total >= limits.connections_max) return "connections"
      if (here >= limits.connections_per_peer_max) return "connections_of_address"
      total += 1
      perAddress.set(remote_address, here + 1)
      return null
    },
    giveBack: (remote_address: string): void => {
      const here = perAddress.get(remote_address) ?? 0
      total -= 1
      if (here <= 1) perAddress.delete(remote_address)
      else perAddress.set(remote_address, here - 1)
    }
  }
}
