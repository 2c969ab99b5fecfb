// What the RPC server says back, on its way to the wire: encoded exits are classified, and a call that
// died is answered with a reference and logged with its full cause.
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as ErrorReporter from "effect/ErrorReporter"
import type * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import { type Rpc, RpcSerialization } from "effect/rpc"
import type { FromServerEncoded, ResponseExitEncoded } from "effect/rpc/RpcMessage"
import * as Schema from "effect/Schema"
import { count, observe } from "../../services/operations/figures.ts"
import { closeCodes } from "../../contract/close-codes.ts"
import { refuse } from "../../domain/refusal.ts"
import type { Connections } from "./connections.ts"
import type { RequestId } from "./frames.ts"
import type { Call, LiveConnection } from "./live-connection.ts"
import { chunkFrame, classifyExit, exitFrame, faultExit, refusedExit, type Values } from "./replies.ts"
import { logFault } from "../fault-reference.ts"

// An encoded exit has lost the stack; the RPC server reports the cause to the same fiber just before.
const died = new WeakMap<Fiber.Fiber<unknown, unknown>, Cause.Cause<unknown>>()

/** To be in the context of every handler's fiber. Refusals are answers, not defects: they pass. */
export const defectReporter: ErrorReporter.ErrorReporter = {
  [ErrorReporter.TypeId]: ErrorReporter.TypeId,
  report: ({ cause, fiber }) => {
    if (Cause.hasDies(cause)) died.set(fiber, cause)
  }
}

/** The sentence about what is wrong with a payload, or null when nothing is. */
type Explain = (tag: string, payload: unknown) => string | null

const makeExplain = (requests: ReadonlyMap<string, Rpc.AnyWithProps>): Explain => (tag, payload) => {
  const rpc = requests.get(tag)
  if (rpc === undefined) return null
  const decode = Schema.decodeUnknownResult(
    RpcSerialization.json.codecFor(rpc.payloadSchema) as Schema.Codec<unknown, unknown>
  )
  const decoded = decode(payload)
  return Result.isFailure(decoded) ? decoded.failure.message : null
}

/** In the words of the wire: success, a refusal's code, TryAgain, or cancelled by its client. */
const outcomeOf = (exit: ResponseExitEncoded["exit"]): string => {
  if (exit._tag === "Success") return "success"
  const [reason] = exit.cause
  if (reason?._tag !== "Fail") return "cancelled"
  const error = reason.error as { readonly _tag?: unknown; readonly code?: unknown } | null
  return error?._tag === "Refusal" ? "refused" : "try_again"
}

const noteAnswer = (
  live: LiveConnection,
  call: Call | undefined,
  exit: ResponseExitEncoded["exit"]
): void => {
  if (call === undefined) return
  count("calls_total", [call.tag, outcomeOf(exit)])
  if (!call.is_stream) observe("call_ms", live.now() - call.began_at, [call.tag])
}

const makeAnswer = (explain: Explain) => {
  const answer = (live: LiveConnection, id: RequestId, exit: ResponseExitEncoded["exit"]) => {
    const frame = exitFrame(id, exit)
    noteAnswer(live, live.finish(id), exit)
    live.send(frame)
    live.leaveIfDrained()
  }

  const answerFault = Effect.fnUntraced(
    function*(live: LiveConnection, id: RequestId, defect: unknown) {
      const tag = live.calls.get(id)?.tag
      const cause = yield* Effect.withFiber((fiber) => Effect.succeed(died.get(fiber)))
      const reference = yield* logFault("a call died", cause ?? defect, { call: tag, connection: live.id })
      answer(live, id, faultExit(reference))
    }
  )

  /** Answers at once, unless something has to be logged first. */
  return (live: LiveConnection, response: ResponseExitEncoded): Effect.Effect<void> => {
    const call = live.calls.get(response.requestId)
    if (call === undefined) return Effect.void
    const classified = classifyExit(response.exit, call)
    if (classified._tag === "Answer") {
      answer(live, response.requestId, classified.exit)
      return Effect.void
    }
    const problem = call.payload === undefined ? null : explain(call.tag, call.payload)
    if (problem === null) return answerFault(live, response.requestId, classified.defect)
    return Effect.sync(() => answer(live, response.requestId, refusedExit(refuse("BAD_REQUEST", problem))))
  }
}

/** The server talks about the connection as a whole only when it lost track of it. */
const giveUp = (live: LiveConnection, response: FromServerEncoded): Effect.Effect<void> =>
  Effect.logError("the RPC server gave up on a connection", response).pipe(
    Effect.annotateLogs({ connection: live.id }),
    Effect.andThen(Effect.sync(() => live.close(closeCodes.replaced)))
  )

/** Whether the next chunk may follow before this one is acknowledged: a phone that is behind gets none. */
const mayGoOn = (live: LiveConnection, call: Call): boolean =>
  call.unacknowledged < call.credit && !live.is_behind

/** Sends a chunk; false when the next one must wait for its acknowledgement. */
export type SendChunk = (live: LiveConnection, id: RequestId, call: Call, values: Values) => boolean

const sendChunk: SendChunk = (live, id, call, values) => {
  call.unacknowledged += 1
  live.sendChunk(chunkFrame(id, values, call.tells_credit ? call.credit : null))
  call.tells_credit = false
  const goesOn = mayGoOn(live, call)
  call.is_held = !goesOn
  return goesOn
}

/**
 * How calls are answered. `requests` are those it may have to explain a bad payload of, `goOn` lets a stream
 * bring its next chunk.
 */
export const makeAnswering = (
  connections: Connections["Service"],
  requests: ReadonlyMap<string, Rpc.AnyWithProps>,
  goOn: (live: LiveConnection, id: RequestId) => void
) => {
  const answer = makeAnswer(makeExplain(requests))
  /** Of the protocol: what the RPC server says. */
  const send = (clientId: number, response: FromServerEncoded): Effect.Effect<void> =>
    // Suspended: the cause of a death is reported after this effect is made and before it runs.
    Effect.suspend(() => {
      const live = connections.find(clientId)
      if (live === undefined || live.closing !== null) return Effect.void
      if (response._tag === "Exit") return answer(live, response)
      if (response._tag !== "Chunk") return giveUp(live, response)
      const call = live.calls.get(response.requestId)
      if (call === undefined) return Effect.void
      if (sendChunk(live, response.requestId, call, response.values)) goOn(live, response.requestId)
      return Effect.void
    })
  return { answer, send, sendChunk }
}
