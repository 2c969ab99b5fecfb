// The address a request came from, for limits and logs. Behind balancers the TCP address is the
// balancer's; each trusted hop appends the address it saw to X-Forwarded-For, so the one we may believe
// stands that many places from the end. Everything further left is the sender's own claim.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { HttpServerRequest } from "effect/http"
import { isIPv4, isIPv6 } from "node:net"

/** How many trusted proxies stand in front of the public listener; 0 believes no header at all. */
export const TrustedProxyHops = Context.Reference<number>("halobestie/http/TrustedProxyHops", {
  defaultValue: () => 0
})

type Request = Pick<HttpServerRequest.HttpServerRequest, "headers" | "remoteAddress">

/** The eight groups of an IPv6 address, whose spelling the URL parser has made canonical. */
const groupsOf = (address: string): ReadonlyArray<number> => {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [before = [], after = []] = canonical.split("::").map((half) =>
    half.split(":").filter((group) => group !== "").map((group) => Number.parseInt(group, 16))
  )
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after]
}

/**
 * One person's address as limits count it: an IPv4 address however it was written, or the /64 of an IPv6
 * address, which is what one household or phone has. Null for what is no address.
 */
export const countedAddress = (text: string): string | null => {
  const bare = text.trim().replaceAll("\"", "")
  const [, bracketed] = /^\[([^\]]+)\](?::\d+)?$/.exec(bare) ?? []
  const [, beforePort] = /^([\d.]+):\d+$/.exec(bare) ?? []
  const address = (bracketed ?? beforePort ?? bare).replace(/%.*$/, "")
  if (isIPv4(address)) return address
  if (!isIPv6(address)) return null
  const groups = groupsOf(address)
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (isMapped) {
    return groups.slice(6).flatMap((group) => [group >> 8, group & 0xff]).join(".")
  }
  return `${groups.slice(0, 4).map((group) => group.toString(16)).join(":")}::/64`
}

const entriesOf = (request: Request): ReadonlyArray<string> =>
  (request.headers["x-forwarded-for"] ?? "").split(",").filter((entry) => entry.trim() !== "")

/** The socket's own, whatever the headers claim. */
const directOf = (request: Request): string => {
  const direct = Option.getOrElse(request.remoteAddress, () => "unknown")
  return countedAddress(direct) ?? direct
}

/** Fewer entries than hops, or one that is no address: it did not come as configured, the socket counts. */
export const remoteAddressOf = (request: Request, trustedHops: number): string => {
  const entry = trustedHops === 0 ? undefined : entriesOf(request).at(-trustedHops)
  return (entry === undefined ? null : countedAddress(entry)) ?? directOf(request)
}

/** Why a request does not fit TRUSTED_PROXY_HOPS; null when it does. */
export const proxyTrouble = (request: Request, trustedHops: number): string | null => {
  const entries = entriesOf(request)
  if (trustedHops === 0 && entries.length > 0) {
    return "TRUSTED_PROXY_HOPS is 0, but a request came with X-Forwarded-For: behind a balancer all phones " +
      "share the limits of one address. Set it to the number of proxies in front."
  }
  if (entries.length < trustedHops) {
    return `TRUSTED_PROXY_HOPS is ${trustedHops}, but a request came through ${entries.length}: it is ` +
      "counted for the address of its socket."
  }
  const entry = trustedHops === 0 ? undefined : entries.at(-trustedHops)
  return entry === undefined || countedAddress(entry) !== null
    ? null
    : "The entry of X-Forwarded-For that counts is no address: the request is counted for its socket."
}

/** Says each trouble once per listener: the next requests say the same. */
export const makeProxyWatch = (trustedHops: number) => {
  const told = new Set<string>()
  return (request: Request): Effect.Effect<void> =>
    Effect.suspend(() => {
      const trouble = proxyTrouble(request, trustedHops)
      if (trouble === null || told.has(trouble) || told.size >= 8) return Effect.void
      told.add(trouble)
      return Effect.logWarning(trouble).pipe(Effect.annotateLogs({ remote_address: directOf(request) }))
    })
}
