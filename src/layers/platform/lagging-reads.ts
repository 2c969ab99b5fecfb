// Reads that bear lag, through a read replica: history and counts that people look at, and nothing that a
// decision hangs on. Each method is named here; all others never see the replica. While it is not fit, or
// when it fails or is slow, the primary answers the same call at once.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import { defaultSettings } from "../../domain/settings.ts"
import { Mitras } from "../../services/accounts/mitras.ts"
import { count, set } from "../../services/operations/figures.ts"
import { ReplicaStanding } from "../../services/operations/replica-standing.ts"
import { Oversight } from "../../services/oversight/oversight.ts"
import * as RealTime from "../../services/platform/real-time.ts"
import { PushOutbox } from "../../services/push/push-outbox.ts"
import { SessionOversight } from "../../services/sessions/session-oversight.ts"
import { SessionViews } from "../../services/sessions/session-views.ts"
import { Settings } from "../../services/settings/settings.ts"
import * as Pool from "./postgres/client.ts"
import { watch, type Watched } from "./postgres/replica.ts"

/** A read that takes longer is asked of the primary. */
const readWithin = "2 seconds"
const connectAgainAfter = "5 seconds"

export type LaggingPorts = Mitras | Oversight | PushOutbox | SessionOversight | SessionViews

/** The replica's side, once it was reached. */
export interface Far {
  readonly ports: Context.Context<LaggingPorts>
  readonly watched: Watched
}

type Read = (...args: ReadonlyArray<never>) => Effect.Effect<unknown, unknown>

/** `near` with these methods asked of the replica first. */
const overlaid = <S extends object, const K extends keyof S & string>(
  far: () => Far | null,
  port: Context.Key<LaggingPorts & object, S>,
  near: S,
  methods: ReadonlyArray<K>
): S => {
  const through = (method: K) => (...args: ReadonlyArray<never>) =>
    Effect.suspend(() => {
      const other = far()
      const primary = Effect.suspend(() => {
        count("replica_reads_total", ["primary"])
        return (near[method] as Read)(...args)
      })
      if (other === null || other.watched.standing().trouble !== null) return primary
      const replica = (Context.getUnsafe(other.ports, port) as S)[method] as Read
      return replica(...args).pipe(
        RealTime.timeout(readWithin),
        Effect.tap(() => Effect.sync(() => count("replica_reads_total", ["replica"]))),
        Effect.catch(() => Effect.andThen(other.watched.fail, primary))
      )
    })
  return { ...near, ...Object.fromEntries(methods.map((method) => [method, through(method)])) }
}

/** The whole list. */
export const laggingOver = (near: Context.Context<LaggingPorts>, far: () => Far | null) =>
  Context.make(
    SessionViews,
    overlaid(far, SessionViews, Context.get(near, SessionViews), [
      "pastOf",
      "recentOffersOf"
    ])
  ).pipe(
    Context.add(
      SessionOversight,
      overlaid(far, SessionOversight, Context.get(near, SessionOversight), ["past"])
    ),
    Context.add(Oversight, overlaid(far, Oversight, Context.get(near, Oversight), ["audit", "timeline"])),
    Context.add(Mitras, overlaid(far, Mitras, Context.get(near, Mitras), ["activity"])),
    Context.add(PushOutbox, overlaid(far, PushOutbox, Context.get(near, PushOutbox), ["costs"]))
  )

export interface ReplicaOptions<R> {
  readonly url: Redacted.Redacted
  readonly application: string
  readonly connections_max: number
  /** The same adapters, on the replica's pool. */
  readonly ports: Layer.Layer<LaggingPorts, never, R | SqlClient.SqlClient>
}

/** Over the stores on the primary. A replica that cannot be reached is tried again; nobody waits for it. */
export const layerOver = <R>(options: ReplicaOptions<R>) =>
  Layer.effectContext(Effect.gen(function*() {
    const primary = yield* SqlClient.SqlClient
    const settings = yield* Settings
    const near = yield* Effect.context<LaggingPorts>()
    const scope = yield* Effect.scope
    const lagMax = Effect.map(
      Effect.orElseSucceed(settings.current, () => defaultSettings),
      (values) => values.replica_lag_max_seconds
    )
    let far: Far | null = null
    // One that is never reached must be seen, too.
    set("replica_in_use", 0)
    const pool = Layer.fresh(Pool.layer(options))
    const connect = Effect.gen(function*() {
      const own = yield* Scope.fork(scope)
      const ports = yield* Layer.buildWithScope(Layer.provideMerge(Layer.fresh(options.ports), pool), own)
        .pipe(
          Effect.onError((cause) => Scope.close(own, Exit.failCause(cause)))
        )
      const watched = yield* Scope.provide(
        watch(primary, Context.get(ports, SqlClient.SqlClient), lagMax),
        own
      )
      far = { ports, watched }
    })
    yield* Effect.forkScoped(RealTime.onRealTime(
      Effect.retry(Effect.sandbox(connect), Schedule.spaced(connectAgainAfter))
    ))
    return Context.add(
      laggingOver(near, () => far),
      ReplicaStanding,
      () => far === null ? { lag_seconds: null, trouble: "was not reached yet" } : far.watched.standing()
    )
  }))
