// A phone for tests: a raw `ws` client that speaks frames as text, with no Effect RPC and no source of
// ours between the test and the wire. Everything it waits for has a bound.
import * as Effect from "effect/Effect"
import { type ClientOptions, WebSocket } from "ws"

const patience = "20 seconds"

export interface Closed {
  readonly code: number
  readonly reason: string
}

export interface Phone {
  readonly ws: WebSocket
  /** Objects are sent as JSON, text and bytes as they are. */
  readonly send: (...messages: ReadonlyArray<unknown>) => void
  /** The next frame, parsed. */
  readonly next: Effect.Effect<any>
  readonly take: (count: number) => Effect.Effect<ReadonlyArray<any>>
  /** Everything received and not yet taken. */
  readonly received: ReadonlyArray<any>
  readonly closed: Effect.Effect<Closed>
}

export const request = (id: string | number, tag: string, payload: unknown = {}) => ({
  _tag: "Request",
  id,
  tag,
  payload,
  headers: []
})

export const refusalOf = (frame: any): any => frame?.exit?.cause?.[0]?.error
export const codeOf = (frame: any): string | undefined => refusalOf(frame)?.code

const bounded = <A>(what: string, wait: Promise<A>): Effect.Effect<A> =>
  Effect.promise(() => wait).pipe(
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () => Effect.die(new Error(`waited in vain for ${what}`))
    })
  )

const encode = (message: unknown): string | Uint8Array =>
  typeof message === "string" || message instanceof Uint8Array ? message : JSON.stringify(message)

const makeInbox = (ws: WebSocket) => {
  const received: Array<any> = []
  const waiting: Array<(frame: any) => void> = []
  ws.on("message", (data) => {
    const frame = JSON.parse(String(data))
    const next = waiting.shift()
    if (next === undefined) received.push(frame)
    else next(frame)
  })
  const next = Effect.suspend(() => {
    if (received.length > 0) return Effect.succeed(received.shift())
    return bounded("a frame", new Promise<any>((resolve) => waiting.push(resolve)))
  })
  return { received, next }
}

const opened = (ws: WebSocket) =>
  new Promise<void>((resolve, reject) => {
    ws.once("open", resolve)
    ws.once("error", reject)
  })

/** Connects, and hangs up when the scope closes. */
export const connect = (url: string, protocols: ReadonlyArray<string> = [], options: ClientOptions = {}) =>
  Effect.acquireRelease(
    Effect.gen(function*() {
      const ws = new WebSocket(url, [...protocols], options)
      // Being cut off is an outcome that tests look at, not an error of the client.
      ws.on("error", () => {})
      const closed = new Promise<Closed>((resolve) =>
        ws.once("close", (code, reason) => resolve({ code, reason: reason.toString() }))
      )
      const { next, received } = makeInbox(ws)
      yield* bounded("the upgrade", opened(ws))
      const phone: Phone = {
        ws,
        received,
        next,
        take: (count) => Effect.all(Array.from({ length: count }, () => next)),
        send: (...messages) => {
          for (const message of messages) ws.send(encode(message))
        },
        closed: bounded("the close", closed)
      }
      return phone
    }),
    (phone) => Effect.sync(() => phone.ws.terminate())
  )

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | Array<string> | undefined>>
  readonly body: any
}

/** For upgrades that are refused: the plain HTTP answer instead. */
export const refusedUpgrade = (
  url: string,
  protocols: ReadonlyArray<string> = [],
  options: ClientOptions = {}
): Effect.Effect<Answer> =>
  bounded(
    "a refused upgrade",
    new Promise((resolve, reject) => {
      const ws = new WebSocket(url, [...protocols], options)
      ws.on("open", () => reject(new Error("the upgrade was not refused")))
      ws.on("error", () => {})
      ws.on("unexpected-response", (_request, response) => {
        let text = ""
        response.on("data", (chunk) => (text += chunk))
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text) }))
      })
    })
  )
