// Whether this runner is a member of the cluster, and healthy: one that is not gets no actors, and its calls
// wait for others. Unhealthy is one whom the others do not reach at the address it advertises. Only an answer
// counts; when nobody can be asked, Postgres' own reason says so.
import * as Effect from "effect/Effect"
import { RunnerRegistry } from "../../services/platform/runner-registry.ts"

export const clusterTrouble: Effect.Effect<"cluster_unjoined" | null, never, RunnerRegistry> = Effect.gen(
  function*() {
    const { members, own_address } = yield* RunnerRegistry
    const known = yield* members
    return known.some(({ address, is_healthy }) => address === own_address && is_healthy)
      ? null
      : "cluster_unjoined" as const
  }
).pipe(Effect.catch(() => Effect.succeed(null)))
