// One socket from its opening to its end: who is told of it, who signs in on it, and that whatever goes wrong
// with it stays its own trouble. No fiber of it lives while its phone is quiet.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { HttpServerError } from "effect/http/HttpServerError"
import * as References from "effect/References"
import * as Scope from "effect/Scope"
import type * as Socket from "effect/socket/Socket"
import { count } from "../../services/operations/figures.ts"
import { Faults } from "../../services/manual-clock/faults.ts"
import { closeCodes } from "../../contract/close-codes.ts"
import type { ActiveConnection, CheckedToken, Connection } from "./connection.ts"
import { Connections } from "./connections.ts"
import type { RequestId } from "./frames.ts"
import { makeIdentity } from "./identity.ts"
import { inOrder } from "./lagging-wire.ts"
import { WireClock } from "./limits.ts"
import type { Call, LiveConnection } from "./live-connection.ts"
import { type Dispatch, FrameReader, type Reading } from "./receiving.ts"
import type { Transport } from "./transport.ts"

/** How a socket comes to be; in a listener by an upgrade. */
export type Upgrade = Effect.Effect<Transport, Socket.SocketError | HttpServerError>

export type Fork = (effect: Effect.Effect<void>) => void

/** Stops a call in the name of its client; the answer says "try again". */
const stopCall = (live: LiveConnection, id: RequestId, call: Call, dispatch: Dispatch) =>
  Effect.logWarning("a call took too long and is stopped").pipe(
    Effect.annotateLogs({ call: call.tag, connection: live.id }),
    Effect.andThen(Effect.sync(() => dispatch.handOver(live, { _tag: "Interrupt", requestId: id })))
  )

/** One line per socket when it is over, for operators who look into why phones come and go. */
const logEnd = (live: LiveConnection): Effect.Effect<void> =>
  Effect.suspend(() => {
    const reason = live.closing?.code.reason ?? "left"
    count("connections_closed_total", [reason])
    return Effect.logInfo("connection closed").pipe(
      Effect.annotateLogs({
        connection: live.id,
        ...personOf(live),
        remote_address: live.remote_address,
        reason,
        by: live.closing === null ? "phone" : "server",
        calls_served: live.calls_served
      })
    )
  })

const personOf = ({ principal }: LiveConnection) => ({
  user_type: principal?.user_type ?? null,
  user_id: principal?.user_id ?? null
})

const survive = (live: LiveConnection, mistake: unknown): Effect.Effect<void> =>
  Effect.andThen(
    Effect.logError("serving a socket failed", mistake),
    Effect.sync(() => live.close(closeCodes.replaced))
  )

const atOnce = (go: () => void): void => go()

export const makeServe = Effect.fnUntraced(function*(
  dispatch: Dispatch,
  fork: Fork,
  context: Context.Context<never>,
  active: Map<number, ActiveConnection>
) {
  const connections = yield* Connections
  const identify = yield* makeIdentity
  const faults = yield* Faults
  const clock = yield* WireClock
  const annotations = Context.get(context, References.CurrentLogAnnotations)
  const annotationsOn = (live: LiveConnection) => ({ ...annotations, connection: live.id })

  const signIn = (connection: Connection["Service"], { heard, principal }: CheckedToken) =>
    Effect.catchTag(
      connection.authenticate(principal, heard),
      "Refusal",
      () => connection.close(closeCodes.tokenExpired)
    )

  const open = new Set<Scope.Closeable>()
  yield* Effect.addFinalizer(() =>
    Effect.forEach([...open], (life) => Scope.close(life, Exit.void), { discard: true })
  )

  const lagOf = (live: LiveConnection) =>
    live.principal === null ? 0 : faults?.lag_ms(live.principal.user_id) ?? 0
  const reading: Reading = {
    dispatch,
    arrivals: (live) => {
      if (faults === null) return atOnce
      const { later } = inOrder(clock, () => lagOf(live))
      return (go) => later(0, go)
    },
    onMistake: (live, cause) => fork(survive(live, cause)),
    onOver: (life) => fork(Scope.close(life, Exit.void))
  }
  const stop: LiveConnection["stop"] = (live, id, call) => fork(stopCall(live, id, call, dispatch))

  const enter = Effect.fnUntraced(function*(
    transport: Transport,
    remote_address: string,
    token: CheckedToken | null,
    life: Scope.Closeable
  ) {
    open.add(life)
    const live = yield* connections.open(transport.wire, remote_address)
    live.stop = stop
    const connection = identify(live, life)
    active.set(live.client_id, { connection, annotations: annotationsOn(live) })
    // In the context it is closed in: kept and copied for each phone, this one would cost more than the rest.
    const leave = () => {
      open.delete(life)
      active.delete(live.client_id)
      // When it is not over by itself: this listener stops.
      return Effect.andThen(logEnd(live), Effect.sync(() => transport.wire.close(1001, "")))
    }
    yield* Scope.addFinalizerExit(life, leave)
    if (token !== null) {
      yield* Effect.catchCause(signIn(connection, token), (cause) => survive(live, cause))
    }
    live.reader = new FrameReader(live, transport, life, reading)
    transport.listen(live.reader)
  })

  return Effect.fnUntraced(function*(
    upgrade: Upgrade,
    remote_address: string,
    token: CheckedToken | null,
    life: Scope.Closeable
  ) {
    const transport = yield* upgrade
    // Not in the request's context: what is to be undone would keep it, and the request.
    yield* Effect.setContext(
      enter(transport, remote_address, token, life),
      Context.add(context, Scope.Scope, life)
    )
    return true
  })
})
