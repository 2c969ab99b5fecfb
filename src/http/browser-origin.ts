// Browsers on the control center's listener: one web page may speak to it, CC_ORIGIN, and the listener's own
// console. A page says in `Origin` where it came from, on sockets too; any other page is turned away before a
// call or a socket is reached. Other clients send no Origin and are judged by the token alone. On the public
// listener the same, where PUBLIC_ORIGINS lists pages: apps send no Origin.
import * as Effect from "effect/Effect"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { refuse } from "../domain/refusal.ts"
import { remoteAddressOf, TrustedProxyHops } from "./remote-address.ts"
import { tellSecurityEvent } from "./security-events.ts"
import { refusalResponse } from "./refusal-response.ts"

// A page on a colleague's screen reaches loopback addresses as well as the colleague does, so sockets, which
// browsers open anywhere without asking, are turned away like calls.
const foreign = refusalResponse(refuse("FORBIDDEN", "This web page may not speak to this server."), 403, {
  vary: "Origin"
})

const turnedAway = Effect.fnUntraced(function*(request: HttpServerRequest.HttpServerRequest) {
  yield* tellSecurityEvent("origin_refused", remoteAddressOf(request, yield* TrustedProxyHops))
  return foreign
})

/** A page that this listener served itself. */
const isOfThisListener = (origin: string | undefined, host: string): boolean =>
  origin === `http://${host}` || origin === `https://${host}`

/** No credentials: a token is sent by the page, never by the browser on its own. */
const mayRead = (origin: string) => ({ "access-control-allow-origin": origin, vary: "Origin" })

const preflight = (origin: string) =>
  HttpServerResponse.empty({
    status: 204,
    headers: {
      ...mayRead(origin),
      "access-control-allow-methods": "GET, POST",
      "access-control-allow-headers": "authorization, content-type",
      "access-control-max-age": "600"
    }
  })

/** The name in a Host header, without its port. Null: none that a browser could have sent. */
const nameOf = (host: string): string | null =>
  /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase() ?? null

const isAddress = (name: string): boolean => name.startsWith("[") || /^\d{1,3}(\.\d{1,3}){3}$/.test(name)

/** Names this listener answers to. Another site's name that leads to our address is not one of them. */
const isOurs = (name: string, allowed: string | null, hosts: ReadonlyArray<string>): boolean =>
  name === "localhost" || isAddress(name) || hosts.includes(name) ||
  (allowed !== null && new URL(allowed).hostname === name)

export interface OwnPage {
  /** Names under which the listener is reached, beside loopback and plain addresses. */
  readonly hosts: ReadonlyArray<string>
}

/** A page of elsewhere is turned away, or may read what it is answered. */
const ofElsewhere = <E, R>(
  route: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  request: HttpServerRequest.HttpServerRequest,
  origin: string,
  isKnown: boolean
) => {
  if (!isKnown) return turnedAway(request)
  if (request.method === "OPTIONS") return Effect.succeed(preflight(origin))
  // On the answer as it leaves, so that refusals of others than the routes can be read, too.
  return HttpEffect.withPreResponseHandler(
    route,
    (_, response) => Effect.succeed(HttpServerResponse.setHeaders(response, mayRead(origin)))
  )
}

/**
 * For a whole listener. `allowed` is the one page of elsewhere; null: none. `own` is given where the listener
 * serves a page itself: then that page's origin is good, and any other name in `Host` is refused, since a
 * page of another site can make its name lead here, and would then be of the same origin.
 */
export const layerBrowserOrigin = (allowed: string | null, own: OwnPage | null = null) =>
  HttpRouter.middleware(
    (route) =>
      Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
        const host = request.headers["host"] ?? ""
        const name = nameOf(host)
        if (own !== null && (name === null || !isOurs(name, allowed, own.hosts))) {
          return turnedAway(request)
        }
        const origin = request.headers["origin"]
        if (origin === undefined) return route
        if (own !== null && isOfThisListener(origin, host)) return route
        return ofElsewhere(route, request, origin, origin === allowed)
      }),
    { global: true }
  )

/** For the public listener. Its own pages may speak to it, and those that are listed. */
export const layerListedOrigins = (listed: ReadonlyArray<string>) =>
  HttpRouter.middleware(
    (route) =>
      Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
        const { host = "", origin } = request.headers
        if (origin === undefined || isOfThisListener(origin, host)) return route
        return ofElsewhere(route, request, origin, listed.includes(origin))
      }),
    { global: true }
  )
