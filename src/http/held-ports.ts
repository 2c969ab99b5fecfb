// The ports of a server that starts: taken before anything else is begun, so that a second server ends at
// once, and answered meanwhile: alive, not ready, and nothing else, so that neither a balancer nor a
// supervisor takes it for dead. Each is let go right before the real listener takes it.
import { createServer, type ServerResponse } from "node:http"
import { createServer as createTcpServer, type Server, type Socket } from "node:net"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { guardHeaders } from "./guard-headers.ts"
import type { UnreadyReason } from "./readiness.ts"

interface Address {
  readonly host: string
  readonly port: number
}

export interface NamedAddress extends Address {
  /** The variable that chooses it. */
  readonly variable: string
  /** Else whoever connects is turned away without a word, as where nobody listens. */
  readonly is_http: boolean
}

export class PortTaken extends Schema.TaggedError<PortTaken>()("PortTaken", { message: Schema.String }) {}

/** Lets go of a port, if it is held. */
export type LetGo = (port: number) => Effect.Effect<void>

/** Nothing is held unless a start says so. */
export const HeldPorts = Context.Reference<LetGo>("http/HeldPorts", { defaultValue: () => () => Effect.void })

interface Held {
  readonly server: Server
  readonly sockets: ReadonlySet<Socket>
}

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

const problemOf = ({ host, port, variable }: NamedAddress, error: NodeJS.ErrnoException): PortTaken =>
  new PortTaken({
    message: error.code === "EADDRINUSE"
      ? `${variable} ${port} is taken: something else, perhaps another server of ours, listens on ` +
        `${host}:${port} (EADDRINUSE). Stop it, or choose another port with ${variable}=...`
      : `${variable} ${port} cannot be listened on at ${host}: ${error.message}`
  })

const answering = (): Server =>
  createServer((request, response) =>
    request.url === "/healthz"
      ? say(response, 200, { status: "alive" })
      : say(response, 503, { status: "starting", reasons })
  )

const turningAway = (): Server => createTcpServer((socket) => void socket.destroy())

const listen = (address: NamedAddress) =>
  Effect.callback<Held, PortTaken>((resume) => {
    const server = address.is_http ? answering() : turningAway()
    const sockets = new Set<Socket>()
    server.on("connection", (socket) => {
      sockets.add(socket)
      socket.once("close", () => sockets.delete(socket))
    })
    server.on("error", (error) => resume(Effect.fail(problemOf(address, error))))
    server.listen(
      { host: address.host, port: address.port },
      () => resume(Effect.succeed({ server, sockets }))
    )
  })

const close = ({ server, sockets }: Held) =>
  Effect.callback<void>((resume) => {
    if (!server.listening) return resume(Effect.void)
    server.close(() => resume(Effect.void))
    for (const socket of sockets) socket.destroy()
  })

/** All of them or a problem in words; a port of 0 nobody can hold. */
export const holdPorts = Effect.fnUntraced(
  function*(addresses: ReadonlyArray<NamedAddress>): Effect.fn.Return<LetGo, PortTaken, Scope.Scope> {
    const held = new Map<number, Held & { readonly variable: string }>()
    for (const address of addresses) {
      if (address.port === 0) continue
      const own = held.get(address.port)
      if (own !== undefined) {
        return yield* new PortTaken({
          message: `${own.variable} and ${address.variable} cannot both be ${address.port}`
        })
      }
      const taken = yield* Effect.acquireRelease(listen(address), close)
      held.set(address.port, { ...taken, variable: address.variable })
    }
    return (port) => {
      const own = held.get(port)
      return own === undefined ? Effect.void : close(own)
    }
  }
)
