// How fast one address may open sockets. A carrier's whole town may come back at once after a restart, so the
// burst is as many as may be open; after that a pace that no town needs. The time is given.
import { makePace } from "../paces.ts"
import type { SocketLimits } from "./limits.ts"

type PaceLimits = Pick<SocketLimits, "connection_burst" | "connections_per_second">

export interface NewConnections {
  /** Null: come in. Otherwise after how many milliseconds the next one may. */
  readonly take: (remote_address: string, now: number) => number | null
}

export const makeNewConnections = (limits: PaceLimits): NewConnections => {
  const wait = makePace({ burst: limits.connection_burst, per_second: limits.connections_per_second })
  return {
    take: (remote_address, now) => {
      const ms = wait(remote_address, now)
      return ms === 0 ? null : ms
    }
  }
}
