// Browsers on the control center's listener: one web page may speak to it, CC_ORIGIN. A page says in `Origin`
// where it came from, on sockets too; any other page is turned away before a call or a socket is reached.
// Other clients send no Origin and are judged by the token alone.
import * as Effect from "effect/Effect"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { refuse } from "../domain/refusal.ts"
import { refusalResponse } from "./refusal-response.ts"

// A page on a colleague's screen reaches loopback addresses as well as the colleague does, so sockets, which
// browsers open anywhere without asking, are turned away like calls.
const foreign = refusalResponse(refuse("FORBIDDEN", "This web page may not speak to this server."), 403, {
  vary: "Origin"
})

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

/** For a whole listener. Null: no page at all. */
export const layerBrowserOrigin = (allowed: string | null) =>
  HttpRouter.middleware(
    (route) =>
      Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
        const origin = request.headers["origin"]
        if (origin === undefined) return route
        if (origin !== allowed) return Effect.succeed(foreign)
        if (request.method === "OPTIONS") return Effect.succeed(preflight(origin))
        // On the answer as it leaves, so that refusals of others than the routes can be read, too.
        return HttpEffect.withPreResponseHandler(
          route,
          (_, response) => Effect.succeed(HttpServerResponse.setHeaders(response, mayRead(origin)))
        )
      }),
    { global: true }
  )
