// What every HTTP answer of both listeners says to browsers, pages and refusals alike: take it for what it
// says it is, show it in no frame, run nothing of it, tell nobody where you were, keep no copy. A route that
// knows better (the console, the page to pay on) says so itself. HSTS is the proxy's, which brings TLS.
import * as Effect from "effect/Effect"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"

export const guardHeaders: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store"
}

const guarded = (response: HttpServerResponse.HttpServerResponse) =>
  HttpServerResponse.setHeaders(
    response,
    Object.fromEntries(Object.entries(guardHeaders).filter(([name]) => response.headers[name] === undefined))
  )

/** For a whole listener, refusals and paths that do not exist included. */
export const layerGuardHeaders = HttpRouter.middleware(
  (route) => HttpEffect.withPreResponseHandler(route, (_, response) => Effect.succeed(guarded(response))),
  { global: true }
)
