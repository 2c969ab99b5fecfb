// A plain HTTP request as the server's routes see it, without a network stack under it.
import * as Effect from "effect/Effect"
import { HttpServerRequest } from "effect/http"
import * as Headers from "effect/http/Headers"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as Option from "effect/Option"

export interface HttpCall {
  readonly method: "GET" | "POST"
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Only what routes read; anything else is a mistake of the simulation and says so. */
export const requestOf = (call: HttpCall): HttpServerRequest.HttpServerRequest => {
  const known: Record<PropertyKey, unknown> = {
    [HttpServerRequest.TypeId]: HttpServerRequest.TypeId,
    [HttpIncomingMessage.TypeId]: HttpIncomingMessage.TypeId,
    source: call,
    url: call.path,
    originalUrl: call.path,
    method: call.method,
    headers: Headers.fromInput(call.headers),
    cookies: {},
    protocol: "http",
    remoteAddress: Option.some("198.51.100.1"),
    peerAddress: Option.some("198.51.100.1"),
    text: Effect.succeed(call.body)
  }
  return new Proxy(known, {
    get: (target, name) => {
      if (name in target || typeof name === "symbol") return target[name]
      throw new Error(`a simulated HTTP request has no ${name}`)
    }
  }) as unknown as HttpServerRequest.HttpServerRequest
}
