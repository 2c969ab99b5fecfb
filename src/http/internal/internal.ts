// The internal listener, loopback only: admin calls over WebSocket (/ws) and over plain HTTP (POST /rpc),
// both with the same handlers. Nothing public is reachable here, and nothing of this is public.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { HttpRouter, HttpServerRequest } from "effect/http"
import { RpcSerialization, RpcServer } from "effect/rpc"
import { AdminApi } from "../../contract/staff/staff-api.ts"
import { refuse } from "../../domain/refusal.ts"
import * as RealTime from "../../services/platform/real-time.ts"
import * as AccountHandlers from "./accounts.ts"
import * as CaseHandlers from "./cases.ts"
import * as ConsoleHandlers from "./console/handlers.ts"
import * as ConsolePage from "./console/page.ts"
import * as LiveHub from "./console/live-hub.ts"
import * as Handlers from "./handlers.ts"
import { framed } from "./http-frames.ts"
import { concealing } from "./http-replies.ts"
import { layerOperations } from "./operations.ts"
import * as OwnAccountHandlers from "./own-account.ts"
import * as PaymentHandlers from "./payments.ts"
import * as PushHandlers from "./pushes.ts"
import * as RunnerHandlers from "./runners.ts"
import * as PermissionGate from "./permissions.ts"
import * as SessionHandlers from "./sessions.ts"
import * as StaffSignIn from "./staff/staff-sign-in.ts"
import * as TimeHandlers from "./manual-clock.ts"
import * as VerifyStaffToken from "./staff/verify-staff-token.ts"
import { layerBrowserOrigin } from "../browser-origin.ts"
import { Connection, type Principal } from "../socket/connection.ts"
import { layerListener } from "../listener.ts"
import { layerProbes } from "../public/public.ts"
import { publicLimits } from "../socket/limits.ts"
import { refusalResponse, tryAgainResponse } from "../refusal-response.ts"
import { TokenVerifier } from "../socket/token-verifier.ts"
import { offeredToken } from "../socket/upgrade.ts"

const rpcPath = "/rpc"
/** Every call passes the gate, by either way in. */
export const gatedApi = AdminApi.middleware(PermissionGate.PermissionGate)

/** One HTTP request is a connection of its own: it ends with its answer, so nothing can sign it in later. */
const connectionOf = (request: HttpServerRequest.HttpServerRequest, principal: Principal | null) =>
  Connection.of({
    id: "http",
    remote_address: Option.getOrElse(request.remoteAddress, () => "unknown"),
    principal: Effect.map(
      Clock.currentTimeMillis,
      (now) => principal !== null && principal.expires_at > now ? principal : null
    ),
    authenticate: () =>
      Effect.fail(refuse("BAD_REQUEST", "Over HTTP, send the token in the Authorization header instead.")),
    close: () => Effect.void
  })

const layerHttpRpc = Layer.unwrap(
  Effect.gen(function*() {
    const { httpEffect, protocol } = yield* RpcServer.makeProtocolWithHttpEffect()
    const route = HttpRouter.use(Effect.fnUntraced(function*(router) {
      const verifier = yield* TokenVerifier
      yield* router.add("POST", rpcPath, (request) =>
        Effect.gen(function*() {
          const token = offeredToken(request.headers)
          const principal = token === null ? null : yield* verifier.verify(token)
          const calls = yield* Effect.result(framed(request))
          if (calls._tag === "Failure") {
            return calls.failure._tag === "Refusal"
              ? refusalResponse(calls.failure, 400)
              : yield* calls.failure
          }
          return yield* httpEffect.pipe(
            Effect.provideService(HttpServerRequest.HttpServerRequest, calls.success),
            Effect.provideService(Connection, connectionOf(request, principal))
          )
        }).pipe(
          RealTime.timeoutOrElse({
            duration: publicLimits.call_max_ms,
            orElse: () => Effect.succeed(tryAgainResponse("This took too long and was stopped.", 1000))
          }),
          Effect.catchTag("Refusal", (refusal) => Effect.succeed(refusalResponse(refusal, 401))),
          Effect.catchTag("Unavailable", () =>
            Effect.succeed(tryAgainResponse("The token cannot be checked right now.", 1000)))
        ))
    }))
    const server = RpcServer.layer(gatedApi, { disableFatalDefects: true, disableTracing: true }).pipe(
      Layer.provide(Layer.succeed(RpcServer.Protocol)(concealing(protocol)))
    )
    return Layer.merge(route, server)
  })
).pipe(Layer.provide(RpcSerialization.layerJson))

export interface StaffApiOptions {
  readonly heartbeat_every_seconds: number
  /** Whether test numbers have an effect: only while no provider sends codes. */
  readonly test_numbers: boolean
  /** The zone staff read times in; UTC unless said otherwise. */
  readonly time_zone?: string
  /** Whether the counts of the last hour are kept while nobody watches. */
  readonly sampling?: boolean
}

export interface InternalOptions {
  readonly host: string
  readonly port: number
  /** The one web page whose browser may come in; null: none. */
  readonly browser_origin: string | null
  /** Whether `/` is the console. */
  readonly console?: boolean
}

/** Everything staff may call, and who may call it. */
export const layerHandlers = (options: StaffApiOptions) =>
  Layer.mergeAll(
    Handlers.layer({ heartbeatSeconds: options.heartbeat_every_seconds }),
    AccountHandlers.layer({ testNumbersCount: options.test_numbers }),
    OwnAccountHandlers.layer,
    CaseHandlers.layer,
    SessionHandlers.layer,
    PaymentHandlers.layer,
    PushHandlers.layer,
    RunnerHandlers.layer,
    TimeHandlers.layer,
    ConsoleHandlers.layer({ time_zone: options.time_zone ?? "UTC" }),
    PermissionGate.layer
  ).pipe(
    Layer.provide(LiveHub.layer({ sampling: options.sampling ?? false })),
    Layer.provideMerge(VerifyStaffToken.layer),
    Layer.provide(StaffSignIn.layer)
  )

/** The listener, over `layerHandlers`. */
export const layer = (options: InternalOptions) =>
  layerListener({
    host: options.host,
    port: options.port,
    path: "/ws",
    group: gatedApi,
    routes: Layer.mergeAll(
      layerHttpRpc,
      layerProbes,
      layerOperations,
      options.console === true ? ConsolePage.layer() : Layer.empty,
      layerBrowserOrigin(options.browser_origin, options.console === true ? { hosts: [options.host] } : null)
    )
  })
