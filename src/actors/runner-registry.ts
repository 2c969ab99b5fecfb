// The cluster's members, read only, from the storage in which the runners agree.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type RunnerAddress, RunnerStorage } from "effect/cluster"
import * as RealTime from "../services/platform/real-time.ts"
import { RunnerRegistry } from "../services/platform/runner-registry.ts"
import { Unavailable } from "../services/platform/unavailable.ts"

/** As staff see it everywhere: it is also what is written as the owner of an actor. */
export const writtenAddress = ({ host, port }: RunnerAddress.RunnerAddress): string => `${host}:${port}`

const patience = "2 seconds"

const unlisted = new Unavailable({ what: "cluster", retryable: true })

export const layer = (own: RunnerAddress.RunnerAddress) =>
  Layer.effect(RunnerRegistry)(
    Effect.map(RunnerStorage.RunnerStorage, ({ getRunners }) => ({
      own_address: writtenAddress(own),
      members: getRunners.pipe(
        Effect.map((members) =>
          members.map(([{ address }, is_healthy]) => ({ address: writtenAddress(address), is_healthy }))
        ),
        RealTime.timeout(patience),
        Effect.mapError(() => unlisted)
      )
    }))
  )
