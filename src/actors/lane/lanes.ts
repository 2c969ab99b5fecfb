// Lanes: calls to actors on another runner without the cluster's detour, over a connection of their own on
// the runners' port, behind the same secret and the same door. The cluster decides who owns an actor, starts
// it, carries its first call and one a minute; the epoch keeps the rest safe, as it does calls within a
// process.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { type RunnerAddress, Runners } from "effect/cluster"
import { type Socket, SocketServer } from "effect/socket"
import type { Refusal } from "../../domain/refusal.ts"
import { setBound } from "../../services/platform/bounds.ts"
import * as RealTime from "../../services/platform/real-time.ts"
import { Unavailable } from "../../services/platform/unavailable.ts"
import { LocalActors } from "../local-actors.ts"
import { writtenAddress } from "../runner-registry.ts"
import { isStaffCall, type StaffCall } from "../staff-authority.ts"
import type { Serving } from "./answering.ts"
import { type Asking, type Ending, makeAsking } from "./asking.ts"
import { type Codecs, codecs, failure } from "./codecs.ts"
import { endings } from "./frames.ts"
import { sharing } from "./greeted.ts"
import { makeRoutes, noting } from "./routes.ts"

/** Runners ever dialled; the cluster carries what is beyond. */
const runnersMax = 256

/** How the turn ended on the other runner; null when the cluster must carry the call, even if it ran. */
export type Carried = Exit.Exit<any, Refusal | Unavailable> | null

export interface LanesOf {
  /** Null when no lane leads there. Fails when the time is up; then it is unknown whether the call ran. */
  readonly carry: (
    kind: string,
    id: string,
    call: unknown,
    patienceMs: number
  ) => Effect.Effect<Carried, Unavailable> | null
  /** From now on, calls that arrive are served by this; null: no more. */
  readonly serve: (serving: Serving | null) => void
}

/** Null where runners have none: a test of a single one. */
export const Lanes = Context.Reference<LanesOf | null>("halobestie/actors/Lanes", {
  defaultValue: () => null
})

const late = new Unavailable({ what: "cluster", retryable: true })

const exitOf = ({ reply }: Codecs, ended: Ending): Carried => {
  if (ended === null) return null
  if (ended.ending === endings.success) {
    const decoded = reply.decode(ended.value)
    return decoded === null ? null : Exit.succeed(decoded.value)
  }
  const decoded = failure.decode(ended.value)
  return decoded === null ? null : Exit.fail(decoded.value)
}

/** Of one runner: the cluster's own layers, led past the lanes. */
export const makeLanes = (connect: (to: RunnerAddress.RunnerAddress) => Effect.Effect<Socket.Socket>) => {
  const routes = makeRoutes()
  let serving: Serving | null = null

  const layer = Layer.effect(Lanes)(
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      const context = yield* Effect.context<never>()
      const life = { scope: yield* Effect.scope, context, clock }
      const byRunner = new Map<string, Asking>()
      const askingOf = (runner: RunnerAddress.RunnerAddress): Asking | null => {
        const address = writtenAddress(runner)
        const known = byRunner.get(address)
        if (known !== undefined || byRunner.size >= runnersMax) return known ?? null
        const asking = makeAsking(connect(runner), life)
        byRunner.set(address, asking)
        return asking
      }
      return {
        serve: (next) => {
          serving = next
        },
        carry: (kind, id, call, patienceMs) => {
          const runner = routes.to(kind, id)
          const codec = codecs.get(kind)
          if (runner === undefined || codec === undefined || isStaffCall(call as StaffCall)) {
            return null
          }
          const asking = askingOf(runner)
          const encoded = asking?.isOpen() === true ? codec.call.encode(call) : null
          if (asking === null || encoded === null) return null
          return Effect.callback((resume) => {
            const lift = setBound(clock, patienceMs, context, () => {
              leave()
              resume(Effect.fail(late))
            })
            const leave = asking.ask(kind, id, encoded.json, (ended) => {
              lift()
              if (ended === null) routes.forget(kind, id)
              resume(Effect.succeed(exitOf(codec, ended)))
            })
            return Effect.sync(() => {
              lift()
              leave()
            })
          })
        }
      }
    })
  )
  const layerRunners = Layer.effect(Runners.Runners)(
    Effect.map(Runners.Runners, (runners) => noting(runners, routes))
  ).pipe(Layer.provide(Runners.layerRpc))
  const layerListening = Layer.effect(SocketServer.SocketServer)(
    Effect.map(SocketServer.SocketServer, (server) => sharing(server, () => serving))
  )
  return { layer, layerRunners, layerListening }
}

/** The actors of this runner answer what arrives on its lanes. */
export const layerServing = Layer.effectDiscard(
  Effect.gen(function*() {
    const lanes = yield* Lanes
    const { dispatch } = yield* LocalActors
    lanes?.serve({ dispatch, context: yield* RealTime.contextOnRealTime })
    yield* Effect.addFinalizer(() => Effect.sync(() => lanes?.serve(null)))
  })
)
