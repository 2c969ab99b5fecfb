// How many connections there may be: on this listener, and from one address.

/** Counts places per address; plain so that reserving one is a single synchronous step. */
export const makePlaces = (
  limits: { readonly connections_max: number; readonly connections_per_peer_max: number }
) => {
  const perAddress = new Map<string, number>()
  let total = 0
  return {
    take: (remote_address: string): boolean => {
      const here = perAddress.get(remote_address) ?? 0
      if (total >= limits.connections_max || here >= limits.connections_per_peer_max) return false
      total += 1
      perAddress.set(remote_address, here + 1)
      return true
    },
    giveBack: (remote_address: string): void => {
      const here = perAddress.get(remote_address) ?? 0
      total -= 1
      if (here <= 1) perAddress.delete(remote_address)
      else perAddress.set(remote_address, here - 1)
    }
  }
}
