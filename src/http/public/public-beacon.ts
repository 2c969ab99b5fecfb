// GET /api/public/bestie/available: the beacon for callers without an account, as plain HTTP. A boolean and
// nothing else, and only so often per address.
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Random from "effect/Random"
import { refuse } from "../../domain/refusal.ts"
import { Beacon } from "../../services/availability/beacon.ts"
import { type RateLimit, RateLimits } from "../../services/platform/rate-limits.ts"
import { makeProxyWatch, remoteAddressOf, TrustedProxyHops } from "../remote-address.ts"
import { refusalResponse, tryAgainResponse } from "../refusal-response.ts"
import { tellRateLimited } from "../security-events.ts"
import * as RealTime from "../../services/platform/real-time.ts"

export const beaconPath = "/api/public/bestie/available"

export const publicBeaconLimit: RateLimit = { name: "public_beacon", asks_max: 30, window_ms: 60_000 }

/** Longer than the ports' own bounds, so that their answer comes first. */
const patience = "10 seconds"

const tooOften = (retryAfterMs: number) => {
  const retry_after_seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000))
  return refusalResponse(
    refuse("RATE_LIMITED", "Too many questions from this address. Please wait a moment.", {
      limit: publicBeaconLimit.name,
      retry_after_seconds
    }),
    429,
    { "retry-after": String(retry_after_seconds), "cache-control": "no-store" }
  )
}

// Spread, so that all callers of one outage do not come back as one wave.
const later = Effect.map(
  Random.nextIntBetween(1_000, 5_000),
  (retryAfterMs) => tryAgainResponse("This is not known right now. Please try again.", retryAfterMs)
)

export const layer = HttpRouter.use(Effect.fnUntraced(function*(router) {
  const beacon = yield* Beacon
  const limits = yield* RateLimits
  const trustedHops = yield* TrustedProxyHops
  const watchProxies = makeProxyWatch(trustedHops)
  const answer = Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    yield* watchProxies(request)
    const remote_address = remoteAddressOf(request, trustedHops)
    const wait = yield* limits.take(publicBeaconLimit, remote_address)
    if (wait !== null) {
      yield* tellRateLimited(publicBeaconLimit.name, remote_address)
      return tooOften(wait.retry_after_ms)
    }
    const { available } = yield* RealTime.timeout(beacon.current, patience)
    return HttpServerResponse.jsonUnsafe({ available }, { headers: { "cache-control": "no-store" } })
  })
  yield* router.add(
    "GET",
    beaconPath,
    answer.pipe(
      Effect.catchTags({ Unavailable: () => later, TimeoutError: () => later })
    )
  )
}))
