// What may leave on the wire: success, a typed error, or the client's own cancel. Everything else a call
// can end with is turned into one of those here, so that no cause text ever reaches a phone.
import type { FromServerEncoded, ResponseExitEncoded } from "effect/rpc/RpcMessage"
import type { Refusal } from "../../domain/refusal.ts"
import type { RequestId } from "./frames.ts"
import type { Call } from "./live-connection.ts"
import { faultSentence } from "../fault-reference.ts"

type Exit = ResponseExitEncoded["exit"]

const messageLengthMax = 1_000

const failed = (error: unknown): Exit => ({ _tag: "Failure", cause: [{ _tag: "Fail", error }] })

const frame = (message: FromServerEncoded): string => JSON.stringify(message)

export const exitFrame = (requestId: RequestId, exit: Exit): string =>
  frame({ _tag: "Exit", requestId, exit })

export type Values = readonly [unknown, ...Array<unknown>]

/** `credit`: how many chunks the client may leave unacknowledged from now on; null says nothing of it. */
export const chunkFrame = (requestId: RequestId, values: Values, credit: number | null = null): string =>
  credit === null
    ? frame({ _tag: "Chunk", requestId, values })
    : JSON.stringify({ _tag: "Chunk", requestId, values, credit })

export const pongFrame: string = frame({ _tag: "Pong" })

export const malformedFrame = (message: string): string =>
  frame({ _tag: "Defect", defect: { code: "MALFORMED_FRAME", message: message.slice(0, messageLengthMax) } })

export const refusedExit = (refusal: Refusal): Exit =>
  failed({
    _tag: "Refusal",
    code: refusal.code,
    message: refusal.message.slice(0, messageLengthMax),
    details: refusal.details
  })

const tryAgainExit = (message: string): Exit => failed({ _tag: "TryAgain", message, retry_after_ms: 1_000 })

/** `reference` is also in our log, next to what really happened. */
export const faultExit = (reference: string): Exit =>
  tryAgainExit(`${faultSentence(reference)} Repeat with the same ids.`)

const stoppedExit = tryAgainExit("The server stopped this call before it ended. Repeat with the same ids.")

// Clients need not know which fiber cancelled.
const cancelledExit: Exit = { _tag: "Failure", cause: [{ _tag: "Interrupt", fiberId: null }] }

export type ClassifiedExit =
  | { readonly _tag: "Answer"; readonly exit: Exit }
  /** A defect: ours to log, unless the payload explains it. */
  | { readonly _tag: "Fault"; readonly defect: unknown }

/** A typed error wins over a defect beside it: it is the one the handler chose to tell. */
export const classifyExit = (exit: Exit, call: Call): ClassifiedExit => {
  if (exit._tag === "Success") return { _tag: "Answer", exit }
  const error = exit.cause.find((reason) => reason._tag === "Fail")
  if (error !== undefined) return { _tag: "Answer", exit: failed(error.error) }
  const defect = exit.cause.find((reason) => reason._tag === "Die")
  if (defect !== undefined) return { _tag: "Fault", defect: defect.defect }
  return { _tag: "Answer", exit: call.interrupted_by_client ? cancelledExit : stoppedExit }
}
