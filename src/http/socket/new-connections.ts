// How fast one address may open sockets. A carrier's whole town may come back at once after a restart, so the
// burst is as many as may be open; after that a pace that no town needs. Plain numbers, the time is given.
import type { SocketLimits } from "./limits.ts"

type PaceLimits = Pick<SocketLimits, "connection_burst" | "connections_per_second">

/** Beyond so many addresses the one that was quiet for longest is forgotten, which forgives it a few. */
const addressesMax = 50_000

interface Bucket {
  readonly left: number
  readonly at: number
}

export interface NewConnections {
  /** Null: come in. Otherwise after how many milliseconds the next one may. */
  readonly take: (remote_address: string, now: number) => number | null
}

export const makeNewConnections = (limits: PaceLimits): NewConnections => {
  const perMs = limits.connections_per_second / 1_000
  // In the order of their last socket.
  const buckets = new Map<string, Bucket>()

  const leftOf = (bucket: Bucket | undefined, now: number): number =>
    bucket === undefined
      ? limits.connection_burst
      : Math.min(limits.connection_burst, bucket.left + Math.max(0, now - bucket.at) * perMs)

  const forgetOldest = (): void => {
    const [oldest] = buckets.keys()
    if (oldest !== undefined && buckets.size >= addressesMax) buckets.delete(oldest)
  }

  return {
    take: (remote_address, now) => {
      const known = buckets.get(remote_address)
      const left = leftOf(known, now)
      if (known === undefined) forgetOldest()
      else buckets.delete(remote_address)
      buckets.set(remote_address, { left: left < 1 ? left : left - 1, at: now })
      return left < 1 ? Math.ceil((1 - left) / perMs) : null
    }
  }
}
