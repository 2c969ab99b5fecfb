// The door of a socket: may it come in, and as whom. Everything that can be refused is refused here with
// plain HTTP and JSON, before the upgrade; afterwards only close codes are left.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Scope from "effect/Scope"
import { type Refusal, refuse } from "../../domain/refusal.ts"
import { Unavailable } from "../../services/platform/unavailable.ts"
import { Connections } from "./connections.ts"
import { Limits, type SocketLimits, WireClock } from "./limits.ts"
import { elsewherePause, refusedPause } from "./return-pause.ts"
import { SocketProtocol } from "./server.ts"
import type { Upgrade } from "./serving.ts"
import { upgraded } from "./transport.ts"
import { makeProxyWatch, remoteAddressOf, TrustedProxyHops } from "../remote-address.ts"
import { Readiness } from "../readiness.ts"
import { Revocations } from "./revocations.ts"
import { tellRateLimited, tellSecurityEvent } from "../security-events.ts"
import { refusalResponse, tryAgainResponse } from "../refusal-response.ts"
import { TokenVerifier } from "./token-verifier.ts"
import * as RealTime from "../../services/platform/real-time.ts"

export const subprotocol = "halobestie.v1"
const tokenPrefix = "bearer."

type RequestHeaders = HttpServerRequest.HttpServerRequest["headers"]

export const offeredSubprotocols = (headers: RequestHeaders): ReadonlyArray<string> =>
  (headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim()).filter((name) =>
    name !== ""
  )

/** For clients that cannot set headers, the token may come as a second subprotocol. */
export const offeredToken = (headers: RequestHeaders): string | null => {
  const authorization = headers["authorization"]
  if (authorization !== undefined) return /^bearer +(\S+)$/i.exec(authorization)?.[1] ?? ""
  const named = offeredSubprotocols(headers).find((name) => name.startsWith(tokenPrefix))
  return named === undefined ? null : named.slice(tokenPrefix.length)
}

/** For the WebSocket server: the answer never repeats a token. */
export const selectSubprotocol = (offered: Set<string>): string | false =>
  offered.has(subprotocol) ? subprotocol : false

const tokens = /^[\w!#$%&'*+.^`|~-]+( *, *[\w!#$%&'*+.^`|~-]+)*$/

/** What the driver would refuse by itself, without the headers and the JSON of our answers. */
const isSoundHandshake = (headers: RequestHeaders): boolean => {
  const offered = offeredSubprotocols(headers)
  return /^[+/0-9A-Za-z]{22}==$/.test(headers["sec-websocket-key"] ?? "") &&
    ["8", "13"].includes(headers["sec-websocket-version"] ?? "") &&
    tokens.test(headers["sec-websocket-protocol"] ?? "none") && new Set(offered).size === offered.length
}

const unsoundHandshake = refusalResponse(
  refuse("BAD_REQUEST", "This is no WebSocket handshake: expected Sec-WebSocket-Version 13 and a key."),
  400,
  { "sec-websocket-version": "13" }
)

const isWebSocketUpgrade = (headers: RequestHeaders): boolean =>
  headers["upgrade"]?.toLowerCase() === "websocket"

const notAnUpgrade = refusalResponse(
  refuse("BAD_REQUEST", "This path speaks WebSocket. Connect with a WebSocket client."),
  426,
  { upgrade: "websocket", connection: "upgrade" }
)

const wrongSubprotocol = (offered: ReadonlyArray<string>) =>
  refusalResponse(
    refuse("BAD_REQUEST", `None of the offered subprotocols is spoken here; expected ${subprotocol}.`, {
      offered: offered.filter((name) => !name.startsWith(tokenPrefix))
    }),
    400
  )

const unauthorized = (refusal: Refusal) => refusalResponse(refusal, 401, { "www-authenticate": "Bearer" })

const later = (message: string, limits: SocketLimits) =>
  Effect.map(refusedPause(limits), (retryAfterMs) => tryAgainResponse(message, retryAfterMs))

/** A flood costs no upgrade and no token check; its first refusal in a while leaves a line. */
const tooFast = Effect.fnUntraced(function*(remote_address: string, retryAfterMs: number) {
  yield* tellRateLimited("new_connections", remote_address)
  return refusalResponse(
    refuse("RATE_LIMITED", "Too many connections are opened from your network.", {
      limit: "new_connections",
      retry_after_ms: retryAfterMs,
      retry_after_seconds: Math.ceil(retryAfterMs / 1_000)
    }),
    429,
    { "retry-after": String(Math.ceil(retryAfterMs / 1_000)) }
  )
})

/** The reasons that say "another runner, or later"; a database outage is told call by call instead. */
const closedDoors = ["draining", "schema_mismatch", "starting"]

/** The door itself, whatever the socket travels on. */
export const makeHandshake = Effect.gen(function*() {
  const limits = yield* Limits
  const wireClock = yield* WireClock
  const readiness = yield* Readiness
  const connections = yield* Connections
  const socket = yield* SocketProtocol
  const verifier = yield* TokenVerifier
  const revocations = yield* Revocations

  const verify = Effect.fnUntraced(function*(token: string) {
    // The bound is the wire's; whether the token has run out is measured by the product's time.
    const product = yield* Clock.Clock
    return yield* verifier.verify(token).pipe(
      Effect.provideService(Clock.Clock, product),
      RealTime.timeoutOrElse({
        duration: limits.authenticate_max_ms,
        orElse: () => Effect.fail(new Unavailable({ what: "token verifier", retryable: true }))
      }),
      Effect.provideService(Clock.Clock, wireClock)
    )
  })

  /** Null: it is served from now on. */
  const admit = Effect.fnUntraced(function*(
    upgrade: Upgrade,
    remote_address: string,
    token: string | null,
    life: Scope.Closeable
  ) {
    const wait = yield* connections.tooSoon(remote_address)
    if (wait !== null) return yield* tooFast(remote_address, wait)
    // Taken before the token is checked, so that many at once cannot all find the last place.
    const full = yield* Effect.setContext(
      connections.admit(remote_address, token !== null),
      Context.make(Scope.Scope, life)
    )
    if (full !== null) {
      yield* tellRateLimited(full, remote_address)
      return yield* later("Too many connections.", limits)
    }
    const heard = revocations.heard()
    const checked = token === null ? null : { principal: yield* verify(token), heard }
    const isServed = yield* socket.serve(upgrade, remote_address, checked, life)
    return isServed ? null : HttpServerResponse.empty()
  })

  /** A response other than 204 is a refusal, before any upgrade; else the socket is served from now on. */
  return Effect.fnUntraced(
    function*(upgrade: Upgrade, remote_address: string, token: string | null) {
      const closed = (yield* readiness.reasons).find((reason) => closedDoors.includes(reason))
      if (closed !== undefined) {
        const pause = closed === "draining" ? elsewherePause : refusedPause(limits)
        return tryAgainResponse(`This server is not taking connections: ${closed}.`, yield* pause)
      }
      if (!(yield* socket.isServing)) return yield* later("This server is starting.", limits)
      // The socket's own: the request is over as soon as it is open.
      const life = Scope.makeUnsafe()
      const refused = yield* admit(upgrade, remote_address, token, life).pipe(
        Effect.catchTag("Refusal", (refusal) =>
          Effect.as(
            refusal.code === "TOKEN_INVALID"
              ? tellSecurityEvent("token_refused", remote_address)
              : Effect.void,
            unauthorized(refusal)
          )),
        Effect.catchTag("Unavailable", () => later("The token cannot be checked right now.", limits)),
        Effect.onExit((exit) =>
          Exit.isSuccess(exit) && exit.value === null ? Effect.void : Scope.close(life, Exit.void)
        )
      )
      return refused ?? HttpServerResponse.empty()
    }
  )
})

const makeUpgradeRoute = Effect.gen(function*() {
  const trustedHops = yield* TrustedProxyHops
  const watchProxies = makeProxyWatch(trustedHops)
  const enter = yield* makeHandshake

  return Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    yield* watchProxies(request)
    if (!isWebSocketUpgrade(request.headers)) return notAnUpgrade
    if (!isSoundHandshake(request.headers)) return unsoundHandshake
    const offered = offeredSubprotocols(request.headers)
    if (offered.length > 0 && !offered.includes(subprotocol)) return wrongSubprotocol(offered)
    return yield* enter(
      upgraded(request),
      remoteAddressOf(request, trustedHops),
      offeredToken(request.headers)
    )
  })
})

/** GET `path`, for the socket protocol in context. */
export const layerDoor = (path: HttpRouter.PathInput) =>
  HttpRouter.use((router) =>
    Effect.flatMap(makeUpgradeRoute, (upgradeRoute) => router.add("GET", path, upgradeRoute))
  )
