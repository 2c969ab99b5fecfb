// One send, one request. firebase-admin sends again what broke or was answered with 503, up to a minute
// later, and has no option against it. Node itself announces every request before it goes out; there the
// second one of a send is stopped, and a 503 ends the send with the time the provider asks for.
import { AsyncLocalStorage } from "node:async_hooks"
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import type { ClientRequest, IncomingMessage } from "node:http"
import * as Effect from "effect/Effect"

const announced = "http.client.request.created"

/** Shaped as the library's own errors, so that it is judged like them. */
interface Unavailable {
  readonly code: "UNAVAILABLE"
  readonly httpResponse: { readonly status: number; readonly headers: IncomingMessage["headers"] }
}

interface Sending {
  readonly late: AbortSignal
  asked: boolean
  unavailable: Unavailable | null
}

const unavailable = 503

/** The sign-in at Google's token server is a request as well, and may be repeated. */
const carriesMessage = (request: ClientRequest): boolean => request.path.endsWith("/messages:send")

const watch = (request: ClientRequest, sending: Sending) => {
  if (sending.asked || sending.late.aborted) {
    request.destroy(new Error("a push is sent once, and not after its time"))
    return
  }
  sending.asked = true
  // Before the library's own listener, which would wait for the time that is named and ask again.
  request.once("response", ({ headers, statusCode }) => {
    if (statusCode !== unavailable) return
    sending.unavailable = { code: "UNAVAILABLE", httpResponse: { status: unavailable, headers } }
    request.destroy(new Error("the provider is unavailable"))
  })
}

/** Until the scope closes: runs one send of the library so that it makes at most one request. */
export const oneRequest = Effect.gen(function*() {
  const sends = new AsyncLocalStorage<Sending>()
  const onRequest = (message: unknown) => {
    const sending = sends.getStore()
    if (sending === undefined) return
    const { request } = message as { readonly request: ClientRequest }
    if (carriesMessage(request)) watch(request, sending)
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => subscribe(announced, onRequest)),
    () => Effect.sync(() => unsubscribe(announced, onRequest))
  )
  return async <A>(send: () => Promise<A>, late: AbortSignal): Promise<A> => {
    const sending: Sending = { late, asked: false, unavailable: null }
    try {
      return await sends.run(sending, send)
    } catch (error) {
      throw sending.unavailable ?? error
    }
  }
})
