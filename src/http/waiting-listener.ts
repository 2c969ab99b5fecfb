// The listener of a server that waits for its database at the start: alive, not ready, and nothing else, so
// that neither a balancer nor a supervisor takes it for dead. It is gone before the real one listens.
import { createServer, type Server, type ServerResponse } from "node:http"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { guardHeaders } from "./guard-headers.ts"
import type { UnreadyReason } from "./readiness.ts"

const reasons: ReadonlyArray<UnreadyReason> = ["starting", "postgres_down"]

const say = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, {
    ...guardHeaders,
    "content-type": "application/json",
    connection: "close",
    "retry-after": "1"
  })
  response.end(JSON.stringify(body))
}

const listen = ({ host, port }: { readonly host: string; readonly port: number }) =>
  Effect.callback<Server>((resume) => {
    const server = createServer((request, response) =>
      request.url === "/healthz"
        ? say(response, 200, { status: "alive" })
        : say(response, 503, { status: "starting", reasons })
    )
    // A port that is taken is told by the listener that needs it.
    server.on("error", () => resume(Effect.succeed(server)))
    server.listen({ host, port }, () => resume(Effect.succeed(server)))
  })

const close = (server: Server) =>
  Effect.callback<void>((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

/** Until the scope closes; a port of 0 nobody knows. */
export const waitingListener = (
  address: { readonly host: string; readonly port: number }
): Effect.Effect<void, never, Scope.Scope> =>
  address.port === 0 ? Effect.void : Effect.asVoid(Effect.acquireRelease(listen(address), close))
