// What both baselines stand on: a bare `ws` server on an HTTP server of theirs, one JSON object per frame,
// the open phones by person. No rate limit, no schema, no ordering, no session: the least that works.
import { createHmac } from "node:crypto"
import type { IncomingMessage, Server } from "node:http"
import { WebSocketServer, type WebSocket } from "ws"

export interface User {
  readonly id: string
  readonly kind: "customer" | "mitra"
}

/** `n` numbers the call; the rest is what the call takes. */
export interface Call {
  readonly n: number
  readonly call: string
  readonly chat?: string
  readonly id?: string
  readonly body?: string
  readonly seq?: number
  readonly since?: ReadonlyArray<readonly [string, number]>
}

export interface Phones {
  /** False when this person has no phone here. */
  readonly tell: (user: string, text: string) => boolean
}

type Reply = object | null

export interface Serving {
  /** Null: turned away. */
  readonly admit: (token: string) => User | null
  readonly answer: (user: User, call: Call) => Promise<Reply> | Reply
  readonly came?: (user: User) => void
  readonly left?: (user: User) => void
}

/** What a token says of its owner; with a secret only when it was signed with it and has not run out. */
export const readToken = (token: string, secret: string | null): User | null => {
  const [head = "", claims = "", signature] = token.split(".")
  if (secret !== null) {
    if (createHmac("sha256", secret).update(`${head}.${claims}`).digest("base64url") !== signature) {
      return null
    }
  }
  const { exp, sub, user_type } = JSON.parse(Buffer.from(claims, "base64url").toString())
  return exp * 1000 > Date.now() ? { id: sub, kind: user_type } : null
}

export const event = (what: object): string => JSON.stringify(what)

export const snapshot = event({ event: "snapshot" })

const fail = (error: unknown) => {
  console.error(error)
  process.exit(1)
}

export const servePhones = (server: Server, serving: Serving): Phones => {
  const sockets = new Map<string, WebSocket>()
  const entrance = new WebSocketServer({ noServer: true, perMessageDeflate: false, skipUTF8Validation: true })
  const reply = (socket: WebSocket, n: number, value: Reply) =>
    socket.send(value === null ? `{"n":${n}}` : JSON.stringify({ n, ...value }))

  const attend = (socket: WebSocket, user: User) => {
    sockets.set(user.id, socket)
    serving.came?.(user)
    socket.on("message", (data) => {
      const call = JSON.parse(String(data)) as Call
      const value = serving.answer(user, call)
      if (value instanceof Promise) value.then((given) => reply(socket, call.n, given), fail)
      else reply(socket, call.n, value)
    })
    socket.on("close", () => {
      if (sockets.get(user.id) !== socket) return
      sockets.delete(user.id)
      serving.left?.(user)
    })
  }

  server.on("upgrade", (request: IncomingMessage, socket, head) => {
    const user = serving.admit((request.headers.authorization ?? "").slice("Bearer ".length))
    if (user === null) return void socket.end("HTTP/1.1 401 Unauthorized\r\n\r\n")
    entrance.handleUpgrade(request, socket, head, (opened) => attend(opened, user))
  })
  return {
    tell: (user, text) => {
      const socket = sockets.get(user)
      socket?.send(text)
      return socket !== undefined
    }
  }
}

/** What the bench hands to a baseline's process. */
export const given = {
  database: process.env["DATABASE_URL"] ?? "",
  valkey: process.env["VALKEY_URL"] ?? "",
  port: Number(process.env["PUBLIC_PORT"]),
  secret: process.env["AUTH_JWT_SECRET"] ?? "",
  wave: Number(process.env["WAVE_SIZE"] ?? 0),
  runners: Number(process.env["RUNNERS"] ?? 1)
}

export const ready = () => {
  process.on("SIGTERM", () => process.exit(0))
  process.on("disconnect", () => process.exit(0))
  process.send?.({ ready: true })
}
