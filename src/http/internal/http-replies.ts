// The stock HTTP protocol shows clients how a call died. Ours must not: what the caller did wrong is a
// refusal with the schema's sentence, anything else is "try again" with a reference to our log.
import * as Effect from "effect/Effect"
import type { RpcServer } from "effect/rpc"
import type { FromServerEncoded } from "effect/rpc/RpcMessage"
import { faultSentence, logFault } from "../fault-reference.ts"

type Protocol = RpcServer.Protocol["Service"]

const refusal = (message: string) => ({ _tag: "Refusal", code: "BAD_REQUEST", message, details: {} })

/** The defect of an exit, if it has one: payloads that do not decode and unknown methods are plain text. */
const defectOf = (response: FromServerEncoded): { readonly defect: unknown } | null => {
  if (response._tag !== "Exit" || response.exit._tag !== "Failure") return null
  return response.exit.cause.find((part) => part._tag === "Die") ?? null
}

const concealed = Effect.fnUntraced(function*(response: FromServerEncoded) {
  const died = defectOf(response)
  if (died === null || response._tag !== "Exit") return response
  if (typeof died.defect === "string") return withError(response, refusal(died.defect))
  const message = faultSentence(yield* logFault("an internal call died", died.defect))
  return withError(response, { _tag: "TryAgain", message, retry_after_ms: 1000 })
})

const withError = (
  response: Extract<FromServerEncoded, { readonly _tag: "Exit" }>,
  error: unknown
): FromServerEncoded => ({ ...response, exit: { _tag: "Failure", cause: [{ _tag: "Fail", error }] } })

export const concealing = (protocol: Protocol): Protocol => ({
  ...protocol,
  send: (clientId, response, transferables) =>
    Effect.flatMap(concealed(response), (shown) => protocol.send(clientId, shown, transferables))
})
