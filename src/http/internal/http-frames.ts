// What POST /rpc may be sent: checked with the same care, and refused in the same words, as a frame of the
// socket. Only requests get through; what else a message carries does not.
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Result from "effect/Result"
import { refuse } from "../../domain/refusal.ts"
import { parseFrame } from "../socket/frames.ts"
import { Limits } from "../socket/limits.ts"

const badFrame = (problem: string) =>
  refuse(
    "BAD_REQUEST",
    `The body is no call: ${problem}. A call looks like ` +
      `{"_tag":"Request","id":"1","tag":"admin.live_counts","payload":{}}, alone or in an array.`
  )

/** The same request with its calls and nothing else; refused when it has none. */
export const framed = Effect.fnUntraced(function*(request: HttpServerRequest.HttpServerRequest) {
  const parsed = parseFrame(yield* request.text, yield* Limits)
  if (Result.isFailure(parsed)) return yield* badFrame(parsed.failure)
  const stranger = parsed.success.find((message) => message._tag !== "Request")
  if (stranger !== undefined) return yield* badFrame(`_tag was "${stranger._tag}"; expected Request`)
  return HttpServerRequest.fromWeb(
    new Request("http://internal/rpc", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(parsed.success)
    })
  )
})
