// RunnerRegistry: which runners the cluster knows, and which of them this process is.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Unavailable } from "./unavailable.ts"

export interface RegisteredRunner {
  /** host:port, where the other runners reach it. */
  readonly address: string
  /** As the other runners last found it; an unhealthy one gets no actors. */
  readonly is_healthy: boolean
}

export class RunnerRegistry extends Context.Service<RunnerRegistry, {
  /** Of this process. */
  readonly own_address: string
  /** Runners that renewed their registration lately; a runner that was killed stays for some seconds. */
  readonly members: Effect.Effect<ReadonlyArray<RegisteredRunner>, Unavailable>
}>()("halobestie/services/RunnerRegistry") {}
