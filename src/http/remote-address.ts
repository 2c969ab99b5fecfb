// The address a request came from, for limits and logs. Behind balancers the TCP address is the
// balancer's; each trusted hop appends the address it saw to X-Forwarded-For, so the one we may believe
// stands that many places from the end. Everything further left is the sender's own claim.
import * as Context from "effect/Context"
import * as Option from "effect/Option"
import type { HttpServerRequest } from "effect/http"

/** How many trusted proxies stand in front of the public listener; 0 believes no header at all. */
export const TrustedProxyHops = Context.Reference<number>("halobestie/http/TrustedProxyHops", {
  defaultValue: () => 0
})

type Request = Pick<HttpServerRequest.HttpServerRequest, "headers" | "remoteAddress">

export const remoteAddressOf = (request: Request, trustedHops: number): string => {
  const direct = Option.getOrElse(request.remoteAddress, () => "unknown")
  if (trustedHops === 0) return direct
  const seen = (request.headers["x-forwarded-for"] ?? "").split(",").map((address) => address.trim())
    .filter((address) => address !== "")
  // Fewer entries than hops: it did not come through all of them, so the oldest entry is as far as we see.
  return seen.at(-trustedHops) ?? seen[0] ?? direct
}
