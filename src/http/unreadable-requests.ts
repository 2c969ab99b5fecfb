// Requests that Node's parser gives up on before any route sees them: what is no HTTP, a head that is too
// large or takes too long. Answered with the headers that every other answer carries.
import type { Server } from "node:http"
import { guardHeaders } from "./guard-headers.ts"

const statuses: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout"
}

const answerFor = (code: string | undefined): string =>
  [
    `HTTP/1.1 ${statuses[code ?? ""] ?? "400 Bad Request"}`,
    ...Object.entries(guardHeaders).map(([name, value]) => `${name}: ${value}`),
    "connection: close",
    "content-length: 0",
    "",
    ""
  ].join("\r\n")

export const answerUnreadable = (server: Server): void => {
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (error.code === "ECONNRESET" || !socket.writable) return socket.destroy()
    socket.end(answerFor(error.code))
  })
}
