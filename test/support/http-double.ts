// A stand-in for a provider's HTTP API on a local port: it keeps what it was asked and answers as it is
// told, late, brokenly or not at all.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import * as Effect from "effect/Effect"

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage["headers"]
  // The body as JSON; null when it is none.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any
}

/** What to do with one request; "silence" never answers, "hang up" breaks the connection. */
export type Doing =
  | { readonly status: number; readonly body: unknown; readonly after_ms?: number }
  | "silence"
  | "hang up"

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const readAll = async (request: IncomingMessage): Promise<string> => {
  const parts: Array<Buffer> = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString("utf8")
}

const answer = (response: ServerResponse, doing: Doing): void => {
  if (doing === "silence") return
  if (doing === "hang up") return void response.destroy()
  const send = () =>
    response.writeHead(doing.status, { "content-type": "application/json" }).end(
      typeof doing.body === "string" ? doing.body : JSON.stringify(doing.body)
    )
  if (doing.after_ms === undefined) send()
  else setTimeout(send, doing.after_ms)
}

/** Listens until the scope closes. `decide` is asked anew for every request. */
export const httpDouble = (decide: (asked: Asked, nth: number) => Doing) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const asked: Array<Asked> = []
      const server = createServer((request, response) => {
        void readAll(request).then((text) => {
          const { headers, method = "", url: path = "" } = request
          const one = { method, path, headers, body: jsonOf(text) }
          asked.push(one)
          answer(response, decide(one, asked.length))
        }, () => response.destroy())
      })
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
      return { server, asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
    }),
    ({ server }) =>
      Effect.promise(() => {
        server.closeAllConnections()
        return new Promise((resolve) => server.close(resolve))
      })
  )
